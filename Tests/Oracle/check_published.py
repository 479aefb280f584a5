"""Holds a run by a published rule against published_rules.py: check_published.py RUN MODELS_DIR

Which rule and options it was is read from tree.json. Distances, costs and scores agree to 1e-6, directions
and families exactly, edges where no other tree costs the same, and the total cost always.
"""

import json
import sys
from pathlib import Path

import h5py
import numpy as np

import published_rules as rules

run, folder = Path(sys.argv[1]), Path(sys.argv[2])
tree = json.loads((run / "tree.json").read_text())
graph = tree["graph"]
metric = graph["distance"]


def check(condition, what):
    if not condition:
        sys.exit(f"disagreement: {what}")


def words(option, place):
    value = graph[option]
    return None if value == "square" else rules.PUBLISHED[metric][place] if value == "published" else value


with h5py.File(run / "results.h5") as file:
    ids = [i.decode() for i in file["models"][:]]
    found = {n: file[n][:] for n in (f"distance/{metric}", "direction", "cost", "score", "family")}
# The published method knows no adapters that are not merged; they hang below what they fit best.
adapters = {link["target"] for link in tree["links"] if link["relation"] == "adapter"}
models = {i: m for i, m in rules.read_models(folder).items() if i in ids}
check(list(models) == [i for i in ids if i not in adapters], f"models {ids}")
families = [int(f) for i, f in zip(ids, found["family"]) if i not in adapters]
distance_word, score_word = words("distance_layers", 0), words("score_layers", 1)
if graph["families"] != "auto":
    clustered = rules.distance_of(
        "mother-lora" if metric == "mother-lora" else "mean", list(models.values()), distance_word
    )
    labels = rules.ward_families(clustered, int(graph["families"]))
    check(len(set(zip(labels, families))) == len(set(labels)) == len(set(families)), "families")
expected = rules.recover(
    models, metric, graph["stage"], float(graph["lambda"]), families, distance_word, score_word, check_unique=True
)
edges = sorted([link["source"], link["target"]] for link in tree["links"] if link["target"] not in adapters)
for part in expected["parts"]:
    places = [ids.index(m) for m in part["members"]]
    for name, array in ((f"distance/{metric}", "distance"), ("cost", "cost")):
        own = found[name][np.ix_(places, places)]
        check(np.allclose(own, part[array], rtol=1e-6, atol=1e-6, equal_nan=True), f"{name} of {part['members']}")
    check(np.array_equal(found["direction"][np.ix_(places, places)], part["direction"]), "direction")
    check(np.allclose(found["score"][places], part["score"], rtol=1e-6, atol=1e-6), "score")
    own = [e for e in edges if e[1] in part["members"]]
    theirs = sorted(e for e in expected["edges"] if e[1] in part["members"])
    check(own == theirs or not part["unique"], f"edges {own}, expected {theirs}")
    total = sum(part["cost"][part["members"].index(a), part["members"].index(b)] for a, b in own)
    check(len(own) == len(theirs) and abs(total - part["total"]) < 1e-6 * max(1, part["total"]), f"cost {total}")
print(f"{metric}: {len(ids)} models as published, {sum(p['unique'] for p in expected['parts'])} trees unique")
