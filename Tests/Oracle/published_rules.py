"""The published rules of model tree recovery (Horwitz, Shul, Hoshen, arXiv 2405.18432), in numpy.

    published_rules.py MODELS_DIR [--distance mother-ft|mother-lora|l2|mean] [--kind WORD]
        [--stage specialization|generalization] [--lambda 0.3] [--families K | --truth FILE]
        [--precision 32|64] [--json FILE] [--npz FILE]

Definitions, over the square 2-D tensors whose name holds WORD, models in the order of their ids:

    mother-ft    max over tensors of (max_p(w_i - w_j) - lo) / (hi - lo) for i < j, where lo and hi are
                 the extremes of all w_i - w_j, i < j, of that tensor within the family
    mother-lora  sum over tensors of numpy.linalg.matrix_rank(W_i - W_j)
    l2           root of the sum of squared differences
    mean         sum over tensors of the mean absolute difference (what families are clustered on)
    score        sum over tensors of the kurtosis (Fisher's, biased)
    T[i][j]      1 if score[j] > score[i]; the reverse for generalization
    cost         D + lambda * mean(D) * T, the mean over all n^2 entries of the family
    families     of a truth file, or K clusters by Ward linkage of `mean` (`mother-lora`: of the ranks);
                 without either all models are one family
    tree         the minimum arborescence by networkx

Distance and score may name different words: `--kind` is for both, `--distance-kind` and
`--score-kind` for one; `a|b` means either. `--kind published` takes what the authors' code takes:
mother-ft measures all square tensors and scores the output projection of attention, mother-lora measures
and scores the value projection. Prints JSON: ids, families, edges (parent, child), total cost per family,
`unique` (no other tree costs the same) and, with --truth, the accuracies.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

import ml_dtypes
import networkx as nx
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import kurtosis

OUTPUT = "o_proj|attention.output.dense|to_out"
VALUE = "v_proj|value|to_v"
# Words for the distance and for the score.
PUBLISHED = {"mother-ft": (None, OUTPUT), "l2": (None, OUTPUT), "mean": (None, OUTPUT), "mother-lora": (VALUE, VALUE)}

TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16}


def read_model(path: Path) -> dict:
    """Tensors by name as f32 (f64 stays); of one safetensors file."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        if entry["dtype"] not in TYPES:
            continue
        start, end = (8 + size + o for o in entry["data_offsets"])
        array = np.frombuffer(raw[start:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
        out[name] = array if array.dtype == np.float64 else array.astype(np.float32)
    return out


def read_models(folder: Path) -> dict:
    """Whole models by id, sorted; adapters are none."""
    return {p.parent.name: read_model(p) for p in sorted(folder.glob("*/model.safetensors"))}


def square_names(models: list, word: str | None) -> list:
    """Square 2-D tensors that hold the word, of any of the models, in order of their names."""
    return sorted(
        {
            n
            for m in models
            for n, t in m.items()
            if t.ndim == 2 and t.shape[0] == t.shape[1] and (not word or any(w in n for w in word.split("|")))
        }
    )


def shared(a: dict, b: dict, name: str) -> bool:
    return name in a and name in b and a[name].shape == b[name].shape


def pairs(models: list):
    return ((i, j) for i in range(len(models)) for j in range(i + 1, len(models)))


def fine_tuning_distance(models: list, word=None) -> np.ndarray:
    n = len(models)
    distance = np.full((n, n), -np.inf)
    for name in square_names(models, word):
        lows, highs = [], {}
        for i, j in pairs(models):
            if shared(models[i], models[j], name):
                difference = models[i][name] - models[j][name]
                lows.append(float(difference.min()))
                highs[i, j] = float(difference.max())
        if not highs:
            continue
        low, high = min(lows), max(highs.values())
        for (i, j), top in highs.items():
            value = (top - low) / (high - low) if high > low else 0.0
            distance[i, j] = distance[j, i] = max(distance[i, j], value)
    distance[np.isneginf(distance)] = np.nan
    np.fill_diagonal(distance, 0)
    return distance


def summed(models: list, word, term) -> np.ndarray:
    """The sum of a term over tensors; NaN for pairs that share none."""
    n = len(models)
    names = square_names(models, word)
    distance = np.zeros((n, n))
    for i, j in pairs(models):
        terms = [term(models[i][name], models[j][name]) for name in names if shared(models[i], models[j], name)]
        distance[i, j] = distance[j, i] = sum(terms) if terms else np.nan
    return distance


def rank_distance(models: list, word=None, precision: int = 32) -> np.ndarray:
    def rank(a, b):
        if precision == 64:
            return int(np.linalg.matrix_rank(a.astype(np.float64) - b.astype(np.float64)))
        return int(np.linalg.matrix_rank(a - b))

    return summed(models, word, rank)


def euclidean_distance(models: list, word=None) -> np.ndarray:
    return np.sqrt(summed(models, word, lambda a, b: float(((a.astype(np.float64) - b) ** 2).sum())))


def mean_distance(models: list, word=None) -> np.ndarray:
    return summed(models, word, lambda a, b: float(np.abs(a.astype(np.float64) - b).mean()))


def scores(models: list, word=None) -> np.ndarray:
    return np.array(
        [sum(float(kurtosis(m[n].astype(np.float64), axis=None)) for n in square_names([m], word)) for m in models]
    )


def direction(score: np.ndarray, stage: str) -> np.ndarray:
    later = score[None, :] > score[:, None]
    return (later if stage == "specialization" else later.T).astype(np.uint8)


def cost_matrix(distance: np.ndarray, t: np.ndarray, weight: float) -> np.ndarray:
    return distance + weight * np.nanmean(distance) * t


def arborescence(cost: np.ndarray, banned=()) -> tuple[list, float]:
    """The cheapest tree over all models; a forest with as few roots as can be where pairs without a
    number (models that share no tensor) leave no other way."""
    n = len(cost)
    allowed = [
        (i, j) for i in range(n) for j in range(n) if i != j and not np.isnan(cost[i, j]) and (i, j) not in banned
    ]
    # Dearer than any tree, so that the edges of the virtual root are taken only where they must be.
    dearest = 2 * sum(abs(float(cost[i, j])) for i, j in allowed) + 1
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(("root", j, dearest) for j in range(n))
    graph.add_weighted_edges_from((i, j, float(cost[i, j])) for i, j in allowed)
    edges = sorted((i, j) for i, j in nx.minimum_spanning_arborescence(graph).edges if i != "root")
    return edges, float(sum(cost[i, j] for i, j in edges)) + dearest * (n - len(edges) - 1)


def is_unique(cost: np.ndarray, edges: list, total: float) -> bool:
    """Does every tree without one of the edges cost more?"""
    return all(arborescence(cost, {edge})[1] > total * (1 + 1e-9) for edge in edges)


def ward_families(distance: np.ndarray, count: int) -> np.ndarray:
    if len(distance) == 1:
        return np.array([1])
    filled = np.where(np.isnan(distance), np.nanmax(distance), distance)
    tree = linkage(squareform(filled, checks=False), method="ward")
    return fcluster(tree, count, criterion="maxclust")


def true_families(entries: list, ids: list) -> np.ndarray:
    """Models joined by the truth's edges, also through models that are not among the ids."""
    graph = nx.Graph()
    graph.add_nodes_from(e["id"] for e in entries)
    graph.add_edges_from((p, e["id"]) for e in entries for p in parents_of(e))
    label = {m: k for k, part in enumerate(nx.connected_components(graph)) for m in part}
    return np.array([label[i] for i in ids])


def parents_of(entry: dict) -> list:
    return entry.get("parents") or ([entry["parent"]] if entry.get("parent") else [])


def distance_of(rule: str, models: list, word, precision: int = 32) -> np.ndarray:
    return {
        "mother-ft": lambda: fine_tuning_distance(models, word),
        "mother-lora": lambda: rank_distance(models, word, precision),
        "l2": lambda: euclidean_distance(models, word),
        "mean": lambda: mean_distance(models, word),
    }[rule]()


def recover(
    models: dict,
    rule: str,
    stage="specialization",
    weight=0.3,
    families=None,
    distance_word=None,
    score_word=None,
    precision=32,
    check_unique=False,
    known=None,
) -> dict:
    """`families`: labels in the order of the models; None: one family. `known`: distances by family
    label; what is missing is put there."""
    ids = list(models)
    labels = np.zeros(len(ids), dtype=int) if families is None else np.asarray(families)
    out = {"ids": ids, "families": labels.tolist(), "edges": [], "parts": []}
    for label in sorted(set(labels.tolist())):
        members = [k for k in range(len(ids)) if labels[k] == label]
        chosen = [models[ids[k]] for k in members]
        known = {} if known is None else known
        if label not in known:
            known[label] = distance_of(rule, chosen, distance_word, precision)
        distance = known[label]
        score = scores(chosen, score_word)
        t = direction(score, stage)
        cost = cost_matrix(distance, t, weight) if len(chosen) > 1 else distance
        edges, total = arborescence(cost)
        out["edges"] += [[ids[members[i]], ids[members[j]]] for i, j in edges]
        part = {
            "members": [ids[k] for k in members],
            "total": total,
            "distance": distance,
            "score": score,
            "direction": t,
            "cost": cost,
        }
        if check_unique:
            part["unique"] = is_unique(cost, edges, total)
        out["parts"].append(part)
    return out


def accuracy(edges: list, truth: list, ids: list) -> dict:
    """Directed, undirected and root accuracy, as shares of what is true among the models given."""
    known, found = set(ids), {child: parent for parent, child in edges}
    directed = undirected = total = roots = roots_found = 0
    for entry in truth:
        if entry["id"] not in known:
            continue
        expected = [p for p in parents_of(entry) if p in known]
        if not expected:
            roots += 1
            roots_found += entry["id"] not in found
            continue
        total += 1
        right = found.get(entry["id"]) in expected
        directed += right
        undirected += right or any(found.get(p) == entry["id"] for p in expected)
    return {
        "edges": total,
        "directed": directed / total if total else 1.0,
        "undirected": undirected / total if total else 1.0,
        "root": roots_found / roots if roots else 1.0,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--distance", choices=("mother-ft", "mother-lora", "l2", "mean"), default="mother-ft")
    parser.add_argument("--stage", choices=("specialization", "generalization"), default="specialization")
    parser.add_argument("--lambda", dest="weight", type=float, default=0.3)
    parser.add_argument("--kind")
    parser.add_argument("--distance-kind")
    parser.add_argument("--score-kind")
    parser.add_argument("--families", type=int)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--precision", type=int, choices=(32, 64), default=32)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--npz", type=Path)
    args = parser.parse_args()
    models = read_models(args.models)
    if not models:
        sys.exit(f"no model in {args.models}")
    truth = json.loads(args.truth.read_text())["models"] if args.truth else None
    both = PUBLISHED[args.distance] if args.kind == "published" else (args.kind, args.kind)
    distance_word, score_word = args.distance_kind or both[0], args.score_kind or both[1]
    families = None
    if args.families:
        rule = "mother-lora" if args.distance == "mother-lora" else "mean"
        families = ward_families(distance_of(rule, list(models.values()), distance_word, args.precision), args.families)
    elif truth:
        families = true_families(truth, list(models))
    result = recover(
        models,
        args.distance,
        args.stage,
        args.weight,
        families,
        distance_word,
        score_word,
        args.precision,
        check_unique=True,
    )
    if truth:
        result["accuracy"] = accuracy(result["edges"], truth, result["ids"])
    if args.npz:
        arrays = {
            f"{name}_{k}": part[name]
            for k, part in enumerate(result["parts"])
            for name in ("distance", "score", "direction", "cost")
        }
        members = {f"members_{k}": np.array(part["members"]) for k, part in enumerate(result["parts"])}
        np.savez(args.npz, **arrays, **members)
    for part in result["parts"]:
        for name in ("distance", "score", "direction", "cost"):
            del part[name]
    text = json.dumps(result, indent=1)
    args.json.write_text(text + "\n") if args.json else print(text)


if __name__ == "__main__":
    main()
