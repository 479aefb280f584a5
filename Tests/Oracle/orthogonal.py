"""Reads a list of square matrices; writes the orthogonal matrix nearest to each, by numpy's decomposition."""

import json
import sys

import numpy as np


def nearest(matrix):
    u, _, v = np.linalg.svd(np.asarray(matrix, dtype=float))
    return (u @ v).tolist()


json.dump([nearest(case) for case in json.load(sys.stdin)], sys.stdout)
