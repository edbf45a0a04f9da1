"""A proxy that ends TLS, as nginx does in front of the console. It passes on the header Host, and says how a request came.

usage: https_proxy.py CERTIFICATE KEY TARGET_FILE    TARGET_FILE: has host:port of what is behind it; prints "listening TLS_PORT PLAIN_PORT"
"""
import socket, ssl, sys, threading

certificate, key, target = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def head(client):
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65536)
        if not part:
            return None
        data += part
    return data


def pump(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client, scheme):
    try:
        if scheme == "https":
            client = context.wrap_socket(client, server_side=True)
        data = head(client)
        if data is None:
            return
        host, _, port = open(target, encoding="utf-8").read().strip().rpartition(":")
        behind = socket.create_connection((host, int(port)))
        line, _, rest = data.partition(b"\r\n")
        added = f"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: {scheme}\r\nConnection: close\r\n"
        behind.sendall(line + b"\r\n" + added.encode() + rest)
        threading.Thread(target=pump, args=(client, behind), daemon=True).start()
        pump(behind, client)
        behind.close()
    except OSError:
        pass
    finally:
        client.close()


def listen(scheme):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, scheme), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    return listener.getsockname()[1]


print("listening", listen("https"), listen("http"), flush=True)
