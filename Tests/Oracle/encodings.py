"""Numbers as other programs decode them.

encodings.py NAME FILE prints the float32 bits of the file's bytes; encodings.py NAME FILE SEED writes blocks of
normally distributed numbers to the file before.
encodings.py noise NAME SEED prints what rounding such numbers costs: see gguf_blocks.noise.

F8_E4M3 and F8_E5M2 by ml_dtypes (which JAX uses), the plain ones by numpy, GGUF's blocks by the gguf package.
"""

import json
import sys

import ml_dtypes
import numpy as np

import gguf_blocks

TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
    "I8": "i1",
    "U8": "u1",
    "I32": "<i4",
}

# Whole numbers of a few bits as one little-endian stream, AWQ's in its own order of the eight in a word.
BITS = {"U2": 2, "U3": 3, "U4": 4, "U4_AWQ": 4}


def unpack(bytes: np.ndarray, bits: int) -> np.ndarray:
    stream = np.unpackbits(bytes, bitorder="little").reshape(-1, bits)
    return (stream << np.arange(bits)).sum(1).astype(np.float32)


def decode(name: str, path: str) -> np.ndarray:
    # Computed from weights of another encoding.
    if name.startswith("F32_FROM_"):
        name = "F32"
    if name in TYPES:
        return np.fromfile(path, TYPES[name]).astype(np.float32)
    if name in BITS:
        numbers = unpack(np.fromfile(path, np.uint8), BITS[name])
        if name == "U4_AWQ":
            numbers = numbers.reshape(-1, 8)[:, [0, 4, 1, 5, 2, 6, 3, 7]].ravel()
        return numbers
    return gguf_blocks.dequantize(name, np.fromfile(path, np.uint8))


def main() -> None:
    if sys.argv[1] == "noise":
        print(json.dumps(gguf_blocks.noise(sys.argv[2], int(sys.argv[3]))))
        return
    name, path, *seed = sys.argv[1:]
    if seed:
        # Scales of all sizes, among them blocks of zeros.
        size = gguf_blocks.sizes(name)[0]
        rng = np.random.default_rng(int(seed[0]))
        numbers = rng.standard_normal((61, size)) * 10.0 ** rng.uniform(-4, 2, (61, 1))
        numbers[::17] = 0
        gguf_blocks.quantize(name, numbers).tofile(path)
    numbers = decode(name, path)
    # One NaN is as good as another.
    numbers[np.isnan(numbers)] = np.nan
    print(numbers.view(np.uint32).tolist())


main()
