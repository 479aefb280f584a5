"""Quantized tensors as their writers pack them, and the numbers that they stand for: quantized.py FOLDER SEED.

Writes FOLDER/<scheme>/model.safetensors (and config.json where the scheme needs one) and FOLDER/<scheme>.f32, the
numbers of all tensors in the order of their names, in numpy's words of each published layout: the packing is written
here from the writers' sources, not from ours.
"""

import json
import pathlib
import struct
import sys

import ml_dtypes
import numpy as np

TYPES = {
    "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0", "int8": "I8", "uint8": "U8", "int32": "I32", "uint32": "U32", "int64": "I64",
}  # fmt: skip
F32 = np.float32
folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(seed)


def save(scheme: str, tensors: dict, numbers: dict, config: dict | None = None, metadata: dict | None = None) -> None:
    (folder / scheme).mkdir(parents=True, exist_ok=True)
    header, body = {}, b""
    for name, values in tensors.items():
        data = np.ascontiguousarray(values).tobytes()
        header[name] = {
            "dtype": TYPES[values.dtype.name],
            "shape": list(values.shape),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    if metadata is not None:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    (folder / scheme / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    if config is not None:
        (folder / scheme / "config.json").write_text(json.dumps({"quantization_config": config}))
    flat = b"".join(np.ascontiguousarray(numbers[name], F32).tobytes() for name in sorted(numbers))
    (folder / f"{scheme}.f32").write_bytes(flat)
    shapes = {name: list(numbers[name].shape) for name in sorted(numbers)}
    (folder / f"{scheme}.json").write_text(json.dumps(shapes))


def stream(codes: np.ndarray, bits: int) -> np.ndarray:
    """The last axis as a little-endian stream of bits, in 32-bit words."""
    bitmap = (codes[..., None].astype(np.uint64) >> np.arange(bits, dtype=np.uint64)) & 1
    bitmap = bitmap.reshape(*codes.shape[:-1], -1, 32)
    return (bitmap << np.arange(32, dtype=np.uint64)).sum(-1).astype(np.uint32)


def random_codes(rows: int, columns: int, bits: int) -> np.ndarray:
    return rng.integers(0, 1 << bits, (rows, columns), dtype=np.int64)


# --- GPTQ: AutoGPTQ's QuantLinear.pack: words run along the inputs, zero points along the outputs


def gptq(scheme: str, bits: int, *, act: bool = False, version: int = 1, group: int = 32) -> None:
    tensors, numbers = {}, {}
    for name, (outputs, inputs) in {"a": (64, 96), "b.c": (32, 320), "d": (352, 64)}.items():
        groups = inputs // group
        middle = 1 << (bits - 1)
        codes = np.clip(np.round(rng.normal(middle, max(0.6, middle / 4), (inputs, outputs))), 0, (1 << bits) - 1)
        codes = codes.astype(np.int64)
        zeros = np.clip(rng.integers(middle - 1, middle + 2, (groups, outputs)), 1, (1 << bits) - 1)
        scales = rng.uniform(0.01, 0.02, (groups, outputs)).astype(np.float16)
        index = np.arange(inputs) // group
        if act:
            rng.shuffle(index)
        module = f"model.{name}"
        tensors[f"{module}.qweight"] = np.ascontiguousarray(stream(codes.T, bits).T).view(np.int32)
        tensors[f"{module}.qzeros"] = stream(zeros - (version == 1), bits).view(np.int32)
        tensors[f"{module}.scales"] = scales
        tensors[f"{module}.g_idx"] = index.astype(np.int32)
        tensors[f"{module}.bias"] = rng.normal(0, 1, outputs).astype(np.float16)
        plain = scales.astype(F32)[index] * (codes - zeros[index]).astype(F32)
        numbers[f"{module}.weight"] = plain.T
        numbers[f"{module}.bias"] = tensors[f"{module}.bias"]
    config = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": act}
    if version == 2:
        config["checkpoint_format"] = "gptq_v2"
    save(scheme, tensors, numbers, config)


# --- AWQ: AutoAWQ's WQLinear_GEMM: words run along the outputs, in an order of their own


def awq() -> None:
    order = [0, 2, 4, 6, 1, 3, 5, 7]

    def pack(codes: np.ndarray) -> np.ndarray:
        words = np.zeros((codes.shape[0], codes.shape[1] // 8), np.uint32)
        for i in range(8):
            words |= codes[:, order[i] :: 8].astype(np.uint32) << np.uint32(4 * i)
        return words.view(np.int32)

    tensors, numbers = {}, {}
    for name, (outputs, inputs, group) in {"a": (64, 96, 32), "b": (8, 256, 128), "c": (40, 64, 64)}.items():
        codes, zeros = random_codes(inputs, outputs, 4), random_codes(inputs // group, outputs, 4)
        scales = rng.uniform(0.01, 0.02, zeros.shape).astype(np.float16)
        tensors |= {f"{name}.qweight": pack(codes), f"{name}.qzeros": pack(zeros), f"{name}.scales": scales}
        each = np.arange(inputs) // group
        numbers[f"{name}.weight"] = ((codes - zeros[each]).astype(F32) * scales.astype(F32)[each]).T
    save("awq", tensors, numbers, {"quant_method": "awq", "bits": 4, "version": "gemm"})


# --- MLX: mx.quantize: a stream along rows, scale * code + bias


def mlx(bits: int, group: int, *, stacked: bool = False) -> None:
    tensors, numbers = {}, {}
    for name, (rows, columns) in {"a": (5, 128), "b": (64, 384)}.items():
        codes = random_codes(rows, columns, bits)
        scales = rng.uniform(0.01, 0.02, (rows, columns // group)).astype(ml_dtypes.bfloat16)
        biases = rng.normal(0, 0.1, scales.shape).astype(ml_dtypes.bfloat16)
        plain = codes.astype(F32) * np.repeat(scales.astype(F32), group, 1)
        plain += np.repeat(biases.astype(F32), group, 1)
        words = stream(codes, bits)
        if stacked and name == "b":
            words, scales, biases = (x.reshape(4, 16, -1) for x in (words, scales, biases))
            plain = plain.reshape(4, 16, -1)
        tensors |= {f"{name}.weight": words, f"{name}.scales": scales, f"{name}.biases": biases}
        numbers[f"{name}.weight"] = plain
    save(f"mlx-{bits}-{group}{'-stacked' if stacked else ''}", tensors, numbers, {"bits": bits, "group_size": group})


# --- compressed-tensors: pack_to_int32 adds half the range and packs along rows, padded to whole words


def packed(bits: int, group: int, columns: int) -> None:
    rows, width = 24, 32 // bits
    codes = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), (rows, columns), dtype=np.int64)
    groups = -(-columns // group)
    scales = rng.uniform(0.01, 0.02, (rows, groups)).astype(ml_dtypes.bfloat16)
    padded = np.zeros((rows, -(-columns // width) * width), np.int64)
    padded[:, :columns] = codes + (1 << (bits - 1))
    tensors = {
        "m.weight_packed": stream(padded, bits).view(np.int32),
        "m.weight_scale": scales,
        "m.weight_shape": np.array([rows, columns], np.int64),
    }
    plain = codes.astype(F32) * scales.astype(F32)[:, np.arange(columns) // group]
    config = {"config_groups": {"group_0": {"weights": {"num_bits": bits, "group_size": group}}}}
    save(f"packed-{bits}-{columns}", tensors, {"m.weight": plain}, config)


# --- scales beside weights of eight bits


def scaled() -> None:
    e4m3, e5m2 = ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
    tensors, numbers = {}, {}

    def add(name: str, codes: np.ndarray, scale: np.ndarray, key: str, block: tuple[int, int]) -> None:
        tensors[f"{name}.weight"] = codes
        tensors[f"{name}.{key}"] = scale
        values = scale.astype(F32).reshape(scale.shape if scale.ndim == 2 else (-1, 1))
        down, across = (np.arange(codes.shape[k]) // block[k] for k in range(2))
        numbers[f"{name}.weight"] = codes.astype(F32) * values[down][:, across]

    def weights(rows: int, columns: int, type: type) -> np.ndarray:
        return rng.normal(0, 1, (rows, columns)).astype(type)

    def scales(*shape: int, type: type = F32) -> np.ndarray:
        return rng.uniform(0.001, 0.002, shape).astype(type)

    add("tensor", weights(40, 30, e4m3), scales(), "weight_scale", (40, 30))
    tensors["tensor.input_scale"] = np.array(0.1, F32)
    add("tensor1", weights(40, 30, e5m2), scales(1), "weight_scale", (40, 30))
    add("channel", weights(40, 30, e4m3), scales(40, 1, type=ml_dtypes.bfloat16), "weight_scale", (1, 30))
    add("channel1", weights(40, 30, e4m3), scales(40), "weight_scale", (1, 30))
    add("block", weights(300, 200, e4m3), scales(3, 2), "weight_scale_inv", (128, 128))
    add("block2", weights(256, 384, e5m2), scales(2, 3), "weight_scale_inv", (128, 128))
    powers = rng.integers(110, 130, (3, 2), dtype=np.uint8).view(ml_dtypes.float8_e8m0fnu)
    add("powers", weights(300, 200, e4m3), powers, "scale", (128, 128))
    add("comfy", weights(16, 16, e4m3), scales(), "scale_weight", (16, 16))
    whole = rng.integers(-128, 128, (20, 24)).astype(np.int8)
    add("int8", whole, scales(20, 1), "weight_scale", (1, 24))
    stacked = rng.normal(0, 1, (3, 20, 24)).astype(e4m3)
    tensors |= {"experts.up": stacked, "experts.up_scale": scales(3, 1, 24)}
    numbers["experts.up"] = stacked.astype(F32) * tensors["experts.up_scale"]
    zero = rng.integers(-5, 5, (20, 1)).astype(np.int8)
    add("int8z", whole, scales(20, 1), "weight_scale", (1, 24))
    tensors["int8z.weight_zero_point"] = zero
    numbers["int8z.weight"] = (whole.astype(F32) - zero.astype(F32)) * tensors["int8z.weight_scale"]
    bytes8 = rng.integers(-127, 128, (20, 24)).astype(np.int8)
    tensors |= {
        "bnb.weight": bytes8,
        "bnb.SCB": rng.uniform(0.1, 0.2, 20).astype(F32),
        "bnb.weight_format": np.array(0, np.uint8),
    }
    numbers["bnb.weight"] = bytes8.astype(F32) * tensors["bnb.SCB"][:, None] * F32(7.874015718698502e-3)
    save("scaled", tensors, numbers)


# --- floats of four bits

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], F32)


def pairs(codes: np.ndarray, *, high_first: bool = False) -> np.ndarray:
    first, second = codes[..., 0::2].astype(np.uint8), codes[..., 1::2].astype(np.uint8)
    return first << 4 | second if high_first else second << 4 | first


def floats() -> None:
    experts, outputs, inputs = 3, 10, 96
    codes = rng.integers(0, 16, (experts, outputs, inputs))
    scales = rng.integers(110, 130, (experts, outputs, inputs // 32), dtype=np.uint8)
    factor = np.exp2(scales.astype(F32) - 127)
    plain = E2M1[codes] * np.repeat(factor, 32, -1)
    tensors = {"experts.up_blocks": pairs(codes).reshape(experts, outputs, -1, 16), "experts.up_scales": scales}
    save("mxfp4", tensors, {"experts.up": plain.transpose(0, 2, 1)})

    rows, columns = 12, 64
    codes = rng.integers(0, 16, (rows, columns))
    scales = rng.uniform(1, 100, (rows, columns // 16)).astype(ml_dtypes.float8_e4m3fn)
    each = E2M1[codes] * np.repeat(scales.astype(F32), 16, 1)
    two, divisor = np.array(0.003, F32), np.array([300.0], F32)
    tensors = {
        "a.weight": pairs(codes), "a.weight_scale": scales, "a.weight_scale_2": two, "a.input_scale": two,
        "b.weight_packed": pairs(codes), "b.weight_scale": scales, "b.weight_global_scale": divisor,
    }  # fmt: skip
    save("nvfp4", tensors, {"a.weight": each * two, "b.weight": each / divisor})


# --- bitsandbytes' four bits


def bnb(kind: str, *, nested: bool) -> None:
    table = rng.permutation(np.linspace(-1, 1, 16)).astype(F32)
    tensors, numbers = {}, {}
    for name, (shape, block) in {"a": ((48, 64), 64), "b": ((24, 40), 64), "c": ((50, 36), 32)}.items():
        count = shape[0] * shape[1]
        blocks = -(-count // block)
        codes = rng.integers(0, 16, count)
        weight = f"{name}.weight"
        state = {"quant_type": kind, "blocksize": block, "dtype": "bfloat16", "shape": list(shape)}
        tensors |= {weight: pairs(codes, high_first=True)[:, None], f"{weight}.quant_map": table}
        if nested:
            index = rng.integers(0, 256, blocks).astype(np.uint8)
            outer = rng.uniform(0.1, 0.2, -(-blocks // 256)).astype(F32)
            map8 = np.linspace(-1, 1, 256).astype(F32)
            state |= {"nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.35}
            tensors |= {f"{weight}.absmax": index, f"{weight}.nested_absmax": outer, f"{weight}.nested_quant_map": map8}
            absmax = map8[index] * outer[np.arange(blocks) // 256] + F32(0.35)
        else:
            absmax = rng.uniform(0.1, 0.2, blocks).astype(F32)
            tensors[f"{weight}.absmax"] = absmax
        text = np.frombuffer(json.dumps(state).encode(), np.uint8)
        tensors[f"{weight}.quant_state.bitsandbytes__{kind}"] = text
        numbers[weight] = (table[codes] * absmax[np.arange(count) // block]).reshape(shape)
    save(f"bnb-{kind}{'-nested' if nested else ''}", tensors, numbers)


# --- HQQ: core/bitpack.py cuts the rows of the matrix of codes into parts and puts these on top of each other


def hqq(bits: float, axis: int, *, offload: bool = False) -> None:
    tensors, numbers = {}, {}
    width, count, word = {8: (8, 1, 1), 4: (4, 2, 1), 3: (3, 10, 4), 2: (2, 4, 1), 1.58: (2, 4, 1), 1: (1, 8, 1)}[bits]
    levels = 3 if bits == 1.58 else 1 << width
    for name, (shape, group) in {
        "a": ((64, 96), 32), "b": ((40, 36), 60), "c": ((48, 80), None), "d": ((16, 24), 384), "e": ((24, 600), 200),
        "f": ((16, 70_000), 16), "g": ((13, 24), 24), "h": ((2, 24), 24),
    }.items():  # fmt: skip
        size = shape[0] * shape[1]
        if group is None:
            rows, columns = shape
        else:
            rows, columns = (size // group, group) if axis == 1 else (group, size // group)
        # Rows longer than a block that is read at a time.
        if rows % count and bits != 3 or name == "f" and axis == 1:
            continue
        codes = rng.integers(0, levels, (rows, columns), dtype=np.int64)
        step = -(-rows // count)
        padded = np.zeros((step * count, columns), np.int64)
        padded[:rows] = codes
        packed = np.zeros((step, columns), np.int64)
        for part in range(count):
            packed |= padded[part * step : (part + 1) * step] << ((count - 1 - part) * width)
        each = (rows, 1) if axis == 1 else (1, columns)
        scales = rng.uniform(0.01, 0.02, each).astype(np.float16)
        zeros = rng.uniform(0, levels, each).astype(np.float16)
        plain = ((codes.astype(F32) - zeros.astype(F32)) * scales.astype(F32)).reshape(shape)
        packing = f"{width}bit_{'32' if word == 4 else 'u8'}"
        tensors |= {
            f"{name}.W_q": packed.astype(np.int32 if word == 4 else np.uint8),
            f"{name}.nbits": np.array(bits, np.float32 if bits == 1.58 else np.int32),
            f"{name}.axis": np.array(axis, np.int32),
            f"{name}.shape": np.array(shape, np.int64),
            f"{name}.packing": np.frombuffer(packing.encode(), np.uint8),
            f"{name}.view_as_float": np.array(0, np.uint8),
            f"{name}.bias": rng.normal(0, 1, shape[0]).astype(np.float16),
        }
        if group is not None:
            tensors[f"{name}.group_size"] = np.array(group, np.int32)
        if offload:
            tensors[f"{name}.zero_scale"] = np.stack([zeros, scales])
        else:
            tensors |= {f"{name}.scale": scales, f"{name}.zero": zeros}
        numbers |= {f"{name}.weight": plain, f"{name}.bias": tensors[f"{name}.bias"]}
    save(f"hqq-{bits}-{axis}{'-offload' if offload else ''}", tensors, numbers)


# --- torchao: Int4Tensor of FBGEMM's pack_int4: the lower half first, scales with a row for each group


def torchao() -> None:
    tensors, numbers, metadata = {}, {}, {}
    for name, (rows, columns, group) in {"a": (64, 96, 32), "b": (1, 64, 64), "c": (300, 1024, 128)}.items():
        codes = rng.integers(-8, 8, (rows, columns), dtype=np.int64)
        scales = rng.uniform(0.01, 0.02, (columns // group, rows)).astype(ml_dtypes.bfloat16)
        middles = rng.normal(0, 0.1, scales.shape).astype(ml_dtypes.bfloat16)
        tensors[f"{name}._weight_qdata"] = pairs(codes & 15)
        tensors |= {f"{name}._weight_scale": scales, f"{name}._weight_zero_point": middles}
        detail = {"_type": "Int4Tensor", "_data": {"block_size": [1, group], "shape": [rows, columns]}}
        metadata[f"{name}.weight"] = json.dumps(detail)
        plain = codes.astype(F32) * np.repeat(scales.astype(F32).T, group, 1)
        numbers[f"{name}.weight"] = plain + np.repeat(middles.astype(F32).T, group, 1)
    metadata["tensor_names"] = json.dumps(list(numbers))
    save("torchao-int4", tensors, numbers, metadata=metadata)


for bits in [2, 3, 4, 8]:
    gptq(f"gptq-{bits}", bits)
    gptq(f"gptq-{bits}-act", bits, act=True)
gptq("gptq-4-v2", 4, version=2)
awq()
for bits in [2, 3, 4, 5, 6, 8]:
    mlx(bits, 64 if bits in (3, 5) else 32)
mlx(4, 128, stacked=True)
for bits, columns in [(4, 64), (8, 64), (4, 60)]:
    packed(bits, 32 if columns == 64 else 16, columns)
scaled()
floats()
for bits in [8, 4, 3, 2, 1.58, 1]:
    for axis in [0, 1]:
        hqq(bits, axis)
hqq(4, 1, offload=True)
torchao()
for kind in ["nf4", "fp4"]:
    for nested in [False, True]:
        bnb(kind, nested=nested)
print("true")
