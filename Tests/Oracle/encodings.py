"""Numbers as other programs decode them: encodings.py NAME FILE prints the float32 bits of the file's bytes.

F8_E4M3 and F8_E5M2 by ml_dtypes (which JAX uses), the plain ones by numpy, Q8_0 by the layout of llama.cpp's
block_q8_0 in numpy's words.
"""

import sys

import ml_dtypes
import numpy as np

TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
}


def decode(name: str, path: str) -> np.ndarray:
    if name == "Q8_0":
        blocks = np.fromfile(path, np.dtype([("d", "<f2"), ("qs", "i1", 32)]))
        return (blocks["d"].astype(np.float32)[:, None] * blocks["qs"].astype(np.float32)).ravel()
    return np.fromfile(path, TYPES[name]).astype(np.float32)


numbers = decode(*sys.argv[1:])
# One NaN is as good as another.
numbers[np.isnan(numbers)] = np.nan
print(numbers.view(np.uint32).tolist())
