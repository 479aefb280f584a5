"""Talks to a coordinator as nobody should, one misdeed at a time, and prints what it was answered.

stranger.py ENDPOINT MISDEED [KEY_FILE]
"""

import os
import socket as plain
import sys
import time

import zmq

import protocol

endpoint, misdeed = sys.argv[1:3]
context = zmq.Context()


def connect():
    peer = context.socket(zmq.DEALER)
    peer.linger = 500
    if len(sys.argv) > 3:
        fields = dict(line.rstrip("\n").split(" = ", 1) for line in open(sys.argv[3]) if " = " in line)
        peer.curve_publickey = fields["public"].encode()
        peer.curve_secretkey = fields["secret"].encode()
        peer.curve_serverkey = fields["coordinator"].encode()
    peer.connect(endpoint)
    return peer


def hear(peer, seconds=3.0):
    """The next message, or None."""
    return peer.recv_multipart()[0] if peer.poll(seconds * 1000) else None


def hear_until(peer, tag, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = hear(peer, end - time.monotonic())
        if message is not None and message[0] == tag:
            return protocol.body(message) if len(message) > 1 else True
    return None


def join(peer, **about):
    peer.send(protocol.hello(process=os.getpid(), **about))
    return hear_until(peer, protocol.WELCOME)


def verdict(peer):
    """What the coordinator says before it stops listening."""
    print("rejected:", hear_until(peer, protocol.REJECT), flush=True)


def joined():
    peer = connect()
    assert join(peer), "no welcome"
    return peer


def given_a_shard():
    """A peer with a shard, and the run's name."""
    peer = joined()
    peer.send(protocol.frame(protocol.READY, 1))
    return peer, hear_until(peer, protocol.OPEN)["run"]


if misdeed == "join":
    peer = connect()
    print("welcome" if join(peer) else "nothing", flush=True)
elif misdeed == "other-version":
    peer = connect()
    peer.send(protocol.hello(software="9.9.9"))
    verdict(peer)
elif misdeed == "other-protocol":
    peer = connect()
    peer.send(protocol.hello(version=99))
    verdict(peer)
elif misdeed == "unknown-type":
    peer = joined()
    peer.send(b"\xc8{}")
    verdict(peer)
elif misdeed == "no-json":
    peer = joined()
    peer.send(bytes([protocol.DONE]) + b"[" * 60_000)
    verdict(peer)
elif misdeed == "many-frames":
    peer = joined()
    peer.send_multipart([b"x"] * 1000)
    verdict(peer)
elif misdeed == "long-report":
    peer, run = given_a_shard()
    peer.send(protocol.frame(protocol.FAILED, {"run": run, "shard": 0, "attempt": 1, "message": "x" * 70_000}))
    verdict(peer)
elif misdeed == "never-issued":
    # The last shard cannot have been given out yet; the sums are no sums, which is worse.
    peer, run = given_a_shard()
    peer.send_multipart([protocol.done(run, 10**9, 1), b"\0" * 64])
    verdict(peer)
elif misdeed == "no-sums":
    peer, run = given_a_shard()
    given = hear_until(peer, protocol.ASSIGN)
    peer.send_multipart([protocol.done(run, given["shard"], given["attempt"]), os.urandom(5000)])
    verdict(peer)
elif misdeed == "flood":
    peer = joined()
    beat = protocol.frame(protocol.HEARTBEAT, {"bytesRead": 0, "residentBytes": 0, "slowest": []})
    for _ in range(200_000):
        peer.send(beat)
    verdict(peer)
elif misdeed == "huge-frame":
    peer = joined()
    peer.send(b"\x01" * (256 << 20))
    print("rejected:", hear_until(peer, protocol.REJECT, 1), flush=True)
elif misdeed == "many-faces":
    for _ in range(300):
        peer = connect()
        peer.send(b"\xff" * 100)
    time.sleep(1)
    print("done", flush=True)
elif misdeed == "random-bytes":
    host, port = endpoint.removeprefix("tcp://").split(":")
    end = time.monotonic() + float(os.environ.get("SECONDS_OF_NOISE", "2"))
    count = 0
    while time.monotonic() < end:
        with plain.create_connection((host, int(port))) as peer:
            # Some begin like ZeroMQ: its signature and version.
            start = b"\xff" + b"\0" * 8 + b"\x7f\x03\x00CURVE" if count % 2 else b""
            try:
                peer.sendall(start + os.urandom(1 << (count % 17)))
            except OSError:
                pass
            count += 1
    print(f"{count} connections", flush=True)
else:
    sys.exit(f"no misdeed '{misdeed}'")
context.destroy(linger=0)
