"""What h5py finds in a model store: every dataset's name, type, shape and values."""

import json
import sys

import h5py
import numpy

with h5py.File(sys.argv[1]) as file:
    group = file["tensors"]
    tensors = []
    for link in group:
        data = group[link]
        values = numpy.asarray(data[()])
        tensors.append(
            {
                "link": link,
                "dtype": str(data.dtype),
                "attribute": data.attrs["dtype"],
                "shape": list(data.shape),
                # As doubles, bit for bit: JSON has no NaN.
                "values": [int(bits) for bits in values.astype("<f8").ravel().view("<u8")],
                "external": data.external is not None,
            }
        )
    json.dump(
        {
            "model": file.attrs["model"],
            "format": int(file.attrs["modeltree_store"]),
            "tensors": tensors,
            "sources": [json.loads(line)["path"] for line in bytes(file["sources"][()]).splitlines()],
        },
        sys.stdout,
    )
