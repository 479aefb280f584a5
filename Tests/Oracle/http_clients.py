"""Clients of an HTTP server on this machine, honest ones and others; prints what they got as JSON.

http_clients.py PORT routes                 every route, several methods
http_clients.py PORT crowd N                N clients at the same time
http_clients.py PORT besieged N             one honest client among N that say nothing
http_clients.py PORT host NAME              a request for another site's name
http_clients.py PORT queued N               one honest client behind N that take nothing
http_clients.py PORT raw HEX...             first lines of the answers to these bytes
http_clients.py PORT random SEED N          the same for N times random bytes
http_clients.py PORT halfclosed             bytes of body announced, and received
http_clients.py PORT bytewise
http_clients.py PORT silent|half|trickle|garbage|line|headers|endless|blanks|emptylines|tls|deaf
"""

import http.client
import json
import os
import random
import select
import socket
import ssl
import sys
import threading
import time

port, action = int(sys.argv[1]), sys.argv[2]


def ask(method, target):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
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


def crowd(count):
    statuses, seconds, lock, gate = [], [], threading.Lock(), threading.Barrier(count)

    def client():
        gate.wait()
        began = time.monotonic()
        answer = ask("GET", "/status.json")
        json.loads(answer["body"])
        with lock:
            statuses.append(answer["status"])
            seconds.append(time.monotonic() - began)

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"statuses": statuses, "slowest": max(seconds)}


def besieged(count):
    held = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    began = time.monotonic()
    answer = ask("GET", "/healthz")
    return {"statuses": [answer["status"]], "slowest": time.monotonic() - began, "held": len(held)}


def queued(count):
    # The first answer is made for it; later ones lie ready.
    ask("GET", "/status.json")
    deaf = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    for client in deaf:
        client.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
    began = time.monotonic()
    answer = ask("GET", "/healthz")
    return {"statuses": [answer["status"]], "slowest": time.monotonic() - began, "deaf": len(deaf)}


def raw(messages, closing=False):
    lines = []
    for message in messages:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(message)
            if closing:
                client.shutdown(socket.SHUT_WR)
            lines.append(listen(client, 0)["answer"])
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
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(b"GET /status.json HTTP/1.0\r\n\r\n")
    client.shutdown(socket.SHUT_WR)
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return [int(answer.getheader("Content-Length")), len(answer.read())]


def listen(client, began):
    """What comes until the server closes."""
    data = b""
    try:
        while part := client.recv(65536):
            data += part
    except ConnectionError:
        pass
    first = data.split(b"\r\n")[0].decode(errors="replace")
    return {"answer": first, "seconds": time.monotonic() - began}


ENDLESS = {
    "endless": (b"", b"a" * 65536),
    # What a parser skips is not for nothing either.
    "blanks": (b"GET / HTTP/1.1\r\nX:", b" " * 65536),
    "emptylines": (b"", b"\r\n" * 32768),
}


def misdeed():
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    began = time.monotonic()
    if action == "host":
        client.sendall(f"GET /status.json HTTP/1.1\r\nHost: {sys.argv[3]}\r\n\r\n".encode())
    elif action == "half":
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    elif action == "bytewise":
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n":
            client.sendall(bytes([byte]))
    elif action == "trickle":
        # Never silent for long, and never done.
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        while not select.select([client], [], [], 0.05)[0] and time.monotonic() - began < 20:
            client.sendall(b"x")
    elif action == "garbage":
        client.sendall(bytes(byte for byte in os.urandom(20000) if byte != 10)[:10000])
    elif action == "line":
        client.sendall(b"GET /" + 10000 * b"a")
    elif action == "headers":
        client.sendall(b"GET / HTTP/1.1\r\n" + 900 * b"X: abcdefg\r\n")
    elif action in ENDLESS:
        # As much as the server takes, without an end.
        first, then = ENDLESS[action]
        sent = 0
        try:
            client.sendall(first)
            while sent < 200_000_000:
                sent += client.send(then)
        except OSError:
            pass
        if sent >= 200_000_000:
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
        # Without taking a byte, until the server has given up: then what is sent meets a closed door.
        while time.monotonic() - began < 20:
            time.sleep(0.2)
            try:
                client.sendall(b"x")
            except OSError:
                return {"answer": "", "seconds": time.monotonic() - began}
    return listen(client, began)


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
