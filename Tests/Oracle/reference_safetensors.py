"""Writes a file with the reference implementation of safetensors; prints the values of one tensor."""

import json
import sys

import numpy
from safetensors.numpy import save_file

weight = numpy.random.default_rng(1).normal(size=(2, 3)).astype(numpy.float32)
save_file(
    {"weight.ü": weight, "bias": numpy.ones(3, numpy.float16)},
    sys.argv[1],
    metadata={"format": "np", "note": 'quoted "text" {with} braces'},
)
json.dump({"values": weight.ravel().astype(float).tolist()}, sys.stdout)
