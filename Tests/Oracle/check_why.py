"""Checks `modeltree why` of a run with the default options against networkx and numpy.

The best tree of the family without the edge is solved for again, the runner-up is searched for, and the evidence at
which the runner-up would win is found by trying: the evidence of the edge is raised until the edge is the cheaper one.

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
    distance, evidence = results["distance/auto"][:], results["evidence"][:]
number = {id: i for i, id in enumerate(ids)}
adapters = {number[link["target"]] for link in tree["links"] if link["relation"] == "adapter"}
tried = np.arange(-20, 60, 0.001)


def flipping_evidence(parent, child, runner_up, members):
    """Least of the tried evidence at which the parent costs less than the runner-up; None where all or none does."""
    solved = [k for k in members if k not in adapters]
    unit = float(tree["graph"]["lambda"]) * np.nanmean(distance[np.ix_(solved, solved)])

    def penalty(value):
        return unit * np.minimum(1, np.log1p(np.exp(-value)) / 3)

    price = cost[parent, child] - penalty(evidence[parent, child]) + penalty(tried)
    wins = price < cost[runner_up, child]
    return None if wins.all() or not wins.any() else tried[wins.argmax()]


checked = 0
for link in [edge for edge in tree["links"] if not edge.get("extra")][::2]:
    child, parent = number[link["target"]], number[link["source"]]
    members = [k for k in range(len(ids)) if family[k] == family[child]]
    said = json.loads(
        subprocess.run([program, "why", str(run), link["target"], "--json"], check=True, capture_output=True).stdout
    )
    # Adapters have no costs: they joined the family after it was solved.
    if not adapters.intersection(members):
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
        if abs(said["without"]["extra_cost"] - (best - now)) > 1e-9:
            sys.exit(f"{link['target']}: why says {said['without']['extra_cost']}, networkx {best - now}")
    if "runner_up" not in said:
        continue
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
    if said["runner_up"]["cost"] >= said["parent"]["cost"] and link["relation"] != "duplicate":
        flips = flipping_evidence(parent, child, runner_up, members)
        named = said.get("evidence_to_lose")
        if (flips is None) != (named is None) or (named is not None and abs(flips - named) > 0.002):
            sys.exit(f"{link['target']}: why says that evidence of {named} turns the edge, trying says {flips}")
        checked += named is not None
if checked == 0:
    sys.exit("no edge hangs on its evidence: nothing was checked")
