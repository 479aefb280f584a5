"""Holds the ranks of a run against numpy: check_ranks.py RUN MODELS_DIR RANKS_JSON exact|estimated

`exact`: weights stored as f32. Every pair's rank that is said to be exact is that of
numpy.linalg.matrix_rank on the float32 difference, and all low ranks are said to be; ranks to the root are
the ones that were made. `estimated`: weights rounded to 16 bits. Nothing may be called exact that is not,
and the low ranks of matrices that are kept whole are found all the same.
"""

import json
import os
import sys
from pathlib import Path

# Many small matrices: threads would only wait for each other.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import h5py
import numpy as np

from published_rules import read_models

run, folder, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4]
true = json.loads(Path(sys.argv[3]).read_text())


def check(condition, what):
    if not condition:
        sys.exit(f"disagreement: {what}")


with h5py.File(run / "results.h5") as file:
    ids = [i.decode() for i in file["models"][:]]
    names = [i.decode() for i in file["tensors"][:]]
    ranks, exact, saturated = (
        file[n][:] for n in ("tensor_distance/rank", "tensor_rank_exact", "tensor_rank_saturated")
    )
    distance = file["distance/lora"][:]
check(exact.dtype == saturated.dtype == np.uint8, "flags are uint8")
check(ranks.shape == exact.shape == saturated.shape == (len(names), len(ids), len(ids)), "shapes")
check(np.array_equal(distance, ranks.sum(axis=0)), "the distance is the sum of the ranks")
models = read_models(folder)
equal = estimated = 0
for layer, name in enumerate(names):
    for i, a in enumerate(ids):
        for j, b in enumerate(ids[:i]):
            numpy_rank = int(np.linalg.matrix_rank(models[a][name] - models[b][name]))
            found, said = int(ranks[layer, i, j]), bool(exact[layer, i, j])
            what = f"{name} of {a} and {b}: {found} (exact {said}), numpy {numpy_rank}"
            check(found == ranks[layer, j, i], f"{what}, not symmetric")
            check(not said or found == numpy_rank, what)
            equal += found == numpy_rank
            estimated += not said
            if "full" in (a, b):
                full = min(models[a][name].shape)
                check(found == full or saturated[layer, i, j] or 2 * found > full, f"{what}, called low")
            elif mode == "exact":
                # Sketches of 256 tell up to half of that from numpy's threshold.
                check(found == numpy_rank and not saturated[layer, i, j], what)
                check(said or numpy_rank > 60, f"{what}, not said to be exact")
            if "root" in (a, b) and "full" not in (a, b):
                other = a if b == "root" else b
                wanted = min(true[other], *models[a][name].shape)
                is_full = wanted == min(models[a][name].shape)  # the least value of all may be below any threshold
                if mode == "exact":
                    check(found == wanted or is_full, f"{what}, made with {wanted}")
                elif "whole" in name:
                    check(found == wanted or saturated[layer, i, j], f"{what}, made with {wanted}")
                    check(wanted > 32 or found == wanted, f"{what}, made with {wanted}")
                else:
                    check(found <= wanted + 1, f"{what}, made with {wanted}: noise counted")
total = len(names) * len(ids) * (len(ids) - 1) // 2
if mode == "estimated":
    check(estimated > total // 2, "16 bits: most ranks are estimates")
print(f"{equal} of {total} ranks are numpy's, {estimated} are estimates")
