"""Checks a run in sections by the Python API: check_sections.py WHOLE PARTS, runs of the same models.

Distances within a section are those of all pairs, all others are NaN. Prints how many pairs there are.
check_sections.py many PARTS writes as many numbers as 4096 where results.h5 counts its sections, and
check_sections.py short PARTS takes a shape away from each of these.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "python"))
import modeltree  # noqa: E402

if sys.argv[1] == "many":
    with h5py.File(Path(sys.argv[2]) / "results.h5", "a") as file:
        file.attrs["sections"] = np.zeros(4096, "i8")
    sys.exit(print(0))

if sys.argv[1] == "short":
    with h5py.File(Path(sys.argv[2]) / "results.h5", "a") as file:
        for section in file["sections"].values():
            shapes = section["tensor_shape"][:-1]
            del section["tensor_shape"]
            section.create_dataset("tensor_shape", data=shapes, dtype=h5py.string_dtype())
    sys.exit(print(0))

whole, parts = (modeltree.Run(path).distances() for path in sys.argv[1:])
assert list(whole.index) == list(parts.index) == list(parts.columns)
known = np.isfinite(parts.values)
assert np.allclose(parts.values[known], whole.values[known], rtol=1e-9, atol=0), "other distances"
with h5py.File(Path(sys.argv[2]) / "results.h5") as file:
    section = file["section"][:]
inside = (section[:, None] == section[None, :]) & (section[:, None] >= 0)
assert not (known & ~inside).any(), "a distance between sections"
print(json.dumps(int(known.sum() - known.trace()) // 2))
