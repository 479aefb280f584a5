"""Makes models whose differences have known ranks: make_ranks.py FOLDER SEED

FOLDER/f32 and FOLDER/bf16 hold a root, merges of low-rank updates of the root, a path of such merges, and
a full fine-tune; ranks.json tells the rank of the difference to the root. Rows and columns of the root
differ in scale, and so do the directions of the updates.
"""

import json
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

SHAPES = {
    "square.small": (64, 64),
    "square.whole": (160, 160),
    "square.sketched": (384, 384),
    "tall": (600, 96),
    "wide": (128, 700),
    "both.sketched": (500, 320),
}
MERGES = [(1, 0.3), (8, 0.01), (32, 0.05), (64, 0.1)]
PATH = [(1, 0.1), (5, 0.2), (17, 0.1)]


def rms(x):
    return float(np.sqrt((np.asarray(x, np.float64) ** 2).mean()))


def root(rng, shape):
    rows, columns = (np.exp(0.3 * rng.standard_normal(s)) for s in ((shape[0], 1), (1, shape[1])))
    return 0.03 * rng.standard_normal(shape) * rows * columns


def merged(rng, weights, rank, scale, dtype):
    out = {}
    for name, w in weights.items():
        b = rng.standard_normal((w.shape[0], rank)) * np.exp(0.3 * rng.standard_normal(rank))
        update = (b @ rng.standard_normal((rank, w.shape[1]))).astype(np.float32)
        w = w.astype(np.float32)
        out[name] = (w + update * np.float32(scale * rms(w) / rms(update))).astype(dtype)
    return out


folder, seed = Path(sys.argv[1]), int(sys.argv[2])
for name, dtype in (("f32", np.float32), ("bf16", ml_dtypes.bfloat16)):
    rng = np.random.default_rng(seed)
    models, ranks = {"root": {k: root(rng, s).astype(dtype) for k, s in SHAPES.items()}}, {"root": 0}
    for rank, scale in MERGES:
        models[f"merge{rank}"] = merged(rng, models["root"], rank, scale, dtype)
        ranks[f"merge{rank}"] = rank
    above, total = models["root"], 0
    for step, (rank, scale) in enumerate(PATH):
        above = merged(rng, above, rank, scale, dtype)
        total += rank
        models[f"path{step}"], ranks[f"path{step}"] = above, total
    models["full"] = {
        k: (w.astype(np.float32) + 0.05 * rms(w) * rng.standard_normal(w.shape)).astype(dtype)
        for k, w in models["root"].items()
    }
    for model, tensors in models.items():
        target = folder / name / model
        target.mkdir(parents=True)
        save_file({f"layers.{k}.weight": v for k, v in tensors.items()}, target / "model.safetensors")
    (folder / f"{name}.json").write_text(json.dumps(ranks))
