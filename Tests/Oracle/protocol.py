"""What the workers and the coordinator say to each other, for programs that play one of them badly."""

import json
import pathlib
import re
import struct

HELLO, READY, DONE, FAILED, HEARTBEAT, GOODBYE, ASK = range(1, 8)
WELCOME, REJECT, ASSIGN, FINISHED, WHO_ARE_YOU, ALIVE, OPEN, CLOSE, STATUS, REVOKE = range(1, 11)

# Workers of another version are refused.
VERSION = pathlib.Path(__file__).parents[2] / "Sources/Shared/System/Version.swift"
SOFTWARE = re.search(r'software = "([^"]+)"', VERSION.read_text())[1]

MASK = (1 << 64) - 1


def frame(tag, body=None):
    return bytes([tag]) + (b"" if body is None else json.dumps(body).encode())


def hello(process=1, host="stranger", version=6, software=SOFTWARE):
    return frame(
        HELLO,
        {
            "protocolVersion": version,
            "software": software,
            "host": host,
            "process": process,
            "threads": 1,
            "memoryBytes": 1 << 30,
            "instructionSet": "none",
        },
    )


def done(run, shard, attempt, seconds=0.1):
    return frame(DONE, {"run": run, "shard": shard, "attempt": attempt, "bytesRead": 1, "seconds": seconds})


def body(message):
    return json.loads(message[1:]) if len(message) > 1 else None


def mixed(value, word):
    """FNV-1a, eight bytes at a time, folded."""
    value = ((value ^ word) * 0x00000100000001B3) & MASK
    return value ^ (value >> 29)


def checksum(data):
    """The 64-bit checksum at the end of a partial: four hashes side by side, each of every fourth word, then
    one of these and of what is left."""
    lanes = [0xCBF29CE484222325] * 4
    whole = len(data) // 32 * 32
    for place, (word,) in enumerate(struct.iter_unpack("<Q", data[:whole])):
        lanes[place % 4] = mixed(lanes[place % 4], word)
    value = lanes[0]
    for lane in lanes[1:]:
        value = mixed(value, lane)
    for place in range(whole, len(data), 8):
        value = mixed(value, int.from_bytes(data[place : place + 8], "little"))
    return mixed(mixed(value, len(data) - whole), len(data))


def sealed(partial):
    """The partial with the checksum that fits it."""
    return partial[:-8] + struct.pack("<Q", checksum(partial[:-8]))
