"""Reads a list of cost matrices; writes the least total cost of an assignment of each, by scipy."""

import json
import sys

import numpy as np
from scipy.optimize import linear_sum_assignment


def least(cost):
    cost = np.asarray(cost, dtype=float)
    return float(cost[linear_sum_assignment(cost)].sum())


json.dump([least(case) for case in json.load(sys.stdin)], sys.stdout)
