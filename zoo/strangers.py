"""Are the probabilities of kinship what they claim to be? Measured on networks that have no relatives.

    python zoo/strangers.py [--count 64] [--seed 1] [--binary .build/release/modeltree] [--work DIR] [--out FILE]
    python zoo/strangers.py --disguised MODEL... [--count 640] ...

Draws --count networks of each of five architectures (vary.py strangers), recovers them, and tests the probabilities
of all pairs of one architecture for being uniform (Kolmogorov and Smirnov). 64 networks of each make 10,080 pairs.

With --disguised, draws networks like each MODEL (a folder of a zoo) and chains of convolutions (redraw.py), half of
them disguised, whose tables are alike. So `recover --align auto` tries to align each with four others; what it has
tried, and what the witness let through, is read from the run directory.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np
from scipy.stats import kstest

import redraw
import vary


def table(head: list, rows: list) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def recovered(binary: Path, models: Path, run: Path):
    """Recovers the models; their names, and the probabilities and families of all pairs."""
    command = [binary, "recover", models, "--out", run, "--redo", "--align", "auto", "--pairs", "all", "--workers", "1"]
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File(run / "results.h5") as results:
        return [i.decode() for i in results["models"]], results["relatedness_p"][:], results["family"][:]


def judged(name: str, p: np.ndarray, family: np.ndarray, places: list) -> list:
    """A row about all pairs of these models."""
    a, b = (np.array(places)[side] for side in np.triu_indices(len(places), 1))
    found = p[a, b]
    test = kstest(found, "uniform")
    return [
        name, f"{len(found)}", f"{found.mean():.3f}", f"{found.min():.1e}", f"{(found < 1e-6).sum()}",
        f"{(family[a] == family[b]).sum()}", f"p = {test.pvalue:.2f}, D = {test.statistic:.3f}",
    ]  # fmt: skip


HEAD = ["architecture", "pairs", "mean p", "smallest p", "p below 1e-6", "related", "uniform? (KS)"]


def plain(args, work: Path) -> str:
    if not (work / "models").exists():
        vary.strangers(work / "models", args.seed, args.count or 64)
    ids, p, family = recovered(args.binary, work / "models", work / "run")
    kinds = defaultdict(list)
    for place, name in enumerate(ids):
        kinds[name.rsplit("-", 1)[0]].append(place)
    rows = [judged(kind, p, family, places) for kind, places in kinds.items()]
    return table(HEAD, rows) + f"\n{sum(int(row[1]) for row in rows)} pairs"


def disguised(args, work: Path) -> str:
    if not (work / "models").exists():
        redraw.collections(work / "models", args.disguised, args.seed, args.count or 640)
    rows = []
    for models in sorted(p for p in (work / "models").iterdir() if p.is_dir()):
        run = work / "run" / models.name
        ids, p, family = recovered(args.binary, models, run)
        # One note for each pair that was tried, with what was restored where the witness carried.
        notes = [note for file in (run / "aligned").glob("*.json") for note in json.loads(file.read_text())]
        let_through = sum(note.get("restoration") is not None for note in notes)
        rows.append(judged(models.name, p, family, list(range(len(ids)))) + [f"{len(notes)}", f"{let_through}"])
        print(" | ".join(rows[-1]), flush=True)
    total = [sum(int(row[k]) for row in rows) for k in (1, -2, -1)]
    ends = "{} pairs, {} of them tried at the witness, {} let through".format(*total)
    return table([*HEAD, "tried", "let through"], rows) + "\n" + ends


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, help="networks of each architecture")
    parser.add_argument("--disguised", type=Path, nargs="+", metavar="MODEL", help="transformers to draw others like")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    parser.add_argument("--work", type=Path, help="folder for networks and runs; kept")
    parser.add_argument("--out", type=Path, help="where to write a table")
    args = parser.parse_args()
    work = args.work or Path(tempfile.mkdtemp(prefix="strangers-"))
    text = disguised(args, work) if args.disguised else plain(args, work)
    print(text)
    if args.out:
        args.out.write_text(text + "\n")
    if not args.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
