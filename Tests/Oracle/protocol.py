"""What the workers and the coordinator say to each other, for programs that play one of them badly."""

import json
import struct

HELLO, READY, DONE, FAILED, HEARTBEAT, GOODBYE, ASK = range(1, 8)
WELCOME, REJECT, ASSIGN, FINISHED, WHO_ARE_YOU, ALIVE, OPEN, CLOSE, STATUS, REVOKE = range(1, 11)

MASK = (1 << 64) - 1


def frame(tag, body=None):
    return bytes([tag]) + (b"" if body is None else json.dumps(body).encode())


def hello(process=1, host="stranger", version=3, software="0.1.0"):
    return frame(
        HELLO,
        {
            "protocolVersion": version, "software": software, "host": host, "process": process,
            "threads": 1, "memoryBytes": 1 << 30, "instructionSet": "none",
        },
    )


def done(run, shard, attempt, seconds=0.1):
    return frame(
        DONE, {"run": run, "shard": shard, "attempt": attempt, "bytesRead": 1, "seconds": seconds})


def body(message):
    return json.loads(message[1:]) if len(message) > 1 else None


def fingerprint(data):
    """The 64-bit hash at the end of a partial."""
    value = 0xCBF29CE484222325

    def mix(value, word):
        value = ((value ^ word) * 0x00000100000001B3) & MASK
        return value ^ (value >> 29)

    whole = len(data) // 8 * 8
    for (word,) in struct.iter_unpack("<Q", data[:whole]):
        value = mix(value, word)
    if whole < len(data):
        value = mix(value, int.from_bytes(data[whole:], "little"))
    return mix(value, len(data))


def sealed(partial):
    """The partial with the checksum that fits it."""
    return partial[:-8] + struct.pack("<Q", fingerprint(partial[:-8]))
