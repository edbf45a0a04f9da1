"""A provider of OpenID Connect that signs everybody in as jane.doe@example.org.

usage: identity_provider.py KEY     KEY: a file with an RSA key; prints "listening PORT"
"""
import base64, hashlib, http.server, json, subprocess, sys, time, urllib.parse

key = sys.argv[1]
codes = {}


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims):
    head = text(json.dumps({"alg": "RS256", "kid": "a"}).encode()) + "." + text(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=head.encode(), stdout=subprocess.PIPE, check=True).stdout
    return head + "." + text(signature)


def published():
    line = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return {"keys": [{"kty": "RSA", "kid": "a", "use": "sig", "n": text(bytes.fromhex(line.decode().strip().split("=")[1])), "e": "AQAB"}]}


class Provider(http.server.BaseHTTPRequestHandler):
    def answer(self, status, content, location=None):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        fields = dict(urllib.parse.parse_qsl(query))
        if path == "/.well-known/openid-configuration":
            self.answer(200, {"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"})
        elif path == "/keys":
            self.answer(200, published())
        elif path == "/authorize":
            code = str(len(codes))
            codes[code] = fields
            self.answer(302, {}, fields["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": fields["state"]}))
        else:
            self.answer(404, {})

    def do_POST(self):
        fields = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        begun = codes.pop(fields["code"], None)
        challenge = text(hashlib.sha256(fields["code_verifier"].encode()).digest())
        if not begun or begun["redirect_uri"] != fields["redirect_uri"] or begun["code_challenge"] != challenge:
            return self.answer(400, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": issuer, "sub": "1", "aud": begun["client_id"], "exp": now + 300, "iat": now, "nonce": begun["nonce"], "email": "jane.doe@example.org", "email_verified": True}
        return self.answer(200, {"token_type": "Bearer", "access_token": "x", "id_token": token(claims)})

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
issuer = f"http://127.0.0.1:{server.server_address[1]}"
print("listening", server.server_address[1], flush=True)
server.serve_forever()
