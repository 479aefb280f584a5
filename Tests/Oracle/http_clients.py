"""Clients of an HTTP server on this machine, honest ones and others; prints what they got as JSON.

  http_clients.py PORT routes                 every route, several methods
  http_clients.py PORT crowd N                N clients at the same time
  http_clients.py PORT besieged N             one honest client behind N that say nothing
  http_clients.py PORT host NAME              a request for another site's name
  http_clients.py PORT queued N               one honest client behind N that take nothing
  http_clients.py PORT raw HEX...             first lines of the answers to these bytes
  http_clients.py PORT random SEED N          the same for N times random bytes
  http_clients.py PORT halfclosed             bytes of body announced, and received
  http_clients.py PORT bytewise
  http_clients.py PORT silent|half|blank|trickle|garbage|line|headers|endless|blanks|emptylines|tls
  http_clients.py PORT deaf                   asks and takes nothing until it is killed

Says "sent" on stderr when everything is with the system that a client sends before it waits. Nothing
here waits for a time: whoever started this ends it if the server does not.
"""

import http.client
import json
import os
import random
import select
import selectors
import signal
import socket
import ssl
import sys

port, action = int(sys.argv[1]), sys.argv[2]


def connect():
    return socket.create_connection(("127.0.0.1", port))


def sent():
    print("sent", file=sys.stderr, flush=True)


def ask(method, target):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, target, body=b"x" * 2000 if method in ("POST", "PUT") else None)
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return {"status": answer.status, "headers": headers, "body": answer.read().decode()}


def routes():
    answers = {
        f"GET {path}": ask("GET", path)
        for path in ("/", "/live.js", "/live.css", "/status.json", "/metrics", "/healthz", "/nothing", "/../etc/passwd")
    }
    for method, target in (
        ("HEAD", "/status.json"),
        ("POST", "/status.json"),
        ("PUT", "/"),
        ("DELETE", "/"),
        ("OPTIONS", "*"),
    ):
        answers[f"{method} {target}"] = ask(method, target)
    return {"answers": answers}


def listen(clients):
    """What comes to each until the server closes."""
    heard = dict.fromkeys(clients, b"")
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.setblocking(False)
            selector.register(client, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                try:
                    part = key.fileobj.recv(65536)
                except ConnectionError:
                    part = b""
                heard[key.fileobj] += part
                if not part:
                    selector.unregister(key.fileobj)
    return [heard[client] for client in clients]


def status(answer):
    """Of an answer that is complete; 0 for any other."""
    head, _, body = answer.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if not head.startswith(b"HTTP/1.1 ") or int(fields.get(b"content-length", b"-1")) != len(body):
        return 0
    if head.startswith(b"HTTP/1.1 503 ") and b"retry-after" not in fields:
        return 0
    return int(head.split()[1])


def crowd(count):
    clients = [connect() for _ in range(count)]
    for client in clients:
        client.sendall(b"GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
    sent()
    return {"statuses": [status(answer) for answer in listen(clients)], "others": []}


def besieged(count):
    clients = [connect() for _ in range(count + 1)]
    clients[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    sent()
    statuses = [status(listen([clients[-1]])[0])]
    # Of the others, those that were turned away.
    away = [client for client in clients[:-1] if select.select([client], [], [], 0)[0]]
    return {"statuses": statuses, "others": [status(answer) for answer in listen(away)]}


def queued(count):
    # The first answer is made for it; later ones lie ready.
    ask("GET", "/status.json")
    deaf = [connect() for _ in range(count)]
    for client in deaf:
        client.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
    honest = connect()
    honest.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    sent()
    return {"statuses": [status(listen([honest])[0])], "others": []}


def first_line(answer):
    return answer.split(b"\r\n")[0].decode(errors="replace")


def raw(messages, closing=False):
    lines = []
    for message in messages:
        with connect() as client:
            client.sendall(message)
            if closing:
                client.shutdown(socket.SHUT_WR)
            lines.append(first_line(listen([client])[0]))
    return lines


def noise(seed, count):
    dice = random.Random(seed)
    honest = b"GET / HTTP/1.1\r\n"
    return [
        bytes(
            dice.choice(honest) if dice.random() < 0.5 else dice.randrange(256) for _ in range(dice.randrange(1, 300))
        )
        for _ in range(count)
    ]


def halfclosed():
    client = connect()
    client.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return [int(answer.getheader("Content-Length")), len(answer.read())]


ENDLESS = {
    "endless": (b"", b"a" * 65536),
    # What a parser skips is not for nothing either.
    "blanks": (b"GET / HTTP/1.1\r\nX:", b" " * 65536),
    "emptylines": (b"", b"\r\n" * 32768),
}


def misdeed():
    client = connect()
    if action == "host":
        client.sendall(f"GET /status.json HTTP/1.1\r\nHost: {sys.argv[3]}\r\n\r\n".encode())
    elif action == "half":
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    elif action == "blank":
        client.sendall(b"\r\n\r\n")
    elif action == "bytewise":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n":
            client.sendall(bytes([byte]))
    elif action == "trickle":
        # Never silent for long, and never done.
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        sent()
        try:
            while not select.select([client], [], [], 0.05)[0]:
                client.sendall(b"x")
        except OSError:
            pass
    elif action == "garbage":
        client.sendall(bytes(byte for byte in os.urandom(20000) if byte != 10)[:10000])
    elif action == "line":
        client.sendall(b"GET /" + 10000 * b"a")
    elif action == "headers":
        client.sendall(b"GET / HTTP/1.1\r\n" + 900 * b"X: abcdefg\r\n")
    elif action in ENDLESS:
        # As much as the server takes, without an end.
        first, then = ENDLESS[action]
        total = 0
        try:
            client.sendall(first)
            while total < 200_000_000:
                total += client.send(then)
        except OSError:
            pass
        if total >= 200_000_000:
            sys.exit("the server takes everything")
    elif action == "tls":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        client.sendall(outgoing.read())
    elif action == "deaf":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
        sent()
        signal.pause()
    sent()
    return {"answer": first_line(listen([client])[0])}


if action == "routes":
    found = routes()
elif action == "crowd":
    found = crowd(int(sys.argv[3]))
elif action == "besieged":
    found = besieged(int(sys.argv[3]))
elif action == "queued":
    found = queued(int(sys.argv[3]))
elif action == "raw":
    found = raw(bytes.fromhex(message) for message in sys.argv[3:])
elif action == "random":
    found = raw(noise(int(sys.argv[3]), int(sys.argv[4])), closing=True)
elif action == "halfclosed":
    found = halfclosed()
else:
    found = misdeed()
print(json.dumps(found))
