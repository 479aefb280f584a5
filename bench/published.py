"""The published approach, as its paper describes it: for every pair of models both are loaded again
and compared tensor by tensor; kurtosis gives the direction.

    published.py FOLDER ft|lora SECONDS

ft: largest difference per tensor, scaled by the extremes of all pairs, maximum over tensors. lora:
numerical rank of the difference of square tensors. Stops after SECONDS, in the middle of a pair too.
Prints JSON: the share of the pairs that was compared, the seconds of all pairs and of the kurtosis of all
models, scaled up from what was looked at, and the largest resident set in bytes.
"""

import json
import math
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.stats import kurtosis

from reading import load, peak


def compared(model, method):
    """The tensors that the method compares."""
    return [name for name, w in model.items() if method == "ft" or w.ndim == 2 and w.shape[0] == w.shape[1]]


def compare(a, b, names, method, end):
    """Distances by tensor, until the time `end`, but at least one tensor."""
    found = {}
    for name in names:
        difference = a[name] - b[name]
        found[name] = float(np.max(np.abs(difference))) if method == "ft" else int(np.linalg.matrix_rank(difference))
        if time.monotonic() > end:
            break
    return found


def main():
    folder, method, limit = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    models = sorted(folder.iterdir())
    pairs = list(combinations(models, 2))
    differences = []
    end = time.monotonic() + limit
    seconds, done = 0.0, 0.0
    for a, b in pairs:
        start = time.monotonic()
        first, second = load(a), load(b)
        loaded = time.monotonic()
        names = compared(first, method)
        found = compare(first, second, names, method, end)
        # Of a pair that was begun, only the tensors are extrapolated; loading was complete.
        part = len(found) / len(names)
        seconds += loaded - start + (time.monotonic() - loaded) / part
        done += part
        if part == 1 or not differences:
            differences.append(found)
        if time.monotonic() > end:
            break
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
    print(
        json.dumps(
            {
                "share": done / len(pairs),
                "seconds": seconds / math.ceil(done) * len(pairs),
                "scoring": scoring / scored * len(models),
                "rss": peak(),
            }
        )
    )


main()
