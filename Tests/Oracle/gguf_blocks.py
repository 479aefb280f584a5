"""Blocks of GGUF's encodings, made and read in numpy's words.

What the gguf package can do is done by it. It quantizes to a few formats only: for the others these are the simplest
quantizers that can be, one nearest number at a time; llama.cpp's search for better scales, so that their noise
is an upper bound of what files hold.
"""

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

NAMES = (
    "Q1_0 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S "
    "IQ4_NL IQ4_XS TQ1_0 TQ2_0 MXFP4 NVFP4"
).split()


def sizes(name: str) -> tuple[int, int]:
    """Numbers and bytes of a block."""
    return GGML_QUANT_SIZES[GGMLQuantizationType[name]]


def dequantize(name: str, raw: np.ndarray) -> np.ndarray:
    """The float32 numbers of whole blocks, from bytes."""
    raw = np.ascontiguousarray(raw, np.uint8).reshape(-1, sizes(name)[1])
    with np.errstate(all="ignore"):
        # These two by their layouts in llama.cpp's ggml-common.h: the package knows their sizes only.
        if name == "Q8_K":
            return (f32(raw[:, :4]) * raw[:, 4:260].view(np.int8).astype(np.float32)).ravel()
        if name == "Q1_0":
            bits = np.unpackbits(raw[:, 2:], axis=1, bitorder="little").astype(np.float32)
            return (f16(raw[:, :2]) * (2 * bits - 1)).ravel()
        if raw.size == 0:
            return np.zeros(0, np.float32)
        return quants.dequantize(raw, GGMLQuantizationType[name]).ravel()


def quantize(name: str, numbers: np.ndarray) -> np.ndarray:
    """Bytes of numbers that fill whole blocks."""
    rows = np.ascontiguousarray(numbers, np.float32).reshape(-1, sizes(name)[0])
    with np.errstate(all="ignore"):
        own = OWN.get(name)
        raw = own(rows) if own else quants.quantize(rows, GGMLQuantizationType[name])
    assert raw.shape == (len(rows), sizes(name)[1]), (name, raw.shape)
    return raw.ravel()


def f16(raw):
    return np.ascontiguousarray(raw).view("<f2").astype(np.float32)


def f32(raw):
    return np.ascontiguousarray(raw).view("<f4")


def as_bytes(values, kind):
    values = np.ascontiguousarray(np.asarray(values).astype(kind))
    return values.reshape(len(values), -1).view(np.uint8)


def over(a, b):
    """a / b, zero where b is."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


def largest(groups):
    """Of each group, the number of largest size, with its sign."""
    return np.take_along_axis(groups, np.abs(groups).argmax(-1)[..., None], -1)[..., 0]


def nearest(groups, scale, low, high):
    return np.clip(np.rint(over(groups, scale[..., None])), low, high)


def fields(values, shifts):
    """Joins the last axis' fields to bytes, each at its shift."""
    return np.bitwise_or.reduce(values.astype(np.uint8) << np.array(shifts, np.uint8), axis=-1)


def quarters(codes):
    """Codes of two bits each: 128 numbers share 32 bytes, a number's neighbors lie in the neighboring bytes."""
    return fields(np.moveaxis(codes.reshape(len(codes), 2, 4, 32), 2, -1), [0, 2, 4, 6]).reshape(len(codes), 64)


def eighths(bits):
    """One bit of each of 256 numbers in 32 bytes."""
    return fields(np.moveaxis(bits.reshape(len(bits), 8, 32), 1, -1), range(8))


def nibbles(codes, width):
    """The first `width` numbers go to lower halves of bytes, the next to upper ones, and so on."""
    return fields(np.moveaxis(codes.reshape(len(codes), -1, 2, width), 2, -1), [0, 4]).reshape(len(codes), -1)


def q1_0(rows):
    bits = np.packbits(rows >= 0, axis=1, bitorder="little")
    return np.concatenate([as_bytes(np.abs(rows).mean(1), "<f2"), bits], 1)


def q8_k(rows):
    d = (largest(rows) / -127).astype(np.float32)
    codes = nearest(rows, d, -127, 127)
    sums = codes.reshape(len(rows), 16, 16).sum(-1)
    return np.concatenate([as_bytes(d, "<f4"), as_bytes(codes, "i1"), as_bytes(sums, "<i2")], 1)


