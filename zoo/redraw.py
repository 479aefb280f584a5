"""Strangers that have all in common with a trained model but its training: for zoo/strangers.py --disguised.

The tables of all are those of the model, with noise, so that they are as alike as those of relatives; norms and the
cut of pictures are those of the model. Each network has them in other coordinates. The maps of its layers are drawn by
themselves. Units, heads and channels are exchangeable, as in independent initialization, and have the statistics of the
trained ones: the second moments of a map's rows (or columns) in the coordinates of the residual stream, and their lengths.
"""

import json
from pathlib import Path

import numpy as np

from disguise import Network, basis, chain, composed, everything, rotated
from vary import Collection, Zoo

NOISE = 0.3  # Of tables, relative to their size.
HEADS = 2  # Of keys and values, where a decoder may have fewer than of queries.


def like_rows(random, t: np.ndarray, count: int) -> np.ndarray:
    """Rows that are drawn from a normal distribution with the second moments of t's, and have the lengths of some."""
    values, vectors = np.linalg.eigh(t.T @ t / len(t))
    drawn = random.standard_normal((count, t.shape[1])) @ (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    lengths = random.choice(np.linalg.norm(t, axis=1), count, replace=count > len(t))
    return drawn * (lengths / np.linalg.norm(drawn, axis=1))[:, None]


def redrawn(stored: dict, config: dict, kind, random) -> dict:
    """A stranger to the model, in coordinates of its own; `kind` disguises it once more."""
    net = Network(stored, config)
    groups = HEADS if net.has_rms else net.groups
    for layer in range(net.layers):
        for part in ["q", "k", "v", *net.parts()]:
            name, t = net.name(layer, part), net.at(layer, part)
            net.w[name] = like_rows(random, t, groups * net.size if part in "kv" else len(t))
        for part in ["o", "down"]:
            t = net.at(layer, part)
            net.w[net.name(layer, part)] = like_rows(random, t.T, t.shape[1]).T
        for part in ["q", "k", "v", "o", *net.parts(), "down"]:
            bias = net.name(layer, part, "bias")
            if bias in net.w:
                net.w[bias] = random.permutation(net.w[bias])
    net.groups = groups
    for name in net.n["tables"] + net.n["heads"]:
        if name in net.w:
            t = net.w[name]
            net.w[name] = t + NOISE * t.std() * random.standard_normal(t.shape)
    (rotated if net.has_rms else basis)(net, random)
    if kind:
        kind(net, random)
    return net.weights()


def convolutions(random, first: np.ndarray, is_disguised: bool) -> dict:
    """A chain whose first filters are those that everybody learns, in an order of its own."""
    noise = NOISE * random.standard_normal(first.shape)
    w = {"features.0.weight": random.permutation(first + noise).astype(np.float32) / 6}
    for number, (after, before) in enumerate([(64, 32), (64, 64), (64, 64)], start=1):
        fall = 1 / np.sqrt(np.arange(1, 9 * before + 1))  # Spectra of trained maps fall like a power.
        left = np.linalg.qr(random.standard_normal((9 * before, 9 * before)))[0]
        t = random.standard_normal((after, 9 * before)) * fall @ left / 2
        w[f"features.{2 * number}.weight"] = t.reshape(after, before, 3, 3).astype(np.float32)
    w["classifier.0.weight"] = random.standard_normal((10, 64)).astype(np.float32) / 8
    w |= {
        n.replace("weight", "bias"): (random.standard_normal(len(t)) / 10).astype(np.float32)
        for n, t in list(w.items())
    }
    return chain(w, random) if is_disguised else w


def collections(out: Path, models: list, seed: int, count: int):
    """A folder of `count` strangers for each model, and one of chains; every second network is disguised."""
    random = np.random.default_rng(seed)
    for folder in models:
        made = Collection(out / folder.parent.name)
        stored = Zoo(folder.parent).weights(folder.name)
        config = json.loads((folder / "config.json").read_text())
        groups = {"num_key_value_heads": HEADS} if "num_key_value_heads" in config else {}
        for number in range(count):
            kind = random.choice([composed, everything]) if number % 2 else None
            name = f"stranger-{number:04}"
            made.add(name, [], "root", redrawn(stored, config, kind, random), None)
            (made.folder / name / "config.json").write_text(json.dumps(config | groups))
        made.close()
    made = Collection(out / "convolutions")
    first = random.standard_normal((32, 3, 3, 3))
    for number in range(count):
        made.add(f"stranger-{number:04}", [], "root", convolutions(random, first, number % 2 == 1), None)
    made.close()
