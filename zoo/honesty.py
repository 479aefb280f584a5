"""Counts what modeltree claims wrongly on varied collections (vary.py), and how surely.

    python zoo/honesty.py [--binary .build/release/modeltree] [--runs DIR] [--wrong] [--held REGEX] [--out FILE]
        COLLECTION...

A COLLECTION is a folder with truth.json, or one that holds such folders. Printed per kind of collection, that is
per first word of a folder's name. Sure means support and direction support of at least 90 %. For a model whose true
parent is absent, its nearest present ancestor, no parent where there is none, or an inferred node all of whose
observed children descend from the absent parent is right. --out writes a table for docs; collections whose names
match --held were not used for tuning, and are counted apart.
"""

import argparse
import json
import math
import re
import subprocess
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SURE = 0.9
BINS = (0, 0.5, 0.75, 0.9, 1.000001)
VARIED = ("pad", "scale", "merge", "chimera", "strangers")


class Tree:
    """What a run found."""

    def __init__(self, tree: dict):
        self.family = {n["id"]: n["family"] for n in tree["nodes"]}
        self.inferred = {n["id"] for n in tree["nodes"] if n.get("inferred")}
        self.link = {link["target"]: link for link in tree["links"] if not link.get("extra")}
        self.extra = [link for link in tree["links"] if link.get("extra")]

    def parent(self, model: str):
        return self.link[model]["source"] if model in self.link else None

    def observed_below(self, node: str) -> set:
        found, open_ = set(), [node]
        while open_:
            top = open_.pop()
            for child, link in self.link.items():
                if link["source"] == top:
                    (open_.append if child in self.inferred else found.add)(child)
        return found

    def is_sure(self, model: str) -> bool:
        link = self.link[model]
        return min(link["support"], link["direction_support"]) >= SURE


class Truth:
    def __init__(self, folder: Path):
        self.models = {m["id"]: m for m in json.loads((folder / "truth.json").read_text())["models"]}
        self.present = {i for i, m in self.models.items() if (folder / m.get("path", i)).exists()}

    def parents(self, model: str) -> list:
        m = self.models[model]
        return m.get("parents") or ([m["parent"]] if m.get("parent") else [])

    def first_copies(self) -> dict:
        """Model -> what it is a copy of, where nothing but the order of the files tells the two apart."""
        first = {}
        for m in self.models.values():
            if m["relation"] == "duplicate" and self.parents(m["id"]):
                first[m["id"]] = self.parents(m["id"])[0]
        return first

    def nearest_present(self, model: str) -> set:
        found, open_ = set(), list(self.parents(model))
        while open_:
            top = open_.pop()
            if top in self.present:
                found.add(top)
            else:
                open_ += self.parents(top)
        return found

    def ancestors(self, model: str) -> set:
        found, open_ = set(), list(self.parents(model))
        while open_:
            top = open_.pop()
            if top not in found:
                found.add(top)
                open_ += self.parents(top)
        return found

    def root(self, model: str) -> str:
        while self.parents(model):
            model = self.parents(model)[0]
        return model


def is_right(truth: Truth, tree: Tree, model: str) -> bool:
    parent = tree.parent(model)
    allowed = truth.nearest_present(model)
    copies = truth.first_copies()
    group = {copies.get(model, model)} | {c for c, o in copies.items() if o == copies.get(model, model)}
    if parent in group:  # Which of two copies is the original, the weights do not say.
        return True
    if len(group) > 1:
        allowed = set().union(*(truth.nearest_present(m) for m in group)) - group
    allowed |= {c for c, o in copies.items() if o in allowed}
    if parent is None:
        return not allowed
    if parent not in tree.inferred:
        return parent in allowed
    absent = [a for a in truth.ancestors(model) if a not in truth.present]
    below = tree.observed_below(parent)
    return any(all(a in truth.ancestors(m) for m in below) for a in absent)


