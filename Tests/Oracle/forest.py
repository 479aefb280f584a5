"""What other people's tools read from a run directory: for every format its nodes and edges."""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dendropy
import networkx
import pydot

run = Path(sys.argv[1])


def text(name):
    return (run / name).read_bytes().decode("utf-8")


def graph(found):
    return {
        "nodes": list(found.nodes),
        "edges": [
            {"source": a, "target": b, "distance": d["distance"], "support": d["support"],
             "relation": d["relation"]}
            for a, b, d in found.edges(data=True)
        ],
        "paths": [found.nodes[node]["path"] for node in found.nodes],
        "scored": [node for node in found.nodes if type(found.nodes[node].get("score")) in (int, float)],
        "roots": [node for node in found.nodes if found.nodes[node]["root"] is True],
        "families": [found.nodes[node]["family"] for node in found.nodes],
        "duplicates": {
            node: found.nodes[node]["duplicate_of"]
            for node in found.nodes
            if "duplicate_of" in found.nodes[node]
        },
    }


def node_link():
    return graph(networkx.node_link_graph(json.loads(text("tree.json")), edges="links"))


def graphml():
    return graph(networkx.read_graphml(str(run / "tree.graphml")))


def newick():
    trees = dendropy.TreeList.get(
        data=text("tree.nwk"), schema="newick", preserve_underscores=True,
        suppress_leaf_node_taxa=True, suppress_internal_node_taxa=True)
    nodes, edges = [], []
    for tree in trees:
        for node in tree.preorder_node_iter():
            nodes.append(node.label)
            if node.parent_node is not None:
                edges.append(
                    {"source": node.parent_node.label, "target": node.label, "distance": node.edge.length})
    return {"nodes": nodes, "edges": edges}


def shown(label):
    """An escString as Graphviz shows it."""
    escapes = {"n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda m: escapes.get(m[1], m[1]), label, flags=re.DOTALL)


def unquoted(name):
    assert name.startswith('"') and name.endswith('"'), name
    return shown(name[1:-1])


def graphviz():
    """What Graphviz itself reads: its nodes and edges."""
    output = subprocess.run(
        ["dot", "-Tdot_json", str(run / "tree.dot")], check=True, capture_output=True).stdout
    found = json.loads(output, strict=False)  # Graphviz leaves control characters as they are
    names = {item["_gvid"]: shown(item["name"]) for item in found.get("objects", [])}
    clusters = {item["_gvid"] for item in found.get("objects", []) if "nodes" in item}
    edges = [(names[edge["tail"]], names[edge["head"]]) for edge in found.get("edges", [])]
    return sorted(name for id, name in names.items() if id not in clusters), sorted(edges)


def dot():
    (found,) = pydot.graph_from_dot_data(text("tree.dot"))
    nodes = [unquoted(node.get_name()) for part in found.get_subgraphs() for node in part.get_nodes()]
    edges = [
        {"source": unquoted(edge.get_source()), "target": unquoted(edge.get_destination())}
        for edge in found.get_edges()
    ]
    if shutil.which("dot"):
        assert graphviz() == (sorted(nodes), sorted((e["source"], e["target"]) for e in edges))
    return {"nodes": nodes, "edges": edges}


def mermaid():
    lines = text("tree.mmd").rstrip("\n").split("\n")
    assert lines[0] == "flowchart LR", lines[0]
    labels, edges, depth = {}, [], 0
    for line in lines[1:]:
        # A quoted text may hold anything but quotes; ampersands, hashes, brackets are entities.
        if m := re.fullmatch(r'    (n\d+)\["([^"<>&`\\\x00-\x1f]*)"\]', line):
            assert depth == 1 and m[1] not in labels
            assert not re.search(r"#(?!\d+;)", m[2]), line
            labels[m[1]] = re.sub(r"#(\d+);", lambda e: chr(int(e[1])), m[2])
        elif re.fullmatch(r'  subgraph f\d+\["family \d+"\]', line):
            depth += 1
        elif line == "  end":
            depth -= 1
        else:
            m = re.fullmatch(r"  (n\d+) (?:-->|-\.->)\|[0-9.e-]+\| (n\d+)", line)
            assert m, line
            edges.append({"source": labels[m[1]], "target": labels[m[2]]})
    assert depth == 0
    return {"nodes": list(labels.values()), "edges": edges}


def table():
    with open(run / "edges.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    return {
        "nodes": [],
        "edges": [
            {"source": row["parent"], "target": row["child"], "distance": float(row["distance"]),
             "support": float(row["support"]), "relation": row["relation"]}
            for row in rows
        ],
        "families": [int(row["family"]) for row in rows],
        "columns": list(rows[0]) if rows else [],
    }


readers = {
    "json": node_link, "graphml": graphml, "newick": newick, "dot": dot, "mermaid": mermaid, "csv": table,
}
json.dump(readers[sys.argv[2]](), sys.stdout)
