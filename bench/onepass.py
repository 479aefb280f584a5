"""The one-pass program that one would write in numpy: every tensor of all models is read once and
stacked; distances come from matrix products in float64, about the mean of the models; moments from
the same blocks.

    onepass.py FOLDER [ANSWER.npy]

Prints JSON: seconds and the largest resident set in bytes. Saves the sums of squared differences over
all tensors, n x n.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from reading import names, peak, read

BLOCK = 1 << 16


def main():
    start = time.monotonic()
    models = sorted(Path(sys.argv[1]).iterdir())
    n = len(models)
    squared = np.zeros((n, n))
    score = np.zeros(n)
    for name in names(models[0]):
        stack = np.stack([read(model, name).ravel() for model in models])
        size = stack.shape[1]
        gram = np.zeros((n, n))
        powers = np.zeros((4, n))
        for at in range(0, size, BLOCK):
            block = stack[:, at : at + BLOCK].astype(np.float64)
            square = block * block
            powers += [block.sum(1), square.sum(1), (square * block).sum(1), (square * square).sum(1)]
            block -= block.mean(0)
            gram += block @ block.T
        norms = np.diag(gram)
        squared += np.maximum(norms[:, None] + norms[None, :] - 2 * gram, 0)
        mean, second, third, fourth = powers / size
        variance = second - mean**2
        score += (fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4) / variance**2 - 3
    seconds = time.monotonic() - start
    if len(sys.argv) > 2:
        np.save(sys.argv[2], squared)
    print(json.dumps({"seconds": seconds, "rss": peak()}))


main()
