"""A large collection with a known tree, for a run as large as a machine allows.

    tree_of_models.py FOLDER [--models 60] [--tensors 96] [--side 1024] [--seed 1]

Writes bf16 safetensors, one model a folder, and truth.json beside them. Every model is its parent plus
a step of three hundredths of its size, another one for every model: what is left of training when
nothing but its traces counts. Steps are windows into one pool of random numbers, so that writing takes no
longer than the disk.
"""

import argparse
import json
from pathlib import Path

import numpy as np

POOL = 1 << 25
SIZE = np.float32(0.02)
STEP = np.float32(0.03)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=60)
    parser.add_argument("--tensors", type=int, default=96)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    pool = SIZE * rng.standard_normal(POOL, dtype=np.float32)
    # One tree: half of the models descend from a recent one, so that it gets deep.
    parents = [None] + [
        int(rng.integers(max(0, k - 6), k)) if rng.random() < 0.5 else int(rng.integers(0, k))
        for k in range(1, options.models)
    ]
    size = options.side**2
    offsets = rng.integers(0, POOL - size, (options.models, options.tensors))
    for model in range(options.models):
        write(options, model, parents, offsets, pool)
    truth = [{"id": name(k), "parent": None if p is None else name(p)} for k, p in enumerate(parents)]
    (options.folder / "truth.json").write_text(json.dumps({"models": truth}, indent=1))


def name(model):
    return f"m{model:03}"


def write(options, model, parents, offsets, pool):
    folder = options.folder / name(model)
    folder.mkdir(parents=True, exist_ok=True)
    size = options.side**2
    header = {
        f"layers.{k}.attn.weight": {
            "dtype": "BF16",
            "shape": [options.side, options.side],
            "data_offsets": [2 * size * k, 2 * size * (k + 1)],
        }
        for k in range(options.tensors)
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    line = [model]
    while parents[line[0]] is not None:
        line.insert(0, parents[line[0]])
    with open(folder / "model.safetensors", "wb", buffering=0) as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for k in range(options.tensors):
            # The root's own window, then one step per generation.
            values = pool[offsets[0, k] : offsets[0, k] + size].copy()
            for ancestor in line[1:]:
                values += STEP * pool[offsets[ancestor, k] : offsets[ancestor, k] + size]
            bits = values.view(np.uint32)
            out.write(((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16))


main()
