"""What other people's tools read from a run directory: for every format its nodes and edges."""

import csv
import json
import math
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
            {
                "source": a,
                "target": b,
                "distance": d.get("distance"),
                "support": d["support"],
                "relation": d["relation"],
            }
            for a, b, d in found.edges(data=True)
        ],
        "inferred": [node for node in found.nodes if found.nodes[node].get("inferred") is True],
        "components": [[a, b, d["component"]] for a, b, d in found.edges(data=True) if d["relation"] == "contains"],
        "paths": [found.nodes[node].get("path", "") for node in found.nodes],
        "scored": [node for node in found.nodes if type(found.nodes[node].get("score")) in (int, float)],
        "roots": [node for node in found.nodes if found.nodes[node]["root"] is True],
        "families": [found.nodes[node]["family"] for node in found.nodes],
        "duplicates": {
            node: found.nodes[node]["duplicate_of"] for node in found.nodes if "duplicate_of" in found.nodes[node]
        },
    }


def node_link():
    return graph(networkx.node_link_graph(json.loads(text("tree.json")), edges="links"))


def graphml():
    return graph(networkx.read_graphml(str(run / "tree.graphml")))


def newick():
    trees = dendropy.TreeList.get(
        data=text("tree.nwk"),
        schema="newick",
        preserve_underscores=True,
        suppress_leaf_node_taxa=True,
        suppress_internal_node_taxa=True,
    )
    nodes, edges = [], []
    for tree in trees:
        for node in tree.preorder_node_iter():
            nodes.append(node.label)
            if node.parent_node is not None:
                edges.append({"source": node.parent_node.label, "target": node.label, "distance": node.edge.length})
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
    output = subprocess.run(["dot", "-Tdot_json", str(run / "tree.dot")], check=True, capture_output=True).stdout
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
    inferred = [
        unquoted(node.get_name())
        for part in found.get_subgraphs()
        for node in part.get_nodes()
        if node.get_style() == '"rounded,dashed"'
    ]
    components = [
        [edge["source"], edge["target"], unquoted(drawn.get_label())]
        for edge, drawn in zip(edges, found.get_edges())
        if drawn.get_style() == "dotted"
    ]
    return {"nodes": nodes, "edges": edges, "inferred": inferred, "components": components}


def mermaid():
    lines = text("tree.mmd").rstrip("\n").split("\n")
    assert lines[0] == "flowchart LR", lines[0]
    labels, edges, inferred, components, depth = {}, [], [], [], 0
    for line in lines[1:]:
        # A quoted text may hold anything but quotes; ampersands, hashes, brackets are entities.
        if m := re.fullmatch(r'    (n\d+)\["([^"<>&`\\\x00-\x1f]*)"\](:::inferred)?', line):
            assert depth == 1 and m[1] not in labels
            assert not re.search(r"#(?!\d+;)", m[2]), line
            labels[m[1]] = re.sub(r"#(\d+);", lambda e: chr(int(e[1])), m[2])
            if m[3]:
                inferred.append(labels[m[1]])
        elif re.fullmatch(r'  subgraph f\d+\["family \d+"\]', line):
            depth += 1
        elif line == "  end":
            depth -= 1
        elif m := re.fullmatch(r'  (n\d+) -\.->\|"(contains [^"<>&`\\\x00-\x1f]*)"\| (n\d+)', line):
            edges.append({"source": labels[m[1]], "target": labels[m[3]]})
            components.append([labels[m[1]], labels[m[3]], m[2]])
        elif not re.fullmatch(r"  classDef inferred stroke-dasharray: 5 4", line):
            m = re.fullmatch(r"  (n\d+) (?:-->|-\.->)\|[0-9.e-]+\| (n\d+)", line)
            assert m, line
            edges.append({"source": labels[m[1]], "target": labels[m[2]]})
    assert depth == 0
    return {"nodes": list(labels.values()), "edges": edges, "inferred": inferred, "components": components}


def table():
    with open(run / "edges.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    return {
        "nodes": [],
        "edges": [
            {
                "source": row["parent"],
                "target": row["child"],
                "distance": float(row["distance"]) if row["distance"] else None,
                "support": float(row["support"]),
                "relation": row["relation"],
            }
            for row in rows
        ],
        "families": [int(row["family"]) for row in rows],
        "components": [[row["parent"], row["child"], row["component"]] for row in rows if row.get("component")],
        "columns": list(rows[0]) if rows else [],
    }


def graphml_igraph():
    import igraph

    found = igraph.Graph.Read_GraphML(str(run / "tree.graphml"))
    assert found.is_directed()
    # igraph shows the ampersands of XML attributes as character references, those of elements as they are.
    ids = found.vs["label"]
    return {
        "nodes": ids,
        "edges": [
            {
                "source": ids[e.source],
                "target": ids[e.target],
                "distance": None if math.isnan(e["distance"]) else e["distance"],
                "support": e["support"],
                "relation": e["relation"],
            }
            for e in found.es
        ],
        "families": [int(family) for family in found.vs["family"]],
        "inferred": [v["label"] for v in found.vs if "inferred" in v.attributes() and v["inferred"]],
        "components": [[ids[e.source], ids[e.target], e["component"]] for e in found.es if e["relation"] == "contains"],
    }


