"""The published approach, as its paper describes it: for every pair of models both are loaded again
and compared tensor by tensor; kurtosis gives the direction.

    published.py FOLDER ft|lora SECONDS

ft: largest difference per tensor, scaled by the extremes of all pairs, maximum over tensors. lora:
numerical rank of the difference of square tensors. Stops after SECONDS of pairs. Prints JSON: pairs
compared, pairs in all, seconds for those compared, seconds of the kurtosis of all models scaled up
from those that were looked at, and the largest resident set in bytes.
"""

import json
import resource
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from reading import load
from scipy.stats import kurtosis


def compare(a, b, method):
    if method == "ft":
        return {name: float(np.max(np.abs(a[name] - b[name]))) for name in a}
    return {
        name: int(np.linalg.matrix_rank(a[name] - b[name]))
        for name in a if a[name].ndim == 2 and a[name].shape[0] == a[name].shape[1]}


def main():
    folder, method, limit = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    models = sorted(folder.iterdir())
    pairs = list(combinations(models, 2))
    differences = []
    start = time.monotonic()
    for a, b in pairs:
        differences.append(compare(load(a), load(b), method))
        if time.monotonic() - start > limit:
            break
    seconds = time.monotonic() - start
    names = differences[0].keys()
    low = {name: min(d[name] for d in differences) for name in names}
    span = {name: max(d[name] for d in differences) - low[name] or 1 for name in names}
    distances = [max((d[name] - low[name]) / span[name] for name in names) for d in differences]
    assert len(distances) == len(differences)
    scoring, scored = 0.0, 0
    for model in models:
        start = time.monotonic()
        sum(float(kurtosis(w, axis=None)) for w in load(model).values())
        scoring += time.monotonic() - start
        scored += 1
        if scoring > limit / 4:
            break
    print(json.dumps({
        "done": len(differences), "pairs": len(pairs), "seconds": seconds,
        "scoring": scoring / scored * len(models),
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


main()
