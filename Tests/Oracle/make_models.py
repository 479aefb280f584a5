"""Makes small model folders for tests, as a JSON list of jobs on stdin asks.

Each job: {"folder": ..., "seed": s, "parent": folder or null, "step": relative distance,
"tensors": count, "shape": [rows, columns], "dtype": "float32", "poison": "nan" or null,
"prefix": ""}. A child is its parent plus noise.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

for job in json.load(sys.stdin):
    rng = np.random.default_rng(job["seed"])
    prefix = job.get("prefix", "")
    if job.get("parent"):
        base = load_file(Path(job["parent"]) / "model.safetensors")
        tensors = {}
        for name, value in base.items():
            noise = rng.standard_normal(value.shape) * value.std() * job["step"]
            tensors[name] = (value.astype(np.float64) + noise).astype(value.dtype)
    else:
        shape = job.get("shape", [48, 32])
        tensors = {
            f"{prefix}layers.{k}.weight": (rng.standard_normal(shape) * 0.02).astype(job.get("dtype", "float32"))
            for k in range(job.get("tensors", 4))
        }
    if job.get("poison") == "nan":
        first = sorted(tensors)[0]
        tensors[first] = tensors[first].copy()
        tensors[first].flat[7] = np.nan
    if job.get("integers"):
        tensors["steps"] = np.arange(5)
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / "model.safetensors")
