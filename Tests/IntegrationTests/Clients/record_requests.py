"""Stands between Kafka clients and a broker, and writes down what each client touches there.

    record_requests.py BROKER_HOST:PORT PORT RECORD [CERTIFICATE KEY]

Every line of RECORD is `client id <TAB> operation <TAB> resource <TAB> name`: the right that Apache Kafka's authorizer asks for the request
(Kafka documentation, "Operations and Resources on Protocols"). Names are found by the namespace in argument RECORD_NAMESPACE of the environment: every
length-prefixed string of a request that begins with it. With a certificate the listener speaks TLS. The broker's own address in its answers is
replaced by this listener's, so that clients come back here.
"""

import asyncio
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
    if key == 16:
        result.append(("Describe", "Cluster", "kafka-cluster"))
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

        async def requests():
            async for head, frame in frames(reader):
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
