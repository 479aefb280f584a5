"""Thousands of small models in many families, with known trees: for runs in which not all pairs fit.

    forest_of_models.py FOLDER [--models 10000] [--families 200] [--architectures 8] [--seed 1]

Writes bf16 safetensors, one model a folder, and truth.json beside them. Models have 1e5 to 1e6 weights: decoders of two
to four layers. Families of one architecture have nothing in common but the names and shapes of their tensors. Their
sizes fall with the root of their rank, and their members are numbered at random among all others. Every model is its
parent plus a step of one to five hundredths of its size in all maps, and in 60 % of the rows of the table of
tokens. One family is in memory at a time; steps are windows into one pool of random numbers.
"""

import argparse
import json
from pathlib import Path

import numpy as np

POOL = 1 << 24
SIZE = np.float32(0.02)
STEPS = (0.01, 0.05)
TRAINED_ROWS = 0.6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--families", type=int, default=200)
    parser.add_argument("--architectures", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    pool = SIZE * rng.standard_normal(POOL, dtype=np.float32)
    numbers = rng.permutation(options.models)
    truth, first = {}, 0
    for family, size in enumerate(sizes(options.models, options.families)):
        members = [name(number) for number in numbers[first : first + size]]
        shapes = architecture(family % options.architectures)
        truth |= write_family(options.folder, members, shapes, rng, pool)
        first += size
    rows = [{"id": model, "parent": truth[model]} for model in sorted(truth)]
    (options.folder / "truth.json").write_text(json.dumps({"models": rows}, indent=1))


def sizes(models, families):
    """Of all families, the largest first; every family has a model."""
    shares = 1 / np.sqrt(np.arange(1, families + 1))
    found = 1 + np.floor(shares / shares.sum() * (models - families)).astype(int)
    found[: models - found.sum()] += 1
    return found


def architecture(kind):
    """Names and shapes of the tensors of a decoder, from 1.3e5 weights (the first) to 6.7e5 (the eighth)."""
    width, layers, tokens = 56 + 8 * (kind % 8), 2 + kind % 3, 512 + 16 * kind
    shapes = {"model.embed_tokens.weight": (tokens, width)}
    for layer in range(layers):
        for map_, shape in {
            "self_attn.q_proj": (width, width),
            "self_attn.k_proj": (width, width),
            "self_attn.v_proj": (width, width),
            "self_attn.o_proj": (width, width),
            "mlp.gate_proj": (4 * width, width),
            "mlp.up_proj": (4 * width, width),
            "mlp.down_proj": (width, 4 * width),
        }.items():
            shapes[f"model.layers.{layer}.{map_}.weight"] = shape
    return shapes


def name(number):
    return f"m{number:05}"


def write_family(folder, members, shapes, rng, pool):
    """Grows a random recursive tree; returns the parent of each member."""
    parents, models = {}, []
    for place, member in enumerate(members):
        parent = None if place == 0 else int(rng.integers(0, place))
        parents[member] = None if parent is None else members[parent]
        models.append(child(None if parent is None else models[parent], shapes, rng, pool))
        write(folder / member, shapes, models[-1])
    return parents


def child(parent, shapes, rng, pool):
    step = np.float32(np.exp(rng.uniform(*np.log(STEPS))))
    tensors = []
    for place, (name_, shape) in enumerate(shapes.items()):
        count = shape[0] * shape[1]
        start = int(rng.integers(0, POOL - count))
        values = pool[start : start + count].reshape(shape)
        if parent is not None:
            values = step * values
            if "embed" in name_:
                values[rng.random(shape[0]) >= TRAINED_ROWS] = 0
            values += parent[place]
        # What is stored is what descendants start from.
        bits = values.view(np.uint32) if values.flags.c_contiguous else np.ascontiguousarray(values).view(np.uint32)
        rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)
        tensors.append(rounded.view(np.float32))
    return tensors


def write(folder, shapes, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    header, at = {}, 0
    for (name_, shape), values in zip(shapes.items(), tensors, strict=True):
        header[name_] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + 2 * values.size]}
        at += 2 * values.size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for values in tensors:
            out.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())


main()
