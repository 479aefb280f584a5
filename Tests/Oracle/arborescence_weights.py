"""Reads a list of n x n cost matrices (row = parent, null = no edge); writes for each the number of
roots and the total cost of the cheapest forest with as few roots as possible, by networkx."""

import json
import sys

import networkx as nx


def solve(matrix):
    costs = [cost for row in matrix for cost in row if cost is not None]
    # Dearer than any forest, so that the virtual root's edges are taken only where they must be.
    root_cost = 2 * sum(abs(cost) for cost in costs) + 1
    graph = nx.DiGraph()
    nodes = range(len(matrix))
    graph.add_weighted_edges_from(("root", j, root_cost) for j in nodes)
    graph.add_weighted_edges_from(
        (i, j, matrix[i][j]) for i in nodes for j in nodes if i != j and matrix[i][j] is not None
    )
    forest = nx.minimum_spanning_arborescence(graph)
    edges = [(i, j) for i, j in forest.edges if i != "root"]
    return {"roots": len(matrix) - len(edges), "total": sum(matrix[i][j] for i, j in edges)}


json.dump([solve(matrix) for matrix in json.load(sys.stdin)], sys.stdout)
