"""Measures modeltree and the published rules on zoos whose trees are known; writes docs/accuracy.md.

    python zoo/accuracy.py [--zoos DIR]... [--out docs/accuracy.md] [--binary .build/release/modeltree]
        [--runs runs/accuracy] [--only WORD] [--reuse] [--varied DIR [--held REGEX]]

The shipped zoos are always measured; --zoos adds every zoo in DIR (a folder with truth.json). Every true
edge counts, also of models that a method cannot read: what is set aside is wrong. modeltree is told
nothing; the published rules are told the true families.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from math import comb
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "Oracle"))
import honesty  # noqa: E402
import published_rules as published  # noqa: E402

NOTES = ROOT / "zoo" / "tuned.md"
SHIPPED = ("full-finetune", "lora", "mixed")
# name -> rule, stage
RULES = {
    "max, kurtosis": ("mother-ft", "specialization"),
    "max, kurtosis reversed": ("mother-ft", "generalization"),
    "L2, kurtosis": ("l2", "specialization"),
    "L2, kurtosis reversed": ("l2", "generalization"),
    "rank, kurtosis": ("mother-lora", "specialization"),
    "rank, kurtosis reversed": ("mother-lora", "generalization"),
}
BINS = (0, 0.5, 0.75, 0.9, 0.99, 1.000001)


@dataclass
class Outcome:
    """What a method found in one zoo."""

    parents: dict = field(default_factory=dict)  # child -> parent
    families: dict = field(default_factory=dict)  # model -> label; empty if the families were given
    links: dict = field(default_factory=dict)  # child -> link of tree.json
    extra: dict = field(default_factory=dict)  # child -> further parents
    seconds: float = 0.0
    failed: str | None = None


@dataclass
class Zoo:
    name: str
    folder: Path
    truth: list

    @property
    def expected(self) -> dict:
        """child -> its true parents, for every model that has any."""
        found = {e["id"]: published.parents_of(e) for e in self.truth}
        return {child: parents for child, parents in found.items() if parents}

    @property
    def roots(self) -> list:
        return [e["id"] for e in self.truth if not published.parents_of(e)]

    def families(self) -> dict:
        ids = [e["id"] for e in self.truth]
        return dict(zip(ids, published.true_families(self.truth, ids).tolist()))


def read_zoos(folders: list) -> list:
    zoos = []
    for folder in folders:
        own = folder / "truth.json"
        files = [own] if own.exists() else sorted(folder.glob("*/truth.json"))
        if not files:
            sys.exit(f"no zoo in {folder}: expected truth.json there or in a folder below")
        zoos += [Zoo(f.parent.name, f.parent, json.loads(f.read_text())["models"]) for f in files]
    return zoos


# ------------------------------------------------------------------ methods


def run_modeltree(zoo: Zoo, binary: Path, run: Path, reuse: bool) -> Outcome:
    out = Outcome()
    clock = run / "seconds"
    if not (reuse and clock.exists()):
        started = time.time()
        command = [binary, "recover", zoo.folder, "--out", run, "--redo"]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            out.failed = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            return out
        clock.write_text(str(time.time() - started))
    out.seconds = float(clock.read_text())
    tree = json.loads((run / "tree.json").read_text())
    out.families = {node["id"]: node["family"] for node in tree["nodes"]}
    for link in tree["links"]:
        if link.get("extra"):
            out.extra.setdefault(link["target"], []).append(link["source"])
        else:
            out.parents[link["target"]] = link["source"]
            out.links[link["target"]] = link
    return out


def words_of(rule: str, models: dict) -> tuple:
    """The published layer kinds, or all square tensors where an architecture has no such kind."""
    tensors = list(models.values())
    return tuple(w if w and published.square_names(tensors, w) else None for w in published.PUBLISHED[rule])


def run_rules(zoo: Zoo) -> dict:
    models = published.read_models(zoo.folder)
    families = published.true_families(zoo.truth, list(models))
    outcomes, known = {}, {}
    for name, (rule, stage) in RULES.items():
        started = time.time()
        distance_word, score_word = words_of(rule, models)
        # Both stages share the distances.
        result = published.recover(
            models, rule, stage, 0.3, families, distance_word, score_word, known=known.setdefault(rule, {})
        )
        out = Outcome(parents={child: parent for parent, child in result["edges"]})
        out.seconds = time.time() - started
        outcomes[name] = out
    return outcomes


def ward_rand(zoo: Zoo, rule: str) -> float:
    """Adjusted Rand index of the families that Ward linkage finds, given their true number."""
    models = published.read_models(zoo.folder)
    families = published.true_families(zoo.truth, list(models)).tolist()
    if len(set(families)) == 1:
        return 1.0
    distance = published.distance_of(rule, list(models.values()), words_of(rule, models)[0])
    return rand_index(families, published.ward_families(distance, len(set(families))).tolist())


# ------------------------------------------------------------------ measures


def rand_index(a: list, b: list) -> float:
    """Adjusted for chance (Hubert, Arabie 1985)."""

    def pairs(counts):
        return sum(comb(c, 2) for c in counts)

    both, first, second = (pairs(Counter(x).values()) for x in (list(zip(a, b)), a, b))
    everything = comb(len(a), 2)
    expected = first * second / everything if everything else 0
    highest = (first + second) / 2
    return 1.0 if highest == expected else (both - expected) / (highest - expected)


def measure(zoo: Zoo, out: Outcome) -> dict:
    expected, families = zoo.expected, zoo.families()
    right = {c for c, parents in expected.items() if out.parents.get(c) in parents}
    joined = {c for c, parents in expected.items() if c in right or any(out.parents.get(p) == c for p in parents)}
    row = {
        "edges": len(expected),
        "directed": len(right),
        "undirected": len(joined),
        "roots": len(zoo.roots),
        "roots_found": sum(r not in out.parents for r in zoo.roots),
        "right": right,
        "seconds": out.seconds,
    }
    if out.families:
        ids = [e["id"] for e in zoo.truth]
        row["rand"] = rand_index([families[i] for i in ids], [out.families.get(i, f"alone {i}") for i in ids])
    return row


def relation_of(out: Outcome, child: str) -> str:
    link = out.links.get(child)
    return link["relation"] if link else "none"


def merges(zoo: Zoo, out: Outcome) -> tuple:
    """Merges with all parents found, all true merges, and models wrongly called merges."""
    found = total = 0
    for entry in zoo.truth:
        if entry["relation"] != "merge":
            continue
        total += 1
        parents = {out.parents.get(entry["id"])} | set(out.extra.get(entry["id"], []))
        found += parents == set(entry["parents"])
    true = {e["id"] for e in zoo.truth if e["relation"] == "merge"}
    wrong = sum(link["relation"] == "merge" and child not in true for child, link in out.links.items())
    return found, total, wrong


# ------------------------------------------------------------------ the report


def percent(part: float, whole: float) -> str:
    return "-" if not whole else f"{100 * part / whole:.0f} %"


def table(head: list, rows: list) -> list:
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + [
        "| " + " | ".join(str(c) for c in row) + " |" for row in rows
    ]


def directed_table(zoos, own, rules) -> list:
    rows, sums, shares = [], Counter(), Counter()
    methods = ["modeltree", *RULES]
    for zoo in zoos:
        measured = {"modeltree": own[zoo.name], **rules[zoo.name]}
        cells = []
        for method in methods:
            m = measured[method]
            sums[method] += m["directed"]
            shares[method] += m["directed"] / m["edges"] / len(zoos)
            cells.append(percent(m["directed"], m["edges"]))
        cells[0] = f"**{cells[0]}**"
        rows.append([zoo.name, measured["modeltree"]["edges"], *cells])
    total = sum(len(z.expected) for z in zoos)
    rows.append(["all edges", total, *(percent(sums[m], total) for m in methods)])
    rows.append(["mean of zoos", "", *(percent(shares[m], 1) for m in methods)])
    return table(["zoo", "true edges", *methods], rows)


def detail_table(zoos, own, outcomes) -> list:
    rows = []
    for zoo in zoos:
        m, out = own[zoo.name], outcomes[zoo.name]
        if out.failed:
            rows.append([zoo.name, f"failed: {out.failed}"] + [""] * 8)
            continue
        found, total, wrong = merges(zoo, out)
        sure = [c for c, link in out.links.items() if link["support"] >= 0.9]
        relations = [(e["relation"], relation_of(out, e["id"])) for e in zoo.truth if published.parents_of(e)]
        ranks = [
            (e["rank"], out.links[e["id"]].get("rank"))
            for e in zoo.truth
            if e["relation"] == "lora" and e["id"] in out.links
        ]
        rows.append(
            [
                zoo.name,
                percent(m["directed"], m["edges"]),
                percent(m["undirected"], m["edges"]),
                f"{m['roots_found']} of {m['roots']}",
                f"{m['rand']:.2f}",
                f"{found} of {total}" + (f", {wrong} wrong" if wrong else "") if total or wrong else "-",
                percent(sum(a == b for a, b in relations), len(relations)),
                f"{sum(a == b for a, b in ranks)} of {len(ranks)}" if ranks else "-",
                f"{sum(c in m['right'] for c in sure)} of {len(sure)}",
                f"{m['seconds']:.1f}",
            ]
        )
    return table(
        [
            "zoo",
            "directed",
            "undirected",
            "roots",
            "ARI",
            "merges",
            "relations",
            "ranks",
            "right at support >= 90 %",
            "seconds",
        ],
        rows,
    )


def family_table(zoos, own, ward) -> list:
    rows = [
        [
            zoo.name,
            len(set(zoo.families().values())),
            f"{own[zoo.name].get('rand', 0):.2f}",
            *(f"{value:.2f}" for value in ward[zoo.name]),
        ]
        for zoo in zoos
    ]
    return table(["zoo", "families", "modeltree", "Ward, mean difference", "Ward, ranks"], rows)


def reliability(zoos, own, outcomes, key: str) -> list:
    """Edges found by their support, and how many of them are right."""
    rows = []
    for low, high in zip(BINS, BINS[1:]):
        inside = []
        for zoo in zoos:
            expected = zoo.expected
            for child, link in outcomes[zoo.name].links.items():
                if not low <= link[key] < high:
                    continue
                if (
                    key == "support"
                    or link["source"] in expected.get(child, [])
                    or child in expected.get(link["source"], [])
                ):
                    inside.append((link[key], child in own[zoo.name]["right"]))
        if inside:
            mean = sum(s for s, _ in inside) / len(inside)
            rows.append(
                [
                    f"{100 * low:.0f} to {100 * min(high, 1):.0f} %",
                    len(inside),
                    percent(mean, 1),
                    percent(sum(r for _, r in inside), len(inside)),
                ]
            )
    return table(["reported", "edges", "mean reported", "right"], rows)


def error_rates(zoos, own, outcomes) -> dict:
    """Edges by their support and how many are right, for `modeltree report`: the same table as data."""
    bins = []
    for low, high in zip(BINS, BINS[1:]):
        inside = [
            child in own[zoo.name]["right"]
            for zoo in zoos
            for child, link in outcomes[zoo.name].links.items()
            if low <= link["support"] < high
        ]
        bins.append(
            {
                "from": round(100 * low),
                "to": round(100 * min(high, 1)),
                "edges": len(inside),
                "right": sum(inside),
            }
        )
    return {"collections": len(zoos), "bins": bins}


def confusion(zoos, outcomes) -> list:
    counts = Counter()
    for zoo in zoos:
        for entry in zoo.truth:
            if published.parents_of(entry):
                counts[entry["relation"], relation_of(outcomes[zoo.name], entry["id"])] += 1
    kinds = sorted({a for a, _ in counts})
    found = sorted({b for _, b in counts})
    return table(["true relation", *found], [[a, *(counts[a, b] or "" for b in found)] for a in kinds])


def missed(zoos, own, outcomes) -> list:
    rows = []
    for zoo in zoos:
        by_id = {e["id"]: e for e in zoo.truth}
        for child, parents in sorted(zoo.expected.items()):
            if child in own[zoo.name]["right"]:
                continue
            out = outcomes[zoo.name]
            link = out.links.get(child)
            turned = any(out.parents.get(p) == child for p in parents)
            said = [f"{100 * link[k]:.0f}" for k in ("support", "direction_support")] if link else []
            change = by_id[child].get("change")
            kind = by_id[child]["relation"] + (f" ({change})" if change else "")
            rows.append(
                [
                    zoo.name,
                    child,
                    kind,
                    " ".join(parents),
                    link["source"] if link else "none",
                    "yes" if turned else "",
                    " / ".join(said),
                ]
            )
    return table(
        ["zoo", "model", "relation", "true parents", "found parent", "reversed", "support / of its direction, %"],
        rows,
    )


def report(zoos, own, outcomes, rules, ward, varied: dict, version: str) -> str:
    lines = [
        "# Accuracy",
        "",
        f"Written by `make accuracy` with {version}; do not edit.",
        "",
        NOTES.read_text().strip(),
        "",
        "## Directed accuracy",
        "",
        "The share of true edges that were found with the right direction; edges of models that a method cannot",
        "read count as missed. modeltree gets no hints. The published rules (numpy, in",
        "`Tests/Oracle/published_rules.py`: layer kinds of the authors' code, lambda 0.3) are given the true",
        "families.",
        "",
    ]
    lines += directed_table(zoos, own, rules)
    lines += [
        "",
        "## modeltree in detail",
        "",
        "ARI: adjusted Rand index of the families. Merges: merges with all parents found; wrong: other models",
        "called merges. Relations: children with the right relation. Ranks: merged LoRAs with exactly the right",
        "rank.",
        "",
    ]
    lines += detail_table(zoos, own, outcomes)
    lines += [
        "",
        "## Families",
        "",
        "Adjusted Rand index. modeltree gets no hints; Ward linkage is given the true number of families and",
        "sees no adapters.",
        "",
    ]
    lines += family_table(zoos, own, ward)
    lines += ["", "## Can the support be trusted?", "", "All edges that modeltree found, by support:", ""]
    lines += reliability(zoos, own, outcomes, "support")
    lines += ["", "Edges that join a true parent and child, by the support of their direction:", ""]
    lines += reliability(zoos, own, outcomes, "direction_support")
    lines += [
        "",
        "## Relations",
        "",
        "Each row counts the true children of one relation, by the relation that modeltree reports.",
        "",
    ]
    lines += confusion(zoos, outcomes)
    if varied:
        lines += [
            "",
            "## Varied collections",
            "",
            "Zoos varied as people's collections are (`zoo/vary.py`): token tables padded, multiples and casts added, one",
            "parent of two or more children left out, models merged by ten recipes, parts taken from another family. For a",
            "model whose parent is absent, its nearest ancestor that is there, no parent where there is none, or an inferred",
            "node whose observed children all descend from the absent parent is right. *Whole*: the zoos themselves.",
            "",
            *honesty.table(varied).split("\n"),
            "",
            "Edges that were claimed, by their support: how many of them are right, and the log loss of the support as a",
            "probability, in nats per edge.",
            "",
            *honesty.reliability(varied).split("\n"),
        ]
    lines += ["", "## True edges that were missed", ""] + missed(zoos, own, outcomes)
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zoos", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "accuracy.md")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "modeltree")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "accuracy")
    parser.add_argument("--only", help="only zoos whose name contains this word")
    parser.add_argument("--reuse", action="store_true", help="keep finished runs of modeltree")
    parser.add_argument("--varied", type=Path, help="folder of collections that zoo/vary.py made")
    parser.add_argument("--held", default="held", help="names of collections that were not used for tuning")
    parser.add_argument(
        "--no-rules", action="store_true", help="measure modeltree only; print the result and write nothing"
    )
    args = parser.parse_args()
    zoos = read_zoos([ROOT / "zoo" / name for name in SHIPPED] + args.zoos)
    zoos = [z for z in zoos if not args.only or args.only in z.name]
    args.runs.mkdir(parents=True, exist_ok=True)
    own, outcomes, rules, ward = {}, {}, {}, {}
    for zoo in zoos:
        out = outcomes[zoo.name] = run_modeltree(zoo, args.binary, args.runs / zoo.name, args.reuse)
        own[zoo.name] = measure(zoo, out)
        if not args.no_rules:
            rules[zoo.name] = {name: measure(zoo, found) for name, found in run_rules(zoo).items()}
            ward[zoo.name] = [ward_rand(zoo, rule) for rule in ("mean", "mother-lora")]
        m = own[zoo.name]
        print(
            f"{zoo.name:28} {m['directed']:3} of {m['edges']:3}  undirected {m['undirected']:3}  roots "
            f"{m['roots_found']} of {m['roots']}  {m['seconds']:.1f} s  {out.failed or ''}",
            flush=True,
        )
    if args.no_rules:
        edges = sum(m["edges"] for m in own.values())
        print(f"all: {sum(m['directed'] for m in own.values())} of {edges} directed")
        print("\n".join(missed(zoos, own, outcomes)))
        print("\n".join(reliability(zoos, own, outcomes, "support")))
        print("\n".join(reliability(zoos, own, outcomes, "direction_support")))
        return
    version = subprocess.run([str(args.binary), "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    varied = {}
    if args.varied:
        folders = honesty.collections([z.folder for z in zoos] + [args.varied])
        varied, _ = honesty.measure(folders, args.binary, args.runs / "varied", held=args.held)
    args.out.write_text(report(zoos, own, outcomes, rules, ward, varied, version))
    data = ROOT / "Sources" / "Coordinator" / "Reports" / "Report" / "error-rates.json"
    data.write_text(json.dumps(error_rates(zoos, own, outcomes), indent=2) + "\n")
    print(f"wrote {args.out} and {data}")


if __name__ == "__main__":
    main()