def with_offsets(rows, width, codes, steps):
    """Scales, offsets and codes of formats that have both: the offset is at most zero."""
    groups = rows.reshape(len(rows), -1, width)
    least = np.minimum(groups.min(-1), 0)
    scale = (np.maximum(groups.max(-1), 0) - least) / codes
    d, m = (scale.max(1) / steps).astype("<f2"), (-least.min(1) / steps).astype("<f2")
    df, mf = d.astype(np.float32)[:, None], m.astype(np.float32)[:, None]
    own, offset = (np.clip(np.rint(over(a, b)), 0, steps) for a, b in ((scale, df), (-least, mf)))
    numbers = nearest(groups + (mf * offset)[..., None], df * own, 0, codes)
    return as_bytes(d, "<f2"), as_bytes(m, "<f2"), own, offset, numbers.reshape(len(rows), -1)


def q2_k(rows):
    d, m, own, offset, codes = with_offsets(rows, 16, 3, 15)
    return np.concatenate([fields(np.stack([own, offset], -1), [0, 4]), quarters(codes), d, m], 1)


def packed_scales(own, offset):
    own, offset = own.astype(np.uint8), offset.astype(np.uint8)
    first = own[:, :4] | (own[:, 4:] >> 4) << 6
    second = offset[:, :4] | (offset[:, 4:] >> 4) << 6
    return np.concatenate([first, second, (own[:, 4:] & 15) | (offset[:, 4:] & 15) << 4], 1)


def q4_k(rows):
    d, m, own, offset, codes = with_offsets(rows, 32, 15, 63)
    return np.concatenate([d, m, packed_scales(own, offset), nibbles(codes, 32)], 1)


def q5_k(rows):
    d, m, own, offset, codes = with_offsets(rows, 32, 31, 63)
    return np.concatenate([d, m, packed_scales(own, offset), eighths(codes >= 16), nibbles(codes % 16, 32)], 1)


def with_signs(rows, width, codes, steps):
    """Scales with signs and codes of formats without offsets."""
    groups = rows.reshape(len(rows), -1, width)
    scale = largest(groups) / -codes
    d = (largest(scale) / -steps).astype("<f2")
    df = d.astype(np.float32)[:, None]
    own = np.clip(np.rint(over(scale, df)), -steps, steps - 1)
    return as_bytes(d, "<f2"), own, nearest(groups, df * own, -codes, codes - 1).reshape(len(rows), -1)


def q3_k(rows):
    d, own, codes = with_signs(rows, 16, 4, 32)
    own, codes = (own + 32).astype(np.uint8), (codes + 4).astype(np.uint8)
    low = (own[:, :8] & 15) | (own[:, 8:] & 15) << 4
    high = fields(np.moveaxis((own >> 4).reshape(-1, 4, 4), 1, -1), [0, 2, 4, 6])
    return np.concatenate([eighths(codes >= 4), quarters(codes % 4), low, high, d], 1)


def q6_k(rows):
    d, own, codes = with_signs(rows, 16, 32, 128)
    codes = (codes + 32).astype(np.uint8)
    return np.concatenate([nibbles(codes & 15, 64), quarters(codes >> 4), as_bytes(own, "i1"), d], 1)


IQ4 = np.array(quants.IQ4_NL.kvalues, np.float32)
E2M1 = np.array(quants.NVFP4.kvalues, np.float32)


def of_table(groups, scale, table):
    return np.abs(scale[..., None, None] * table - groups[..., None]).argmin(-1).reshape(len(groups), -1)


def iq4_nl(rows):
    d = (largest(rows) / -127).astype("<f2")
    codes = of_table(rows[:, None], d.astype(np.float32)[:, None], IQ4)
    return np.concatenate([as_bytes(d, "<f2"), nibbles(codes, 16)], 1)


