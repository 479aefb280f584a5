"""Measures `modeltree scan` on zoos whose trees are known: each model against a registry of all others.

    python zoo/scan.py ZOO... [--binary .build/release/modeltree] [--gone] [--quantize]

Every model is scanned against the registry of its zoo, in which it is passed over. The family is right when a
relative, and no stranger, is among the relatives; the parent when it is among the first five candidates. --gone moves
all other weights out of reach before a scan; --quantize scans a GGUF copy of each model in Q4_0 instead of the model.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
# Not in the registry, or not to be told from its source.
PASSED = {"adapter"}


def run(binary, *arguments):
    """What a program prints; its messages where it fails."""
    done = subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def quantized(model, folder):
    """Writes a GGUF copy in Q4_0 where rows allow it, and returns its path."""
    import gguf
    from safetensors.numpy import load_file

    try:
        tensors = load_file(next(model.glob("*.safetensors")))
    except (StopIteration, TypeError, KeyError, AttributeError):
        return None
    path = folder / f"{model.name}.gguf"
    writer = gguf.GGUFWriter(path, "unknown")
    for name, values in tensors.items():
        values = np.ascontiguousarray(values.astype(np.float32))
        if values.ndim == 2 and values.shape[1] % 32 == 0:
            kind = gguf.GGMLQuantizationType.Q4_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_shape=None, raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def roots(models):
    """The root of each model's tree."""
    parents = {model["id"]: model.get("parent") or next(iter(model.get("parents") or []), None) for model in models}

    def root(name):
        while parents.get(name):
            name = parents[name]
        return name

    return {name: root(name) for name in parents}


def judge(answer, model, family):
    """One word for the family and one for the parent."""
    found = {member["id"] for member in (answer.get("family") or {}).get("members", [])}
    found |= {copy["model"]["id"] for copy in answer["copies"]}
    relatives = {name for name, root in family.items() if root == family[model["id"]] and name != model["id"]}
    right = bool(found & relatives) if relatives else not found
    if found - relatives - {model["id"]}:
        right = False
    parents = set(model.get("parents") or []) | {model.get("parent")} - {None}
    ranked = [parent["model"]["id"] for parent in answer["parents"]]
    copies = [copy["model"]["id"] for copy in answer["copies"]]
    place = next((k for k, name in enumerate(copies + ranked) if name in parents), None)
    return right, parents, place


def measure(zoo, arguments):
    """Scans every model of a zoo; prints what was missed and returns the counts."""
    truth = json.loads((zoo / "truth.json").read_text())
    models = [model for model in truth["models"] if model.get("relation") not in PASSED]
    family = roots(truth["models"])
    counts = Counter()
    chances = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        registry = folder / "registry"
        here = folder / "models"
        shutil.copytree(zoo, here)
        run(arguments.binary, "fingerprint", here, "--registry", registry)
        if arguments.gone:
            here.rename(folder / "gone")
            here.mkdir()
        for model in models:
            suspect = here / model["path"]
            if arguments.gone:
                shutil.copytree(folder / "gone" / model["path"], suspect)
            if arguments.quantize:
                suspect = quantized(suspect, folder)
                if suspect is None:
                    continue
            answer = json.loads(run(arguments.binary, "scan", suspect, "--registry", registry, "--json"))
            if arguments.quantize:
                # The model itself is its source.
                copies = [parent["model"]["id"] for parent in answer["parents"]]
                place = copies.index(model["id"]) if model["id"] in copies else None
                right = bool(answer.get("family")) and all(
                    family.get(member["id"]) == family[model["id"]] for member in answer["family"]["members"]
                )
                parents = {model["id"]}
            else:
                right, parents, place = judge(answer, model, family)
            counts["models"] += 1
            counts["family"] += right
            if not right:
                print(f"  {zoo.name} {model['id']}: family ({model.get('relation')}): {answer['verdict']}")
            if parents:
                counts["children"] += 1
                counts["five"] += place is not None and place < 5
                counts["first"] += place == 0
                if place is None or place >= 5:
                    print(
                        f"  {zoo.name} {model['id']}: parent {sorted(parents)} ({model.get('relation')}): place {place}"
                    )
            ranked = answer["parents"]
            if ranked and parents and not answer["copies"]:
                chances.append((ranked[0]["probability"], ranked[0]["model"]["id"] in parents))
            if arguments.gone:
                shutil.rmtree(here / model["path"])
    return counts, chances


def main():
    """Print a line for each zoo and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoos", nargs="+", type=Path)
    parser.add_argument("--binary", default=ROOT / ".build/release/modeltree", type=Path)
    parser.add_argument("--gone", action="store_true")
    parser.add_argument("--quantize", action="store_true")
    arguments = parser.parse_args()
    total, chances = Counter(), []
    for zoo in arguments.zoos:
        counts, own = measure(zoo, arguments)
        print(f"{zoo.name}: {text(counts)}", flush=True)
        total += counts
        chances += own
    print(f"all: {text(total)}")
    for low, high in [(0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)]:
        inside = [right for chance, right in chances if low <= chance < high]
        if inside:
            print(f"  probability {low} to {min(high, 1)}: {sum(inside)} of {len(inside)} right")
    return 0


def text(counts):
    """Counts in words."""
    return (
        f"family {counts['family']} of {counts['models']}, parent first {counts['first']} and among the first five "
        f"{counts['five']} of {counts['children']}"
    )


if __name__ == "__main__":
    sys.exit(main())
