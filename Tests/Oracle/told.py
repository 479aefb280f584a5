"""A coordinator that only answers onlookers; prints its endpoint, then a word for each who spoke.

  told.py STATUS_JSON [silent|refuse]

The file is read anew for each answer.
"""

import sys

import zmq

import protocol

path, manner = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "answer"
socket = zmq.Context().socket(zmq.ROUTER)
port = socket.bind_to_random_port("tcp://127.0.0.1")
print(f"tcp://127.0.0.1:{port}", file=sys.stderr, flush=True)
while True:
    peer, frame = socket.recv_multipart()
    print({protocol.ASK: "asked", protocol.HELLO: "hello"}.get(frame[0], "other"), file=sys.stderr, flush=True)
    if manner == "refuse":
        socket.send_multipart([peer, protocol.frame(protocol.REJECT, "no onlookers here")])
    elif manner == "answer" and frame[0] == protocol.ASK:
        # Workers are told things that an onlooker has no use for.
        socket.send_multipart([peer, protocol.frame(protocol.ALIVE)])
        socket.send_multipart([peer, protocol.frame(protocol.STATUS, open(path).read())])
