"""Talks to a coordinator as nobody should, one misdeed at a time, and prints what it was answered.

stranger.py ENDPOINT MISDEED [KEY_FILE]
"""

import os
import socket as plain
import sys

import zmq
from zmq.utils.monitor import recv_monitor_message

import protocol

endpoint, misdeed = sys.argv[1:3]
context = zmq.Context()
# What the other side does that wants to hear no more.
HUNG_UP = (
    zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)
# Seconds; ends a hang.
PATIENCE = 300
monitors = {}


def connect():
    peer = context.socket(zmq.DEALER)
    peer.linger = 500
    if len(sys.argv) > 3:
        fields = dict(line.rstrip("\n").split(" = ", 1) for line in open(sys.argv[3]) if " = " in line)
        peer.curve_publickey = fields["public"].encode()
        peer.curve_secretkey = fields["secret"].encode()
        peer.curve_serverkey = fields["coordinator"].encode()
    monitors[peer] = peer.get_monitor_socket(HUNG_UP)
    peer.connect(endpoint)
    return peer


def hear(peer):
    """The next message; None when the other side hangs up instead."""
    monitor = monitors[peer]
    poller = zmq.Poller()
    poller.register(peer, zmq.POLLIN)
    poller.register(monitor, zmq.POLLIN)
    if not poller.poll(PATIENCE * 1000):
        sys.exit("neither a word nor an end")
    # What was said before the end comes first.
    if peer.poll(0):
        return peer.recv_multipart()[0]
    recv_monitor_message(monitor)
    return None


def hear_until(peer, tag):
    while message := hear(peer):
        if message[0] == tag:
            return protocol.body(message) if len(message) > 1 else True
        if message[0] == protocol.REJECT:
            break
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
    print("rejected:", hear_until(peer, protocol.REJECT), flush=True)
elif misdeed == "many-faces":
    for _ in range(300):
        peer = connect()
        peer.send(b"\xff" * 100)
        peer.linger = PATIENCE * 1000
        peer.disable_monitor()
        monitors.pop(peer).close()
        peer.close()
    # Waits until all is with the system.
    context.term()
    print("done", flush=True)
    sys.exit()
elif misdeed == "random-bytes":
    host, port = endpoint.removeprefix("tcp://").split(":")
    count = 0
    while count < 1000:
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