def count(kind: str, truth: Truth, tree: Tree, counts: Counter, wrong: list, name: str):
    for model in sorted(truth.present):
        if model not in tree.family:
            counts["missing"] += 1
            continue
        entry = truth.models[model]
        parents = truth.parents(model)
        orphan = any(p not in truth.present for p in parents)
        right = is_right(truth, tree, model)
        counts["models"] += 1
        if parents:
            counts["edges"] += 1
            counts["edges right"] += right
        else:
            counts["roots"] += 1
            counts["roots right"] += right
        if orphan:
            counts["orphans"] += 1
            counts["orphans right"] += right
        claimed = tree.link.get(model)
        if claimed:
            support = claimed["support"]
            place = max(k for k, low in enumerate(BINS[:-1]) if support >= low)
            counts[f"bin {place}"] += 1
            counts[f"bin {place} right"] += right
            counts["claimed"] += 1
            said = min(max(support, 0.01), 0.99)
            counts["log loss"] -= math.log(said if right else 1 - said)
        if claimed and tree.is_sure(model):
            counts["sure"] += 1
            counts["sure right"] += right
        if claimed and not right:
            sure = tree.is_sure(model)
            counts["sure and wrong"] += sure
            if orphan:
                counts["orphans sure and wrong"] += sure
            wrong.append((name, model, entry.get("change") or entry.get("component") or entry["relation"],
                          parents, claimed["source"], claimed["relation"], claimed["support"],
                          claimed["direction_support"], "orphan" if orphan else ""))  # fmt: skip
        elif not claimed and not right:
            wrong.append((name, model, entry.get("change") or entry["relation"], parents, None, "", 0, 0, ""))
        relation = claimed["relation"] if claimed else None
        if entry["relation"] == "duplicate" and parents:
            counts["copies"] += 1
            counts["copies called so"] += relation in ("duplicate", "reformatted", "quantized") and right
        if entry["relation"] == "merge":
            counts["merges"] += 1
            found = {tree.parent(model)} | {e["source"] for e in tree.extra
                                            if e["target"] == model and e["relation"] == "merge"}  # fmt: skip
            # Which of two copies is the original, the weights do not say.
            copies = truth.first_copies()
            found, parents = {copies.get(f, f) for f in found}, [copies.get(p, p) for p in parents]
            # A base to which task vectors are added has a share that may be negative, and is then no parent.
            complete = found in (set(parents), set(parents) - {entry.get("base")})
            counts["merges found"] += relation == "merge" and complete
            counts["merges called so"] += relation == "merge"
        elif relation == "merge":
            counts["false merges"] += 1
            wrong.append((name, model, "false merge", parents, claimed["source"], relation, claimed["support"], 0, ""))
        if "component" in entry:
            counts["chimeras"] += 1
            counts["chimeras named"] += any(
                e["target"] == model and e["relation"] == "contains"
                and truth.root(e["source"]) == truth.root(entry["source"]) for e in tree.extra if e["source"] in truth.models
            )  # fmt: skip
    present = sorted(m for m in truth.present if m in tree.family)
    roots = {m: truth.root(m) for m in present}
    by_family = defaultdict(set)
    for m in present:
        by_family[tree.family[m]].add(roots[m])
    counts["families that join strangers"] += sum(len(r) > 1 for r in by_family.values())
    counts["inferred nodes"] += len(tree.inferred)
    for node in tree.inferred:
        below = tree.observed_below(node)
        shared = set.intersection(*(truth.ancestors(m) for m in below)) - truth.present if below else set()
        counts["inferred nodes false"] += not shared
    children = Counter(p for m in present for p in truth.parents(m) if p not in truth.present)
    for parent, n in children.items():
        key = "absent parents of 3+" if n > 2 else "absent parents of 2"
        if n > 1:
            counts[key] += 1
            counts[key + " flagged"] += any(
                len(tree.observed_below(i)) > 1 and all(parent in truth.ancestors(m) for m in tree.observed_below(i))
                for i in tree.inferred
            )


