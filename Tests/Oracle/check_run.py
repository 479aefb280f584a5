"""Holds a run directory against numpy, scipy and networkx on the original weights.

    check_run.py RUN MODELS_DIR

Prints what it compared; exits 1 at the first disagreement.
"""

import json
import struct
import sys
from pathlib import Path

import h5py
import ml_dtypes
import networkx as nx
import numpy as np
from scipy.stats import kurtosis

TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}


def load(path):
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        start, end = (8 + size + o for o in entry["data_offsets"])
        array = np.frombuffer(raw[start:end], TYPES[entry["dtype"]])
        out[name] = array.reshape(entry["shape"]).astype(np.float64)
    return out


def check(condition, what):
    if not condition:
        sys.exit(f"disagreement: {what}")


def main():
    run, models_dir = Path(sys.argv[1]), Path(sys.argv[2])
    results = h5py.File(run / "results.h5", "r")
    ids = [i.decode() for i in results["models"][:]]
    names = [i.decode() for i in results["tensors"][:]]
    weights = [load(models_dir / i / "model.safetensors") for i in ids]
    n = len(ids)

    stored = results["tensor_distance/l2"][:]
    check(stored.shape == (len(names), n, n), "shape of tensor_distance/l2")
    worst = 0.0
    squared = np.zeros((n, n))
    for layer, name in enumerate(names):
        for i in range(n):
            for j in range(n):
                d2 = float(((weights[i][name] - weights[j][name]) ** 2).sum())
                squared[i, j] += d2
                got = float(stored[layer, i, j]) ** 2
                worst = max(worst, abs(got - d2) / d2 if d2 else abs(got))
    check(worst < 1e-6, f"squared distances differ by {worst:.3g} relative")
    print(f"squared distances of {len(names)} tensors: largest relative error {worst:.2g}")

    total = results["distance/l2"][:]
    check(np.allclose(total, np.sqrt(squared), rtol=1e-6, atol=0), "distance/l2")

    for i in range(n):
        for layer, name in enumerate(names):
            expected = kurtosis(weights[i][name].ravel())
            got = results["kurtosis"][i, layer]
            if np.isnan(expected) or np.isnan(got):
                check(np.isnan(expected) and np.isnan(got), f"kurtosis of {ids[i]} {name}: {got}, scipy {expected}")
            else:
                check(
                    abs(got - expected) < 1e-6 * max(1, abs(expected)),
                    f"kurtosis of {ids[i]} {name}: {got}, scipy {expected}",
                )
            for key, value in {
                "mean": weights[i][name].mean(),
                "variance": weights[i][name].var(),
                "min": weights[i][name].min(),
                "max": weights[i][name].max(),
                "zeros": (weights[i][name] == 0).sum(),
                "not_finite": 0,
            }.items():
                got = results[f"moments/{key}"][i, layer]
                check(np.isclose(got, value, rtol=1e-6, atol=1e-9), f"{key} of {ids[i]} {name}: {got}, numpy {value}")
    print("kurtosis and moments agree with scipy and numpy")

    tree = nx.node_link_graph(json.loads((run / "tree.json").read_text()), edges="links")
    cost, family = results["cost"][:], results["family"][:]
    for f in sorted(set(family)):
        members = [k for k in range(n) if family[k] == f]
        dense = nx.DiGraph()
        dense.add_nodes_from(members)
        for i in members:
            for j in members:
                if i != j and not np.isnan(cost[i, j]):
                    dense.add_edge(i, j, weight=float(cost[i, j]))
        best = nx.minimum_spanning_arborescence(dense).size("weight") if len(members) > 1 else 0
        index = {ids[k]: k for k in members}
        own = sum(cost[index[a], index[b]] for a, b in tree.edges if a in index)
        check(abs(own - best) <= 1e-9 * max(1, best), f"family {f}: weight {own}, networkx {best}")
        check(nx.is_arborescence(tree.subgraph(index)), f"family {f} is no tree")
    print(f"{len(set(family))} trees are minimum arborescences for networkx too")


main()
