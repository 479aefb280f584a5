"""Holds `modeltree why` against networkx: the best tree of the family without the edge.

check_why.py MODELTREE RUN
"""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import networkx as nx
import numpy as np

program, run = sys.argv[1], Path(sys.argv[2])
tree = json.loads((run / "tree.json").read_text())
with h5py.File(run / "results.h5") as results:
    ids = [i.decode() for i in results["models"][:]]
    cost, family = results["cost"][:], results["family"][:]
number = {id: i for i, id in enumerate(ids)}
for link in tree["links"][::5]:
    child, parent = number[link["target"]], number[link["source"]]
    members = [k for k in range(len(ids)) if family[k] == family[child]]
    dense = nx.DiGraph()
    dense.add_weighted_edges_from(
        (i, j, float(cost[i, j]))
        for i in members
        for j in members
        if i != j and np.isfinite(cost[i, j]) and (i, j) != (parent, child)
    )
    best = nx.minimum_spanning_arborescence(dense).size("weight")
    now = sum(
        cost[number[edge["source"]], number[edge["target"]]]
        for edge in tree["links"]
        if number[edge["target"]] in members
    )
    said = json.loads(
        subprocess.run([program, "why", str(run), link["target"], "--json"], check=True, capture_output=True).stdout
    )
    if abs(said["without"]["extra_cost"] - (best - now)) > 1e-9:
        sys.exit(f"{link['target']}: why says {said['without']['extra_cost']}, networkx {best - now}")
    below = {child}
    while True:
        more = {number[edge["target"]] for edge in tree["links"] if number[edge["source"]] in below} - below
        if not more:
            break
        below |= more
    others = [k for k in members if k not in below and k != parent]
    runner_up = min(others, key=lambda k: cost[k, child])
    if said["runner_up"]["id"] != ids[runner_up]:
        sys.exit(f"{link['target']}: runner-up {said['runner_up']['id']}, numpy {ids[runner_up]}")
