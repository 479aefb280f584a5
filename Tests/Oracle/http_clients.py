"""Clients of an HTTP server on this machine, honest ones and others; prints what they got as JSON.

  http_clients.py PORT routes                 every route, several methods
  http_clients.py PORT crowd N                N clients at the same time
  http_clients.py PORT besieged N             one honest client among N that say nothing
  http_clients.py PORT host NAME              a request for another site's name
  http_clients.py PORT silent|half|garbage|endless|tls|deaf
"""

import http.client
import json
import os
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
    answers = {f"GET {path}": ask("GET", path) for path in (
        "/", "/live.js", "/live.css", "/status.json", "/metrics", "/healthz", "/nothing", "/../etc/passwd")}
    for method, target in (("HEAD", "/status.json"), ("POST", "/status.json"), ("PUT", "/"), ("DELETE", "/"),
                           ("OPTIONS", "*")):
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


def misdeed():
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    began = time.monotonic()
    if action == "host":
        client.sendall(f"GET /status.json HTTP/1.1\r\nHost: {sys.argv[3]}\r\n\r\n".encode())
    elif action == "half":
        client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
    elif action == "garbage":
        client.sendall(bytes(byte for byte in os.urandom(20000) if byte != 10)[:10000])
    elif action == "endless":
        # As much as the server takes, without the end of a line.
        sent = 0
        try:
            while sent < 200_000_000:
                sent += client.send(b"a" * 65536)
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
else:
    found = misdeed()
print(json.dumps(found))