def nhx_dendropy():
    trees = dendropy.TreeList.get(
        data=text("tree.nhx"),
        schema="newick",
        preserve_underscores=True,
        suppress_leaf_node_taxa=True,
        suppress_internal_node_taxa=True,
        extract_comment_metadata=True,
    )
    nodes, edges = [], []
    for tree in trees:
        for node in tree.preorder_node_iter():
            nodes.append(node.label)
            if node.parent_node is not None:
                notes = {a.name: a.value for a in node.annotations}
                edges.append(
                    {
                        "source": node.parent_node.label,
                        "target": node.label,
                        "distance": node.edge.length,
                        "support": float(notes["support"]),
                        "relation": notes["relation"],
                    }
                )
    return {"nodes": nodes, "edges": edges}


def nhx_biopython():
    from Bio import Phylo

    nodes, edges = [], []
    for tree in Phylo.parse(run / "tree.nhx", "newick"):
        for parent in tree.find_clades():
            nodes.append(parent.name)
            for child in parent.clades:
                assert child.comment.startswith("&&NHX:"), child.comment
                notes = dict(field.split("=") for field in child.comment[6:].split(":"))
                edges.append(
                    {
                        "source": parent.name,
                        "target": child.name,
                        "distance": child.branch_length,
                        "support": float(notes["support"]),
                        "relation": notes["relation"],
                    }
                )
    return {"nodes": nodes, "edges": edges}


def nhx_ete():
    from ete4 import Tree

    nodes, edges, inferred = [], [], []
    for line in text("tree.nhx").splitlines():
        for node in Tree(line, parser=1).traverse():
            nodes.append(node.name)
            if node.props.get("inferred") == "true":
                inferred.append(node.name)
            if node.up is not None:
                edges.append(
                    {
                        "source": node.up.name,
                        "target": node.name,
                        "distance": node.dist,
                        "support": float(node.props["support"]),
                        "relation": node.props["relation"],
                    }
                )
    return {"nodes": nodes, "edges": edges, "inferred": inferred}


def table_pandas():
    import pandas

    found = pandas.read_csv(run / "edges.csv", keep_default_na=False, dtype={"parent": str, "child": str})
    return {
        "nodes": [],
        "edges": [
            {
                "source": row.parent,
                "target": row.child,
                "distance": row.distance,
                "support": row.support,
                "relation": row.relation,
            }
            for row in found.itertuples()
        ],
        "families": [int(family) for family in found["family"]],
        "columns": list(found.columns),
    }


def model_cards():
    """Each YAML document as the hub's own library reads a card; nothing for models without a base."""
    import yaml
    from huggingface_hub import ModelCard

    edges = []
    for document in text("model-cards.yaml").split("---\n")[1:]:
        metadata = yaml.safe_load(document)
        if metadata is None:
            continue
        card = ModelCard(f"---\n{document}---\n# A model\n").data.to_dict()
        assert card == metadata, (card, metadata)
        assert set(card) <= {"base_model", "base_model_relation"}
        relation = card.get("base_model_relation", "duplicate")
        assert relation in ("finetune", "adapter", "merge", "quantized", "duplicate"), relation
        bases = card["base_model"] if isinstance(card["base_model"], list) else [card["base_model"]]
        edges += [{"source": base, "target": "", "relation": relation} for base in bases]
    return {"nodes": [], "edges": edges}


def mermaid_itself():
    """What Mermaid's own grammar reads, run in Chromium."""
    import importlib.util

    from chromium import Page

    # The package carries Mermaid's parser; only that file is wanted, not what it imports.
    folder = Path(importlib.util.find_spec("mermaid_parser").submodule_search_locations[0])
    bundle = (folder / "js" / "parser.bundle.js").read_text()
    with Page() as page:
        page.run(f"(() => {{ const module = {{exports: {{}}}}; {bundle}\n window.parse = module.exports; }})()")
        data = json.loads(page.run(f"window.parse({json.dumps(text('tree.mmd'))})"))["graph_data"]
    labels = {
        id: re.sub(r"#(\d+);|ﬂ°°(\d+)¶ß", lambda e: chr(int(e[1] or e[2])), vertex["text"])
        for id, vertex in data["vertices"].items()
    }
    return {
        "nodes": list(labels.values()),
        "edges": [{"source": labels[e["start"]], "target": labels[e["end"]]} for e in data["edges"]],
    }


readers = {
    "json": node_link,
    "graphml": graphml,
    "newick": newick,
    "dot": dot,
    "mermaid": mermaid,
    "csv": table,
    "igraph": graphml_igraph,
    "dendropy-nhx": nhx_dendropy,
    "biopython": nhx_biopython,
    "ete": nhx_ete,
    "pandas": table_pandas,
    "model-cards": model_cards,
    "mermaid-itself": mermaid_itself,
}
json.dump(readers[sys.argv[2]](), sys.stdout)
