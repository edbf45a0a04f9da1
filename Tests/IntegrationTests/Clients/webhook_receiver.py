"""An endpoint for notices: refuses every event twice, then accepts it; verifies signatures; writes down what it accepted before it says so.

usage: webhook_receiver.py SECRET_FILE FOLDER

FOLDER/address gets the port; FOLDER/accepted.jsonl a line for each acceptance; FOLDER/attempts.jsonl one for each request. Events whose id contains
00990005 are answered with 404 until FOLDER/repaired exists.
"""
import collections, hashlib, hmac, http.server, json, os, sys, threading, time

secret = open(sys.argv[1], "rb").read().strip()
folder = sys.argv[2]
attempts = collections.Counter()
lock = threading.Lock()


def verified(headers, body):
    stamp = headers["X-Accountability-Timestamp"]
    expected = "sha256=" + hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers["X-Accountability-Signature"]) and abs(time.time() - int(stamp)) < 300


def note(name, entry):
    with lock, open(os.path.join(folder, name), "a") as log:
        log.write(json.dumps(entry) + "\n")
        log.flush()
        os.fsync(log.fileno())


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        identity = self.headers["Idempotency-Key"]
        with lock:
            attempts[identity] += 1
            attempt = attempts[identity]
        time.sleep(0.02)
        status = 200
        if not verified(self.headers, body) or event["id"] != identity:
            status = 401
        elif "00990005" in identity and not os.path.exists(os.path.join(folder, "repaired")):
            status = 404
        elif attempt <= 2:
            status = 503
        note("attempts.jsonl", {"id": identity, "status": status})
        if status == 200:
            note("accepted.jsonl", {"id": identity, "event": event["data"]["event"], "subject": event["data"]["subject"]})
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
with open(os.path.join(folder, "address.part"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "address.part"), os.path.join(folder, "address"))
# Ends by itself, should nobody end it.
threading.Timer(300, server.shutdown).start()
server.serve_forever()
