"""Files as the gguf package writes them, and their numbers as it decodes them.

gguf_files.py FILE SEED  writes a file with a tensor of every type; prints what it holds
gguf_files.py model MODEL.safetensors OUT.gguf TYPE HEADS KVHEADS
                         writes a llama of Hugging Face's names as convert_hf_to_gguf.py does, matrices in TYPE
                         where their rows fill whole blocks
gguf_files.py lora FOLDER SEED
                         writes a low-rank adapter of a small llama as PEFT does (FOLDER/peft), and the same as
                         convert_lora_to_gguf.py does (FOLDER/lora.gguf)
"""

import json
import pathlib
import re
import sys

import gguf
import ml_dtypes  # noqa: F401 (safetensors needs it for BF16)
import numpy as np
from safetensors.numpy import load_file, save_file

import gguf_blocks

PLAIN = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


def add(writer: gguf.GGUFWriter, name: str, numbers: np.ndarray, kind: str) -> np.ndarray:
    """Adds a tensor; returns its numbers as they are read."""
    if kind in PLAIN:
        stored = numbers.astype(PLAIN[kind])
        writer.add_tensor(name, stored)
        return stored.astype(np.float32).ravel()
    kind_number = gguf.GGMLQuantizationType[kind]
    if kind == "BF16":
        raw = gguf.quants.quantize(numbers.astype(np.float32), kind_number).view(np.uint8)
        writer.add_tensor(name, raw.reshape(numbers.shape[0], -1), raw_dtype=kind_number)
        return gguf.quants.dequantize(raw, kind_number).ravel()
    raw = gguf_blocks.quantize(kind, numbers)
    writer.add_tensor(name, raw.reshape(*numbers.shape[:-1], -1), raw_dtype=kind_number)
    return gguf_blocks.dequantize(kind, raw)


def every_type(path: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(64)
    writer.add_head_count(8)
    writer.add_head_count_kv([2, 2, 2])
    writer.add_rope_dimension_count(16)
    writer.add_expert_count(4)
    writer.add_token_list([f"token {k}" for k in range(3000)])
    writer.add_token_scores([0.5] * 3000)
    writer.add_string("general.description", "long " * 400)
    tensors = []
    for kind in ["F64", "F32", "F16", "BF16", *gguf_blocks.NAMES]:
        numbers = rng.standard_normal((3, 2, 512))
        if kind in ("BF16", *PLAIN):
            numbers = numbers[:, 0, :13]
        read = add(writer, f"{kind}.weight", numbers, kind)
        tensors.append(
            {"name": f"{kind}.weight", "type": kind, "shape": numbers.shape, "bits": read.view(np.uint32).tolist()}
        )
    writer.add_tensor("ids", np.arange(5, dtype=np.int32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(json.dumps(tensors))


NAMES = {
    r"model\.embed_tokens": "token_embd",
    r"model\.norm": "output_norm",
    r"lm_head": "output",
    r"model\.layers\.(\d+)\.input_layernorm": r"blk.\1.attn_norm",
    r"model\.layers\.(\d+)\.post_attention_layernorm": r"blk.\1.ffn_norm",
    r"model\.layers\.(\d+)\.self_attn\.([qkv])_proj": r"blk.\1.attn_\2",
    r"model\.layers\.(\d+)\.self_attn\.o_proj": r"blk.\1.attn_output",
    r"model\.layers\.(\d+)\.mlp\.(gate|up|down)_proj": r"blk.\1.ffn_\2",
}


def pairs(matrix: np.ndarray, heads: int) -> np.ndarray:
    """The rows of each head as llama.cpp wants them: halves become neighbors."""
    rows = matrix.reshape(heads, 2, matrix.shape[0] // heads // 2, *matrix.shape[1:])
    return rows.swapaxes(1, 2).reshape(matrix.shape)


def model(source: str, path: str, kind: str, heads: int, kv_heads: int) -> None:
    weights = load_file(source)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    for name, tensor in weights.items():
        module, _, own = name.rpartition(".")
        for pattern, target in NAMES.items():
            module, found = re.subn(f"^{pattern}$", target, module)
            if found:
                break
        tensor = tensor.astype(np.float32)
        if module.endswith("attn_q"):
            tensor = pairs(tensor, heads)
        if module.endswith("attn_k"):
            tensor = pairs(tensor, kv_heads)
        block = 1 if kind in ("BF16", *PLAIN) else gguf_blocks.sizes(kind)[0]
        add(writer, f"{module}.{own}", tensor, kind if tensor.ndim == 2 and tensor.shape[-1] % block == 0 else "F32")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def lora(folder: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    width, heads, kv_heads, rank, tokens = 32, 4, 2, 3, 40
    shapes = {"embed_tokens": (tokens, width)}
    for layer in range(2):
        shapes |= {f"layers.{layer}.self_attn.{x}_proj": (width // (1 if x in "qo" else 2), width) for x in "qkvo"}
    place = pathlib.Path(folder) / "peft"
    place.mkdir(parents=True)
    (place / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank, "lora_alpha": 6}))
    writer = gguf.GGUFWriter(f"{folder}/lora.gguf", "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 6.0)
    writer.add_string("general.base_model.0.repo_url", "https://huggingface.co/org/base")
    tensors = {}
    for module, (rows, columns) in shapes.items():
        a, b = rng.standard_normal((rank, columns)), rng.standard_normal((rows, rank))
        if module == "embed_tokens":
            # The change of a table is (B A) transposed.
            a, b = rng.standard_normal((rank, tokens)), rng.standard_normal((width, rank))
        a, b = a.astype(np.float32), b.astype(np.float32)
        for pattern, target in NAMES.items():
            name, found = re.subn(f"^{pattern}$", target, f"model.{module}")
            if found:
                break
        front = f"base_model.model.model.{module}"
        if module == "embed_tokens":
            tensors |= {f"{front}.lora_embedding_A": a, f"{front}.lora_embedding_B": b}
            # llama.cpp looks the rows of the first factor up.
            a = np.ascontiguousarray(a.T)
        else:
            tensors |= {f"{front}.lora_A.weight": a, f"{front}.lora_B.weight": b}
        if name.endswith(("attn_q", "attn_k")):
            b = np.ascontiguousarray(pairs(b, heads if name.endswith("q") else kv_heads))
        writer.add_tensor(f"{name}.weight.lora_a", a)
        writer.add_tensor(f"{name}.weight.lora_b", b)
    save_file(tensors, place / "adapter_model.safetensors")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if sys.argv[1] == "model":
        model(*sys.argv[2:5], *(int(text) for text in sys.argv[5:]))
    elif sys.argv[1] == "lora":
        lora(sys.argv[2], int(sys.argv[3]))
    else:
        every_type(sys.argv[1], int(sys.argv[2]))