COLUMNS = {
    "collections": ("collections", None), "models": ("models", None), "edges right": ("edges right", "edges"),
    "roots right": ("roots right", "roots"), "right at support >= 90 %": ("sure right", "sure"),
    "copies called so": ("copies called so", "copies"), "merges found": ("merges found", "merges"),
    "false merges": ("false merges", None), "components named": ("chimeras named", "chimeras"),
    "families that join strangers": ("families that join strangers", None), "orphans right": ("orphans right", "orphans"),
    "orphans sure and wrong": ("orphans sure and wrong", None),
    "absent parents of 3+ flagged": ("absent parents of 3+ flagged", "absent parents of 3+"),
    "absent parents of 2 flagged": ("absent parents of 2 flagged", "absent parents of 2"),
    "inferred nodes false": ("inferred nodes false", "inferred nodes"),
}  # fmt: skip


def table(kinds: dict) -> str:
    def cell(counts: Counter, key: str, of: str | None) -> str:
        if of is None:
            return str(counts[key])
        return f"{counts[key]} of {counts[of]}" if counts[of] else "-"

    names = list(kinds)
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for title, (key, of) in COLUMNS.items():
        lines.append(f"| {title} | " + " | ".join(cell(kinds[n], key, of) for n in names) + " |")
    return "\n".join(lines)


def reliability(kinds: dict) -> str:
    """Edges that were claimed, by their support: how many of them are right; and the log loss of the support."""
    ranges = [f"{100 * low:.0f} to {100 * min(high, 1):.0f} %" for low, high in zip(BINS, BINS[1:])]
    lines = ["| | " + " | ".join(ranges) + " | log loss |", "|---|" + "---|" * (len(ranges) + 1)]
    for name, counts in kinds.items():
        cells = []
        for place in range(len(ranges)):
            n, right = counts[f"bin {place}"], counts[f"bin {place} right"]
            cells.append(f"{right} of {n}" if n else "-")
        loss = f"{counts['log loss'] / counts['claimed']:.2f}" if counts["claimed"] else "-"
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {loss} |")
    return "\n".join(lines)


def collections(places: list) -> list:
    folders = []
    for place in places:
        folders += [place] if (place / "truth.json").exists() else sorted(f.parent for f in place.glob("*/truth.json"))
    return folders


def measure(folders: list, binary: Path, runs: Path, jobs: int = 2, held: str | None = None) -> tuple:
    """Counts by kind of collection, and a row for everything that is wrong."""
    runs.mkdir(parents=True, exist_ok=True)

    def run(folder: Path):
        out = runs / folder.name
        command = [binary, "recover", folder, "--out", out, "--redo"]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stderr.strip()[-300:] if done.returncode else json.loads((out / "tree.json").read_text())

    with ThreadPoolExecutor(jobs) as pool:
        trees = list(pool.map(run, folders))
    kinds, wrong = defaultdict(Counter), []
    for folder, tree in zip(folders, trees):
        word = folder.name.split("-")[0]
        kind = "without a parent" if "-without-" in folder.name else word if word in VARIED else "whole"
        if held and re.search(held, folder.name):
            kind += ", held out"
        if isinstance(tree, str):
            kinds[kind]["failed"] += 1
            wrong.append((folder.name, tree))
            continue
        kinds[kind]["collections"] += 1
        count(kind, Truth(folder), Tree(tree), kinds[kind], wrong, folder.name)
    return kinds, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path, nargs="+")
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    parser.add_argument("--runs", type=Path, default=Path("runs/honesty"))
    parser.add_argument("--wrong", action="store_true", help="list what is wrong")
    parser.add_argument("--held", help="names of collections that were not used for tuning")
    parser.add_argument("--out", type=Path, help="where to write a table")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    kinds, wrong = measure(collections(args.collections), args.binary, args.runs, args.jobs, args.held)
    for kind, counts in kinds.items():
        print(f"{kind}: " + ", ".join(f"{key} {round(value, 1)}" for key, value in counts.items() if value))
    if args.out:
        args.out.write_text(
            "# Accuracy on varied collections\n\nWritten by `zoo/honesty.py`; do not edit. How the collections are made, "
            "`zoo/vary.py` says.\nHeld out: not used for tuning.\n\n"
            + table(kinds)
            + "\n\n"
            + reliability(kinds)
            + "\n"
        )
    if args.wrong:
        for row in wrong:
            print(*row)


if __name__ == "__main__":
    main()
