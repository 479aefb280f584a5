"""Writes one model of a zoo in other layouts, each an exact copy of its weights.

usage: layouts.py MODEL.safetensors DIR SEED
Prints one line per copy: its name and the transformations that a reader has to undo.
Independent of the program: layouts are written as their projects document them.
"""

import json
import os
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

source, target, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(seed)
with safe_open(source, "np") as file:
    weights = {name: file.get_tensor(name) for name in file.keys()}
layers = 1 + max(int(name.split(".")[2]) for name in weights if ".layers." in name)
width = weights["model.embed_tokens.weight"].shape[1]
heads = int(rng.choice([2, 4, 8]))


def write(name, tensors, config=None):
    os.makedirs(f"{target}/{name}", exist_ok=True)
    order = list(tensors)
    rng.shuffle(order)
    save_file({key: np.ascontiguousarray(tensors[key]) for key in order}, f"{target}/{name}/model.safetensors")
    with open(f"{target}/{name}/config.json", "w", encoding="utf-8") as file:
        json.dump(config or {}, file)


def pairs(rows):
    """Rotary halves to neighbors, head by head (`permute` of llama.cpp's converter)."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)


def layer(number, part):
    return weights[f"model.layers.{number}.{part}.weight"]


def outside(embed, norm, head):
    found = {"model.embed_tokens.weight": embed, "model.norm.weight": norm, "lm_head.weight": head}
    return {new: weights[old] for old, new in found.items() if old in weights}


def meta(q="layers.{}.attention.wq", k="layers.{}.attention.wk", rest=None, names=("tok_embeddings", "norm", "output")):
    rest = rest or {
        "self_attn.v_proj": "layers.{}.attention.wv",
        "self_attn.o_proj": "layers.{}.attention.wo",
        "mlp.gate_proj": "layers.{}.feed_forward.w1",
        "mlp.down_proj": "layers.{}.feed_forward.w2",
        "mlp.up_proj": "layers.{}.feed_forward.w3",
        "input_layernorm": "layers.{}.attention_norm",
        "post_attention_layernorm": "layers.{}.ffn_norm",
    }
    out = outside(*(f"{name}.weight" for name in names))
    for i in range(layers):
        out[q.format(i) + ".weight"] = pairs(layer(i, "self_attn.q_proj"))
        out[k.format(i) + ".weight"] = pairs(layer(i, "self_attn.k_proj"))
        out |= {f"{new.format(i)}.weight": layer(i, old) for old, new in rest.items()}
    return out


def fused():
    out = outside("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    for i in range(layers):
        p = f"model.layers.{i}."
        out[p + "self_attn.qkv_proj.weight"] = np.concatenate([layer(i, f"self_attn.{x}_proj") for x in "qkv"])
        out[p + "mlp.gate_up_proj.weight"] = np.concatenate([layer(i, f"mlp.{x}_proj") for x in ("gate", "up")])
        for part in ("self_attn.o_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm"):
            out[f"{p}{part}.weight"] = layer(i, part)
    return out


def grouped():
    out = outside("model.tok_embeddings.weight", "model.norm.weight", "output.weight")
    names = {
        "self_attn.o_proj": "attention.wo",
        "mlp.gate_proj": "feed_forward.w1",
        "mlp.down_proj": "feed_forward.w2",
        "mlp.up_proj": "feed_forward.w3",
        "input_layernorm": "attention_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    for i in range(layers):
        head = [layer(i, f"self_attn.{x}_proj").reshape(heads, width // heads, -1) for x in "qkv"]
        out[f"model.layers.{i}.attention.wqkv.weight"] = np.stack(head, 1).reshape(3 * width, -1)
        out |= {f"model.layers.{i}.{new}.weight": layer(i, old) for old, new in names.items()}
    return out


def unknown():
    """Names and numbers that nobody knows, every second matrix transposed."""
    out = {}
    for number, (_name, w) in enumerate(sorted(weights.items())):
        out[f"onnx::tensor_{number * 7 + 3}"] = w.T if w.ndim == 2 and number % 2 else w
    return out


gguf = {
    "self_attn.v_proj": "blk.{}.attn_v",
    "self_attn.o_proj": "blk.{}.attn_output",
    "mlp.gate_proj": "blk.{}.ffn_gate",
    "mlp.down_proj": "blk.{}.ffn_down",
    "mlp.up_proj": "blk.{}.ffn_up",
    "input_layernorm": "blk.{}.attn_norm",
    "post_attention_layernorm": "blk.{}.ffn_norm",
}
write("plain", weights)
write("meta", meta())
write("gguf-names", meta("blk.{}.attn_q", "blk.{}.attn_k", gguf, ("token_embd", "output_norm", "output")))
write("fused", fused())
write("grouped", grouped())
write(
    "wrapped",
    {
        f"_orig_mod.module.model.language_model.{k.removeprefix('model.')}" if k.startswith("model.") else k: v
        for k, v in weights.items()
    },
)
write("unknown", unknown())
print(f"seed {seed}, {heads} heads")
