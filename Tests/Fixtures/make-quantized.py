#!/usr/bin/env python3
"""Makes quantized/ beside this script with the packages that people quantize with, and adds to expected.json what those
packages make of it.

Checked in was what hqq 0.2.8.post1 and torchao 0.18.0 wrote with torch 2.13.0:
pip install torch safetensors hqq torchao && python make-quantized.py
"""

import itertools
import json
import pathlib

import torch
from hqq.core.quantize import HQQLinear, Quantizer
from safetensors.torch import save_file
from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict
from torchao.quantization import Float8Tensor, Int8Tensor, IntxUnpackedToInt8Tensor, MappingType, PerRow, PerTensor

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "quantized"
FOLDER.mkdir(exist_ok=True)
EXPECTED = json.loads((HERE / "expected.json").read_text())
torch.manual_seed(27)


def keep(name, tensors):
    EXPECTED[f"quantized/{name}"] = {
        key: {"shape": list(value.shape), "values": value.detach().double().reshape(-1).tolist()}
        for key, value in tensors.items()
    }


def hqq_layers():
    """Groups that divide a row, that cross rows, and whole rows or columns."""
    for bits, axis, group in itertools.product([8, 5, 4, 3, 2, 1.58, 1], [0, 1], [4, 8, None]):
        rows = 8 if group is None else 96 // group if axis == 1 else group
        if rows % {8: 1, 5: 1, 4: 2, 3: 1, 2: 4, 1.58: 4, 1: 8}[bits] or (bits in (5, 1.58) and group != 4):
            continue
        config = {
            "weight_quant_params": {"nbits": bits, "channel_wise": True, "group_size": group, "optimize": False,
                                    "round_zero": bits == 8, "axis": axis, "view_as_float": bits == 4 and axis == 1},
            "scale_quant_params": None, "zero_quant_params": None, "offload_meta": False,
        }  # fmt: skip
        linear = torch.nn.Linear(12, 8, bias=bits == 4)
        layer = HQQLinear(linear, config, compute_dtype=torch.float32, device="cpu")
        layer.meta["compute_dtype"] = torch.float32
        yield f"layers.{str(bits).replace('.', '_')}_{axis}_{group}", layer


def hqq():
    encoded, plain, numbers = {}, {}, {}
    for name, layer in hqq_layers():
        numbers[f"{name}.weight"] = Quantizer.dequantize(layer.W_q, layer.meta)
        if layer.bias is not None:
            numbers[f"{name}.bias"] = layer.bias
        encoded |= {f"{name}.{key}": value.contiguous() for key, value in layer.state_dict().items()}
        layer.encoded_state_dict = False
        plain[name] = dict(layer.state_dict())
    save_file(encoded, FOLDER / "hqq.safetensors")
    keep("hqq.safetensors", numbers)
    torch.save(plain, FOLDER / "qmodel.pt")
    keep("qmodel.pt", numbers)


def torchao():
    def weights():
        return torch.randn(6, 16)

    state = {
        "rows.weight": Int8Tensor.from_hp(weights(), PerRow()),
        "whole.weight": Int8Tensor.from_hp(weights(), PerTensor()),
        "zero.weight": Int8Tensor.from_hp(weights(), PerRow(), mapping_type=MappingType.ASYMMETRIC),
        "groups.weight": IntxUnpackedToInt8Tensor.from_hp(weights(), (1, 8), torch.int4),
        "odd.weight": IntxUnpackedToInt8Tensor.from_hp(
            weights(), (1, 4), torch.int3, mapping_type=MappingType.ASYMMETRIC
        ),
        "float.weight": Float8Tensor.from_hp(weights(), granularity=PerRow()),
        "float1.weight": Float8Tensor.from_hp(weights(), granularity=PerTensor()),
        "rows.bias": torch.randn(6),
    }
    numbers = {name: value.dequantize() if hasattr(value, "qdata") else value for name, value in state.items()}
    tensors, metadata = flatten_tensor_state_dict(state)
    save_file(tensors, FOLDER / "torchao.safetensors", metadata)
    keep("torchao.safetensors", numbers)
    torch.save(state, FOLDER / "torchao.bin")
    keep("torchao.bin", numbers)


hqq()
torchao()
lines = [f" {json.dumps(path)}: {json.dumps(tensors)}" for path, tensors in sorted(EXPECTED.items())]
(HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
