"""Makes small model folders for tests, as a JSON list of jobs on stdin asks.

Each job: {"folder": ..., "seed": s, "parent": folder or null, "step": relative distance,
"tensors": count, "shape": [rows, columns], "dtype": "float32", "poison": "nan" or null,
"prefix": "", "names": null}. A child is its parent plus noise. Names are those of a root's tensors, or what a child
calls the tensors of its parent, in alphabetical order of these.
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
        names = job.get("names") or sorted(base)
        for name, value in zip(names, (base[name] for name in sorted(base)), strict=True):
            noise = rng.standard_normal(value.shape) * value.std() * job["step"]
            tensors[name] = (value.astype(np.float64) + noise).astype(value.dtype)
    else:
        shape = job.get("shape", [48, 32])
        tensors = {
            name: (rng.standard_normal(shape) * 0.02).astype(job.get("dtype", "float32"))
            for name in job.get("names") or [f"{prefix}layers.{k}.weight" for k in range(job.get("tensors", 4))]
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
