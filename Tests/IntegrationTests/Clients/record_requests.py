"""Stands between Kafka clients and a broker, and writes down what each client touches there.

    record_requests.py BROKER_HOST:PORT PORT RECORD [CERTIFICATE KEY]

Every line of RECORD is `client id <TAB> operation <TAB> resource <TAB> name`: the right that Apache Kafka's authorizer asks for the request
(Kafka documentation, "Operations and Resources on Protocols"). Names are found by the namespace in argument RECORD_NAMESPACE of the environment: every
length-prefixed string of a request that begins with it. With a certificate the listener speaks TLS. The broker's own address in its answers is
replaced by this listener's, so that clients come back here.

With `user:password` in RECORD_SASL clients have to say who they are first, and the listener answers for it (PLAIN and SCRAM, RFC 5802; of OAUTHBEARER,
RFC 7628, the subject of an unsigned token): the broker behind it knows no more than PLAIN, and takes any password.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import ssl
import struct
import sys

NAMESPACE = os.environ.get("RECORD_NAMESPACE", "accountability").encode()
LEGAL = re.compile(rb"[A-Za-z0-9._-]+")

# By API key: which right is asked for each kind of name that the request holds.
TOPIC = {
    0: ["Write"], 1: ["Read"], 2: ["Describe"], 3: ["Describe"], 8: ["Read"], 9: ["Describe"], 19: ["Create"], 20: ["Delete"], 23: ["Describe"],
    24: ["Write"], 28: ["Read"], 32: ["DescribeConfigs"], 37: ["Alter"],
}
GROUP = {8: ["Read"], 9: ["Describe"], 11: ["Read"], 12: ["Read"], 13: ["Read"], 14: ["Read"], 15: ["Describe"], 25: ["Read"], 28: ["Read"], 42: ["Delete"]}
TRANSACTION = {0: ["Write"], 22: ["Write"], 24: ["Write"], 25: ["Write"], 26: ["Write"], 28: ["Write"]}
# The first version of each request whose strings are compact and whose header has tags.
FLEXIBLE = {3: 9, 8: 8, 9: 6, 10: 3, 11: 6, 12: 4, 13: 4, 14: 4, 15: 5, 16: 3, 18: 3, 22: 2, 24: 3, 25: 3, 26: 3, 28: 3}


def names(body):
    """Every length-prefixed string that begins with the namespace, once."""
    found = []
    at = body.find(NAMESPACE)
    while at >= 0:
        run = LEGAL.match(body, at).group()
        classic = struct.unpack(">h", body[at - 2 : at])[0] if at >= 2 else 0
        compact = body[at - 1] - 1 if at >= 1 else 0
        for length in (classic, compact):
            if len(NAMESPACE) < length <= len(run) and length <= 249:
                name = run[:length].decode()
                if name not in found:
                    found.append(name)
                break
        at = body.find(NAMESPACE, at + 1)
    return found


def rights(key, version, body):
    """The rights that a request needs."""
    result = []
    if key == 10:
        # The name, then the kind of coordinator; before version 1 groups alone.
        _, at = string(key, version, body, 0)
        kind = "TransactionalId" if body[at : at + 1] == b"\x01" else "Group"
        return [("Describe", kind, name) for name in names(body)]
    if key == 3:
        count = struct.unpack(">i", body[:4])[0] if version < FLEXIBLE[3] else 1
        # Asking for all topics shows only those that may be described, and needs no right.
        return [("Describe", "Topic", name) for name in names(body)] if count > 0 else []
    if key == 22 and not string(key, version, body, 0)[0]:
        return [("IdempotentWrite", "Cluster", "kafka-cluster")]
    transaction, group = "", ""
    if key in TRANSACTION:
        transaction, at = string(key, version, body, 0)
        if key in (25, 28):
            # Adding offsets names the producer in between.
            group, _ = string(key, version, body, at + (10 if key == 25 else 0))
    elif key in GROUP:
        group, _ = string(key, version, body, 0)
    for name in names(body):
        if ".accountability." in name and name.endswith(".v1"):
            result += [(operation, "Topic", name) for operation in TOPIC.get(key, [])]
            continue
        # An ingestion worker's group has the name of its transactional id.
        if name == transaction:
            result += [(operation, "TransactionalId", name) for operation in TRANSACTION[key]]
        # Other names in a group's request are those of its members.
        if name == group or key in (15, 42):
            result += [(operation, "Group", name) for operation in GROUP[key]]
    # Listing groups (16) needs no right: those that may not be described are left out.
    return result


def string(key, version, body, at):
    """A string of a request and where it ends; of up to 126 bytes where strings are compact."""
    if version >= FLEXIBLE.get(key, 99):
        length, at = body[at] - 1, at + 1
    else:
        length, at = struct.unpack(">h", body[at : at + 2])[0], at + 2
    end = at + max(0, length)
    return body[at:end].decode(errors="replace"), end


class Recorder:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1)
        self.seen = set()

    def take(self, frame):
        key, version, _ = struct.unpack(">hhi", frame[:8])
        # The client's id is never compact.
        client, at = string(-1, 0, frame, 8)
        if version >= FLEXIBLE.get(key, 99):
            at += 1
        for operation, kind, name in rights(key, version, frame[at:]):
            line = f"{client}\t{operation}\t{kind}\t{name}"
            if line not in self.seen:
                self.seen.add(line)
                self.file.write(line + "\n")


class Authentication:
    """One client's SASL exchange: each step answers bytes, or refuses; it is over when `done`."""

    MECHANISMS = {"PLAIN": None, "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512", "OAUTHBEARER": None}

    def __init__(self, user, password):
        self.user, self.password = user, password
        self.mechanism, self.first, self.done = None, None, False

    def answer(self, frame):
        """The answer to a request of the exchange; nil for any other."""
        key, version, correlation = struct.unpack(">hhi", frame[:8])
        length = struct.unpack(">h", frame[8:10])[0]
        body = frame[10 + max(0, length) :]
        head = struct.pack(">i", correlation)
        if key == 17:
            size = struct.unpack(">h", body[:2])[0]
            self.mechanism = body[2 : 2 + size].decode()
            names = b"".join(struct.pack(">h", len(name)) + name.encode() for name in self.MECHANISMS)
            return head + struct.pack(">hi", 0 if self.mechanism in self.MECHANISMS else 33, len(self.MECHANISMS)) + names
        if key == 36 and version < 2:
            size = struct.unpack(">i", body[:4])[0]
            answer = self.step(body[4 : 4 + size].decode())
            refused = answer is None
            text = b"refused" if refused else b""
            data = b"" if refused else answer.encode()
            result = head + struct.pack(">h", 58 if refused else 0) + struct.pack(">h", len(text)) + text + struct.pack(">i", len(data)) + data
            return result + (struct.pack(">q", 0) if version >= 1 else b"")
        return None

    def step(self, text):
        if self.mechanism == "PLAIN":
            self.done = text.split("\0")[1:] == [self.user, self.password]
            return "" if self.done else None
        if self.mechanism == "OAUTHBEARER":
            payload = text.split("auth=Bearer ")[1].split("\x01")[0].split(".")[1]
            self.done = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"] == self.user
            return "" if self.done else None
        digest = self.MECHANISMS[self.mechanism]
        fields = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        if self.first is None:
            salt = os.urandom(16)
            nonce = fields["r"] + base64.b64encode(os.urandom(12)).decode()
            server = f"r={nonce},s={base64.b64encode(salt).decode()},i=4096"
            self.first = (text.split(",", 2)[2], server, salt, nonce, fields["n"])
            return server
        bare, server, salt, nonce, user = self.first
        salted = hashlib.pbkdf2_hmac(digest, self.password.encode(), salt, 4096)
        client = hmac.digest(salted, b"Client Key", digest)
        signed = f"{bare},{server},{text.rsplit(',', 1)[0]}".encode()
        signature = hmac.digest(hashlib.new(digest, client).digest(), signed, digest)
        proof = bytes(a ^ b for a, b in zip(client, signature))
        # As Apache Kafka 4 has it: librdkafka before 2.6.1 says its own half twice and is refused.
        self.done = user == self.user and fields["r"] == nonce and base64.b64decode(fields["p"]) == proof
        return f"v={base64.b64encode(hmac.digest(hmac.digest(salted, b'Server Key', digest), signed, digest)).decode()}" if self.done else None


