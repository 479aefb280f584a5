"""Recovers the trees of public models from a hub's cache, and compares them with what their authors state.

    python bench/public/measure.py LIST.json CACHE [--binary .build/release/modeltree] [--runs DIR] [--json]

CACHE is a folder as `huggingface-cli download` fills it (models--ORG--NAME/snapshots/REVISION), or one with
ORG/NAME below it. Models of the list that are not there are named and left out. Nothing is downloaded.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def found(cache: Path, model: dict) -> Path | None:
    """The folder of a model: the listed revision, else the one that `main` names, else the only one."""
    for name in [model["id"], *model.get("also", [])]:
        if (cache / name).is_dir():
            return cache / name
        folder = cache / ("models--" + name.replace("/", "--"))
        snapshots = folder / "snapshots"
        wanted = model.get("revision")
        main = folder / "refs" / "main"
        if not wanted and main.exists():
            wanted = main.read_text().strip()
        if wanted and (snapshots / wanted).is_dir():
            return snapshots / wanted
        every = sorted(snapshots.glob("*")) if snapshots.is_dir() else []
        if not wanted and len(every) == 1:
            return every[0]
    return None


def nearest(parents: dict, model: str, present: set) -> str | None:
    """The nearest ancestor that is in the collection."""
    while (model := parents.get(model)) is not None:
        if model in present:
            return model
    return None


def measure(listed: dict, cache: Path, binary: Path, runs: Path) -> dict:
    places = {m["id"]: found(cache, m) for m in listed["models"]}
    present = {name for name, place in places.items() if place}
    missing = sorted(set(places) - present)
    if len(present) < 2:
        sys.exit(f"{cache}: {len(present)} of {len(places)} models of the list are there, at least two are needed")
    parents = {m["id"]: m["parent"] for m in listed["models"]}
    with tempfile.TemporaryDirectory(prefix="public-") as scratch:
        folder = Path(scratch) / "models"
        folder.mkdir()
        for name in sorted(present):
            os.symlink(places[name].resolve(), folder / name.replace("/", "--"))
        shutil.rmtree(runs, ignore_errors=True)
        command = [str(binary), "recover", str(folder), "--out", str(runs)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"modeltree ended with exit status {done.returncode}")
    tree = json.loads((runs / "tree.json").read_text())
    links = {k["target"]: k for k in tree["links"] if not k.get("extra")}
    rows = []
    for name in sorted(present):
        link = links.get(name.replace("/", "--"))
        rows.append(
            {
                "model": name,
                "stated": nearest(parents, name, present),
                "found": link["source"].replace("--", "/") if link else None,
                "support": link["support"] if link else None,
                "undecided": bool(link and link.get("undecided")),
            }
        )
    edges = [r for r in rows if r["stated"]]
    right = [r for r in edges if r["found"] == r["stated"]]
    turned = {(r["found"], r["model"]) for r in rows}
    joined = [r for r in edges if r["found"] == r["stated"] or (r["model"], r["stated"]) in turned]
    return {
        "list": listed["name"], "models": len(present), "missing": missing, "edges": len(edges),
        "directed": len(right), "undirected": len(joined), "rows": rows, "published": listed.get("published", []),
    }  # fmt: skip


def text(result: dict) -> str:
    lines = [f"{result['list']}: {result['models']} models"]
    if result["missing"]:
        lines.append("not in the cache: " + ", ".join(result["missing"]))
    lines += ["", "| model | stated parent | found parent | support |", "|---|---|---|---|"]
    for row in result["rows"]:
        support = "" if row["support"] is None else f"{100 * row['support']:.0f} %"
        mark = " (undecided)" if row["undecided"] else ""
        lines.append(f"| {row['model']} | {row['stated'] or '-'} | {row['found'] or '-'} | {support}{mark} |")
    lines += ["", f"modeltree: {result['directed']} of {result['edges']} edges, {result['undirected']} undirected"]
    lines += [f"{p['method']}: {p['result']} ({p['source']})" for p in result["published"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    parser.add_argument("--runs", type=Path, default=Path("runs/public"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = measure(json.loads(args.list.read_text()), args.cache, args.binary, args.runs)
    print(json.dumps(result, indent=1) if args.json else text(result))


if __name__ == "__main__":
    main()
