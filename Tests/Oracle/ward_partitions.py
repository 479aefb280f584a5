"""Reads a list of {"distances": n x n, "counts": [k, ...]}; writes for each the flat clusters of
scipy's Ward linkage with k clusters, for every k."""

import json
import sys

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform


def solve(case):
    distances = np.asarray(case["distances"], dtype=float)
    tree = linkage(squareform(distances, checks=False), "ward")
    return [fcluster(tree, k, criterion="maxclust").tolist() for k in case["counts"]]


json.dump([solve(case) for case in json.load(sys.stdin)], sys.stdout)