async def frames(reader):
    while True:
        head = await reader.readexactly(4)
        yield head, await reader.readexactly(struct.unpack(">i", head)[0])


async def serve(broker, port, recorder, context):
    host, broker_port = broker.rsplit(":", 1)
    own = struct.pack(">i", port)
    theirs = struct.pack(">i", int(broker_port))

    async def connection(reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(host, int(broker_port))
        except OSError:
            return writer.close()

        sasl = os.environ.get("RECORD_SASL")
        authentication = Authentication(*sasl.split(":", 1)) if sasl else None

        async def requests():
            async for head, frame in frames(reader):
                if authentication and not authentication.done:
                    answer = authentication.answer(frame)
                    if answer:
                        writer.write(struct.pack(">i", len(answer)) + answer)
                        await writer.drain()
                        continue
                    # Which versions there are may be asked by anybody.
                    if struct.unpack(">h", frame[:2])[0] != 18:
                        return
                recorder.take(frame)
                upstream_writer.write(head + frame)
                await upstream_writer.drain()

        async def answers():
            async for head, frame in frames(upstream_reader):
                for name in (host.encode(), b"localhost"):
                    frame = frame.replace(name + theirs, name + own)
                writer.write(head + frame)
                await writer.drain()

        tasks = [asyncio.ensure_future(requests()), asyncio.ensure_future(answers())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for stream in (writer, upstream_writer):
            stream.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = await asyncio.start_server(connection, "127.0.0.1", port, ssl=context)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


def main():
    # A test's threads may have signals blocked, which a child inherits.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    context = None
    if len(sys.argv) > 5:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Recorder(sys.argv[3]), context))


if __name__ == "__main__":
    main()
