"""Safetensors folders as numpy arrays; bf16, which numpy lacks, is widened to float32 exactly."""

import json
from functools import cache

import numpy as np


@cache
def places(model):
    """The location of each tensor of a model: name -> file, type, shape, offset."""
    found = {}
    for file in sorted(model.glob("*.safetensors")):
        with open(file, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
        for name, entry in header.items():
            if name != "__metadata__":
                found[name] = (file, entry["dtype"], entry["shape"], 8 + length + entry["data_offsets"][0])
    return found


def peak():
    """Peak resident set of this program so far, in bytes; getrusage would include that of the program that started
    it."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def names(model):
    return list(places(model))


def read(model, name):
    file, dtype, shape, offset = places(model)[name]
    stored = np.float32 if dtype == "F32" else np.uint16
    values = np.fromfile(file, stored, int(np.prod(shape)), offset=offset)
    if dtype == "BF16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.reshape(shape)


def load(model):
    """All tensors of one model."""
    return {name: read(model, name) for name in names(model)}
