"""Are the probabilities of kinship what they claim to be? Measured on networks that have no relatives.

    python zoo/strangers.py [--count 64] [--seed 1] [--binary .build/release/modeltree] [--work DIR] [--out FILE]

Draws --count networks of each of five architectures (vary.py strangers), recovers them, and tests the probabilities
of all pairs of one architecture for being uniform (Kolmogorov and Smirnov). 64 networks of each make 10,080 pairs.
"""

import argparse
import shutil
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np
from scipy.stats import kstest

import vary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=64, help="networks of each architecture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    parser.add_argument("--work", type=Path, help="folder for networks and run; kept")
    parser.add_argument("--out", type=Path, help="where to write a table")
    args = parser.parse_args()
    work = args.work or Path(tempfile.mkdtemp(prefix="strangers-"))
    if not (work / "models").exists():
        vary.strangers(work / "models", args.seed, args.count)
    command = [args.binary, "recover", work / "models", "--out", work / "run", "--redo"]
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File(work / "run" / "results.h5") as results:
        ids = [i.decode() for i in results["models"]]
        p, family = results["relatedness_p"][:], results["family"][:]
    kinds = defaultdict(list)
    for place, name in enumerate(ids):
        kinds[name.rsplit("-", 1)[0]].append(place)
    lines = [
        "| architecture | pairs | mean p | smallest p | p below 1e-6 | related | uniform? (KS) |",
        "|---|---|---|---|---|---|---|",
    ]
    pairs = 0
    for kind, places in kinds.items():
        a, b = (np.array(places)[side] for side in np.triu_indices(len(places), 1))
        found = p[a, b]
        pairs += len(found)
        lines.append(
            f"| {kind} | {len(found)} | {found.mean():.3f} | {found.min():.1e} | {(found < 1e-6).sum()} "
            f"| {(family[a] == family[b]).sum()} | p = {kstest(found, 'uniform').pvalue:.2f} |"
        )
    text = "\n".join(lines)
    print(f"{text}\n{pairs} pairs")
    if args.out:
        args.out.write_text(text + "\n")
    if not args.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
