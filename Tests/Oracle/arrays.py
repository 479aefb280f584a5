"""What h5py finds in a file of arrays: for every dataset its type, shape and values."""

import json
import sys

import h5py
import numpy

found = {}


def number(x):
    """JSON has neither NaN (null here) nor infinity (its name)."""
    x = float(x)
    return None if x != x else str(x) if abs(x) == float("inf") else x


def visit(name, item):
    if not isinstance(item, h5py.Dataset):
        return
    entry = {"dtype": str(item.dtype), "shape": list(item.shape), "numbers": [], "strings": []}
    if h5py.check_string_dtype(item.dtype):
        entry["dtype"] = h5py.check_string_dtype(item.dtype).encoding
        entry["strings"] = item.asstr()[()].tolist()
    else:
        entry["numbers"] = [number(x) for x in numpy.ravel(item[()])]
    entry["attributes"] = {key: str(value) for key, value in item.attrs.items()}
    found[name] = entry


with h5py.File(sys.argv[1]) as file:
    file.visititems(visit)
json.dump(found, sys.stdout)