def iq4_xs(rows):
    groups = rows.reshape(len(rows), 8, 32)
    scale = largest(groups) / -127
    d = (largest(scale) / -32).astype("<f2")
    df = d.astype(np.float32)[:, None]
    own = np.clip(np.rint(over(scale, df)), -32, 31)
    codes = of_table(groups, df * own, IQ4)
    own = (own + 32).astype(np.uint16)
    high = np.bitwise_or.reduce((own >> 4) << (2 * np.arange(8, dtype=np.uint16)), axis=1)
    return np.concatenate([as_bytes(d, "<f2"), as_bytes(high, "<u2"), nibbles(own & 15, 1), nibbles(codes, 16)], 1)


def nvfp4(rows):
    groups = rows.reshape(len(rows), 4, 16)
    d = quants.NVFP4.fp32_to_ue4m3((np.abs(groups).max(-1) / 6).astype(np.float32))
    codes = of_table(groups, quants.NVFP4.ue4m3_to_fp32(d).astype(np.float32), E2M1)
    return np.concatenate([d, nibbles(codes, 8)], 1)


def gridded(rows, name, width, largest_scale, scales, signs, delta=(0,)):
    """Numbers by the rows of a grid.

    `width` numbers share a scale, one of `scales`; `signs`: 8 free ones per 8 numbers, 7 with an even number of minuses,
    or 0. Returns the scale of the block, the index of each group's scale, of each row, the signs, and of
    each group's delta.
    """
    quant = getattr(quants, name)
    quant.init_grid()
    grid = quant.grid.reshape(quant.grid_shape).astype(np.float32)
    size = grid.shape[1]
    d = (np.abs(rows).max(1) / largest_scale).astype("<f2")
    groups = rows.reshape(len(rows), -1, width)
    minus = (groups < 0) if signs else np.zeros(groups.shape, bool)
    if signs == 7:
        eights = minus.reshape(len(rows), -1, 8)
        odd = eights.sum(-1) % 2 == 1
        weakest = np.abs(groups).reshape(eights.shape).argmin(-1)
        chosen = np.take_along_axis(eights, weakest[..., None], -1)
        np.put_along_axis(eights, weakest[..., None], chosen ^ odd[..., None], -1)
        minus = eights.reshape(groups.shape)
    targets = np.where(minus, -groups, groups).reshape(*groups.shape[:2], width // size, size)
    best = np.full(groups.shape[:2], np.inf)
    scale_index = np.zeros(groups.shape[:2], int)
    delta_index = np.zeros(groups.shape[:2], int)
    rows_index = np.zeros(targets.shape[:3], int)
    df = d.astype(np.float32)
    for s, scale in enumerate(scales):
        for k, shift in enumerate(delta):
            own = (df * scale)[:, None, None, None]
            points = grid + np.float32(shift)
            # |t - s p|^2 without |t|^2.
            errors = (own**2) * (points**2).sum(-1) - 2 * own * (targets @ points.T)
            index = errors.argmin(-1)
            error = np.take_along_axis(errors, index[..., None], -1)[..., 0].sum(-1)
            better = error < best
            best[better], scale_index[better], delta_index[better] = error[better], s, k
            rows_index[better] = index[better]
    flat = rows_index.reshape(len(rows), -1).astype(np.uint32)
    return as_bytes(d, "<f2"), scale_index, flat, minus.reshape(len(rows), -1, 8), delta_index


def sevens(minus):
    """Four sets of seven signs of eight in one word."""
    words = fields(minus[..., :7], range(7)).astype(np.uint32).reshape(len(minus), -1, 4)
    return np.bitwise_or.reduce(words << np.array([0, 7, 14, 21], np.uint32), axis=-1)


def iq2_xxs(rows):
    scales = (0.5 + np.arange(16)) * 0.25
    d, own, index, minus, _ = gridded(rows, "IQ2_XXS", 32, 43 * scales[-1] * 0.7, scales, 7)
    words = sevens(minus) | own.astype(np.uint32) << 28
    both = [index.astype(np.uint8).reshape(-1, 8, 4), as_bytes(words, "<u4").reshape(-1, 8, 4)]
    return np.concatenate([d, np.concatenate(both, -1).reshape(len(rows), -1)], 1)


def iq2_xs(rows):
    scales = (0.5 + np.arange(16)) * 0.25
    d, own, index, minus, _ = gridded(rows, "IQ2_XS", 16, 43 * scales[-1] * 0.7, scales, 7)
    words = index | fields(minus[..., :7], range(7)).astype(np.uint32) << 9
    return np.concatenate([d, as_bytes(words, "<u2"), nibbles(own, 1)], 1)


def iq2_s(rows):
    scales = (0.5 + np.arange(16)) * 0.25
    d, own, index, minus, _ = gridded(rows, "IQ2_S", 16, 43 * scales[-1] * 0.7, scales, 8)
    high = fields((index >> 8).reshape(len(rows), 8, 4), [0, 2, 4, 6])
    return np.concatenate([d, as_bytes(index & 255, "u1"), fields(minus, range(8)), high, nibbles(own, 1)], 1)


def iq3_xxs(rows):
    scales = (0.5 + np.arange(16)) * 0.5
    d, own, index, minus, _ = gridded(rows, "IQ3_XXS", 32, 62 * scales[-1], scales, 7)
    words = sevens(minus) | own.astype(np.uint32) << 28
    return np.concatenate([d, as_bytes(index, "u1"), as_bytes(words, "<u4")], 1)


def iq3_s(rows):
    scales = 1.0 + 2 * np.arange(16)
    d, own, index, minus, _ = gridded(rows, "IQ3_S", 32, 15 * scales[-1], scales, 8)
    high = fields((index >> 8).reshape(len(rows), 8, 8), range(8))
    return np.concatenate([d, as_bytes(index & 255, "u1"), high, fields(minus, range(8)), nibbles(own, 1)], 1)


def iq1_s(rows):
    scales = 1.0 + 2 * np.arange(8)
    d, own, index, _, delta = gridded(rows, "IQ1_S", 32, scales[-1] * 2, scales, 0, (0.125, -0.125))
    thirds = (index >> 8).reshape(len(rows), 8, 4) << np.array([0, 3, 6, 9], np.uint32)
    words = np.bitwise_or.reduce(thirds, axis=-1) | own.astype(np.uint32) << 12 | delta.astype(np.uint32) << 15
    return np.concatenate([d, as_bytes(index & 255, "u1"), as_bytes(words, "<u2")], 1)


def iq1_m(rows):
    scales = 1.0 + 2 * np.arange(8)
    d, own, index, _, delta = gridded(rows, "IQ1_S", 16, scales[-1] * 2, scales, 0, (0.125, -0.125))
    high = (index >> 8).astype(np.uint8) | np.repeat(delta, 2, axis=1).astype(np.uint8) << 3
    own = own.astype(np.uint32).reshape(-1, 4, 4) << np.array([0, 3, 6, 9], np.uint32)
    quarter = d.view("<u2").astype(np.uint32) >> np.array([0, 4, 8, 12], np.uint32) & 15
    words = np.bitwise_or.reduce(own, axis=-1) | quarter << 12
    return np.concatenate([as_bytes(index & 255, "u1"), nibbles(high, 1), as_bytes(words, "<u2")], 1)


OWN = {
    quantizer.__name__.upper(): quantizer
    for quantizer in (
        *(q1_0, q8_k, q2_k, q3_k, q4_k, q5_k, q6_k, iq4_nl, iq4_xs, nvfp4),
        *(iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s),
    )
}


def noise(name: str, seed: int, rows: int = 32) -> tuple[float, float, float]:
    """Of normally distributed numbers: the largest error over the largest number of its block, the mean squared
    error over the mean square, and 1 - cosine of the roundings of two parallel vectors."""
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal((rows, 1024)).astype(np.float32)
    once = dequantize(name, quantize(name, numbers)).reshape(numbers.shape)
    other = dequantize(name, quantize(name, numbers * np.float32(0.93))).reshape(numbers.shape)
    blocks = numbers.reshape(-1, sizes(name)[0])
    error = np.abs(once - numbers).reshape(blocks.shape) / np.abs(blocks).max(1, keepdims=True)
    once, other, numbers = (a.astype(np.float64) for a in (once, other, numbers))
    cosine = (once * other).sum(1) / np.sqrt((once**2).sum(1) * (other**2).sum(1))
    return float(error.max()), float(((once - numbers) ** 2).sum() / (numbers**2).sum()), float((1 - cosine).mean())


if __name__ == "__main__":
    for each in NAMES:
        print(each, *(f"{value:.3g}" for value in noise(each, 1, 256)))
