"""Small networks under the names of GPT-2, GPT-NeoX, OPT and timm's vision transformers, and disguised ones.

    python disguised_dialects.py DIALECT OUT

Writes base, its children a and b, and a stranger; hidden-a (a with noise) and hidden-b (b as it is), whose units, heads
and coordinates of the residual stream are in another order. LayerNorms with biases, as all these have.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

WIDTH, HEADS, LAYERS, TOKENS, POSITIONS, UNITS = 128, 2, 3, 300, 32, 192
SIZE = WIDTH // HEADS
MAPS = {
    "q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "o": (WIDTH, WIDTH), "up": (UNITS, WIDTH),
    "down": (WIDTH, UNITS),
}  # fmt: skip


def network(random) -> dict:
    """(layer, map, "weight" or "bias") -> numbers; layer None outside of layers."""

    def norm():
        return np.exp(0.2 * random.standard_normal(WIDTH)), 0.1 * random.standard_normal(WIDTH)

    w = {
        (None, "tokens", "weight"): 0.3 * random.standard_normal((TOKENS, WIDTH)),
        (None, "positions", "weight"): 0.1 * random.standard_normal((POSITIONS, WIDTH)),
    }
    w[None, "norm", "weight"], w[None, "norm", "bias"] = norm()
    for layer in range(LAYERS):
        for name, shape in MAPS.items():
            w[layer, name, "weight"] = random.standard_normal(shape) / shape[1] ** 0.5
            w[layer, name, "bias"] = 0.05 * random.standard_normal(shape[0])
        for name in ("norm1", "norm2"):
            w[layer, name, "weight"], w[layer, name, "bias"] = norm()
    return w


def trained(w: dict, random, size: float) -> dict:
    return {key: t + size * t.std() * random.standard_normal(t.shape) for key, t in w.items()}


def disguised(w: dict, random) -> dict:
    order = random.permutation(WIDTH)
    reads, writes = ("tokens", "positions", "q", "k", "v", "up"), ("norm", "norm1", "norm2", "o", "down")
    w = {k: t[:, order] if k[1] in reads and t.ndim > 1 else t[order] if k[1] in writes else t for k, t in w.items()}

    def rows(layer, name, order):
        for kind in ("weight", "bias"):
            w[layer, name, kind] = w[layer, name, kind][order]

    for layer in range(LAYERS):
        units = random.permutation(UNITS)
        rows(layer, "up", units)
        w[layer, "down", "weight"] = w[layer, "down", "weight"][:, units]
        inner = (random.permutation(HEADS)[:, None] * SIZE + np.arange(SIZE)).ravel()
        for name in "qkv":
            rows(layer, name, inner)
        w[layer, "o", "weight"] = w[layer, "o", "weight"][:, inner]
    return w


def renamed(w: dict, outside: dict, inside: dict, layers: str) -> dict:
    """What has a name of its own in the dialect."""
    found = {}
    for (layer, name, kind), t in w.items():
        known = outside if layer is None else inside
        if name in known:
            found[("" if layer is None else layers.format(layer)) + known[name] + "." + kind] = t
    return found


def queries_keys_values(w: dict, layer: int, kind: str) -> list:
    return [w[layer, name, kind] for name in "qkv"]


def gpt2(w):
    names = {"o": "attn.c_proj", "up": "mlp.c_fc", "down": "mlp.c_proj", "norm1": "ln_1", "norm2": "ln_2"}
    found = renamed(w, {"tokens": "wte", "positions": "wpe", "norm": "ln_f"}, names, "h.{}.")
    for layer in range(LAYERS):
        for kind in ("weight", "bias"):
            found[f"h.{layer}.attn.c_attn.{kind}"] = np.concatenate(queries_keys_values(w, layer, kind))
    # Maps are stored as (in, out).
    found = {"transformer." + n: t.T if ".c_" in n else t for n, t in found.items()}
    return found, {"model_type": "gpt2", "n_embd": WIDTH, "n_head": HEADS, "n_layer": LAYERS}


def neox(w):
    names = {
        "o": "attention.dense", "up": "mlp.dense_h_to_4h", "down": "mlp.dense_4h_to_h", "norm1": "input_layernorm",
        "norm2": "post_attention_layernorm",
    }  # fmt: skip
    found = renamed(w, {"tokens": "embed_in", "norm": "final_layer_norm"}, names, "layers.{}.")
    found["embed_out.weight"] = 1.1 * w[None, "tokens", "weight"] + 0.01
    for layer in range(LAYERS):
        for kind in ("weight", "bias"):
            # Query, key and value of one head after another.
            heads = [t.reshape(HEADS, SIZE, -1) for t in queries_keys_values(w, layer, kind)]
            shape = (3 * WIDTH, WIDTH) if kind == "weight" else (3 * WIDTH,)
            found[f"layers.{layer}.attention.query_key_value.{kind}"] = np.stack(heads, 1).reshape(shape)
    found = {n if n.startswith("embed_out") else "gpt_neox." + n: t for n, t in found.items()}
    return found, {"model_type": "gpt_neox", "hidden_size": WIDTH, "num_attention_heads": HEADS, "rotary_pct": 0.25}


def opt(w):
    names = {
        "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.out_proj",
        "up": "fc1", "down": "fc2", "norm1": "self_attn_layer_norm", "norm2": "final_layer_norm",
    }  # fmt: skip
    outside = {"tokens": "embed_tokens", "positions": "embed_positions", "norm": "final_layer_norm"}
    found = {f"model.decoder.{n}": t for n, t in renamed(w, outside, names, "layers.{}.").items()}
    return found, {"model_type": "opt", "hidden_size": WIDTH, "num_attention_heads": HEADS}


def timm(w):
    names = {"o": "attn.proj", "up": "mlp.fc1", "down": "mlp.fc2", "norm1": "norm1", "norm2": "norm2"}
    found = renamed(w, {"norm": "norm"}, names, "blocks.{}.")
    table = w[None, "tokens", "weight"]
    found |= {
        "patch_embed.proj.weight": table[:48].T.reshape(WIDTH, 3, 4, 4), "patch_embed.proj.bias": table[48],
        "cls_token": table[49].reshape(1, 1, -1), "pos_embed": w[None, "positions", "weight"][None, :17],
        "head.weight": table[50:60], "head.bias": np.full(10, 0.01),
    }  # fmt: skip
    for layer in range(LAYERS):
        for kind in ("weight", "bias"):
            found[f"blocks.{layer}.attn.qkv.{kind}"] = np.concatenate(queries_keys_values(w, layer, kind))
    return found, {"architecture": "vit_tiny_patch4"}  # does not say that heads have 64 coordinates


DIALECTS = {f.__name__: f for f in (gpt2, neox, opt, timm)}


def main():
    dialect, out = DIALECTS[sys.argv[1]], Path(sys.argv[2])
    random = np.random.default_rng(7)
    base = network(random)
    a, b = trained(base, random, 0.1), trained(base, random, 0.1)
    models = {
        "base": base, "a": a, "b": b, "hidden-a": disguised(trained(a, random, 0.05), random),
        "hidden-b": disguised(b, random), "stranger": network(random),
    }  # fmt: skip
    for name, weights in models.items():
        tensors, config = dialect(weights)
        (out / name).mkdir(parents=True)
        save_file(
            {n: np.ascontiguousarray(t, np.float32) for n, t in tensors.items()}, out / name / "model.safetensors"
        )
        (out / name / "config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main()
