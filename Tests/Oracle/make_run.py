"""Makes a finished run out of a tree.json: results.h5 and run.json that belong to it.

    make_run.py RUN

Distances are those of the edges, along the tree; strangers are far.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

run = Path(sys.argv[1])
tree = json.loads((run / "tree.json").read_text())
ids = [node["id"] for node in tree["nodes"]]
number = {id: i for i, id in enumerate(ids)}
family = np.array([node["family"] for node in tree["nodes"]])
n = len(ids)
parent, length = {}, {}
for link in tree["links"]:
    if not link.get("extra"):
        parent[number[link["target"]]] = number[link["source"]]
        length[number[link["target"]]] = link["distance"]


def way(i):
    found, total = {i: 0.0}, 0.0
    while i in parent:
        total += length[i]
        i = parent[i]
        found[i] = total
    return found


ways = [way(i) for i in range(n)]
distance = np.full((n, n), 10 * (1 + max(length.values(), default=1.0)))
for i in range(n):
    for j in range(i, n):
        if family[i] == family[j]:
            distance[i, j] = distance[j, i] = min(ways[i][k] + ways[j][k] for k in ways[i] if k in ways[j])
np.fill_diagonal(distance, 0)
cost = np.where(family[:, None] == family[None, :], distance, np.nan)
# The matrices are about models of the collection.
observed = [i for i, node in enumerate(tree["nodes"]) if not node.get("inferred")]
square = np.ix_(observed, observed)
with h5py.File(run / "results.h5", "w") as results:
    results.create_dataset("models", data=[ids[i] for i in observed], dtype=h5py.string_dtype())
    results["distance/" + tree["graph"].get("distance", "auto")] = distance[square]
    results["cost"] = cost[square]
    results["relatedness"] = np.where(np.isnan(cost), 1, 0.01)[square]
    results["relatedness_p"] = np.where(np.isnan(cost), 0.5, 1e-15)[square]
    # Two linear maps: the first is everybody's, the second the family's alone.
    n_observed = len(observed)
    texts = {"tensors": ["first", "second"], "tensor_role": ["linear"] * 2, "tensor_shape": ["[4, 8]"] * 2}
    for name, values in texts.items():
        results.create_dataset(name, data=values, dtype=h5py.string_dtype())
    results["kurtosis"] = np.zeros((n_observed, 2))
    results["evidence"] = np.zeros((n_observed, n_observed))
    own = np.where(np.isnan(cost), np.nan, distance)[square]
    results["tensor_distance/l2"] = np.stack([distance[square], own])
models = [
    {
        "id": node["id"],
        "path": node["path"],
        "files": [node["path"] + "/model.safetensors"],
        "bytes": 4 * node["parameters"],
    }
    for node in tree["nodes"]
    if not node.get("inferred")
]
(run / "run.json").write_text(
    json.dumps(
        {
            "software": "0.0.0",
            "started": "2024-02-29T12:00:00Z",
            "host": "host",
            "options": {"metric": "auto", "stage": "auto", "lambda": 0.3, "replicates": 200, "seed": 1},
            "notes": [],
            "disputes": [],
            "shards_reused": 0,
            "read_ratio": 1,
            "worker_seconds": 0,
            "serving_seconds": 0,
            "seconds_by_phase": {},
            "processor_seconds_by_phase": {},
            "system": "system",
            "processors": 2,
            "inputs": ["/models"],
            "models": models,
            "tensors": 4,
            "shards": 4,
            "bytes_of_weights": 1000,
            "bytes_read": 1000,
            "seconds": 1.5,
        }
    )
)
