"""Merges models of a zoo with mergekit (PyPI), by every recipe that it has for models of one shape.

    python zoo/kit.py ZOO OUT --mergekit PATH/TO/mergekit-yaml [--seed N]

Each recipe makes a collection OUT/merge-kit-RECIPE with the zoo and one merge of two or three children of a root.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from vary import Collection, Zoo

RECIPES = (
    "linear",
    "slerp",
    "task_arithmetic",
    "ties",
    "dare_ties",
    "dare_linear",
    "della",
    "model_stock",
    "passthrough",
)


def configuration(recipe: str, base: Path, parents: list, shares: list, layers: int) -> dict:
    models = [{"model": str(p), "parameters": {"weight": round(s, 3)}} for p, s in zip(parents, shares)]
    whole = {"merge_method": recipe, "dtype": "float32"}
    if recipe == "passthrough":
        return whole | {
            "slices": [
                {"sources": [{"model": str(parents[k % len(parents)]), "layer_range": [k, k + 1]}]}
                for k in range(layers)
            ]
        }
    if recipe == "slerp":
        return whole | {"models": [{"model": str(p)} for p in parents[:2]], "base_model": str(parents[0]),
                        "parameters": {"t": round(shares[1], 3)}}  # fmt: skip
    if recipe == "linear":
        return whole | {"models": models}
    if recipe in ("ties", "dare_ties", "dare_linear", "della"):
        for model in models:
            model["parameters"]["density"] = 0.5
    return whole | {"models": models, "base_model": str(base)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mergekit", type=Path, required=True, help="the program mergekit-yaml")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    random = np.random.default_rng(args.seed)
    zoo = Zoo(args.zoo)
    root, children = max(zoo.children().items(), key=lambda item: len(item[1]))
    children = [c for c in children if zoo.weights(c)]
    layers = json.loads((zoo.source(root) / "config.json").read_text())["num_hidden_layers"]
    for recipe in RECIPES:
        count = 2 if recipe == "slerp" else min(len(children), int(random.integers(2, 4)))
        parents = [str(c) for c in random.permutation(children)[:count]]
        shares = [float(s) for s in random.dirichlet(np.ones(count) * 6)]
        made = Collection(args.out / f"merge-kit-{recipe}-{args.zoo.name}", zoo)
        name = f"merged-{recipe}"
        with tempfile.TemporaryDirectory() as scratch:
            plan = Path(scratch) / "plan.yaml"
            sources = [zoo.source(p).resolve() for p in parents]
            plan.write_text(json.dumps(configuration(recipe, zoo.source(root).resolve(), sources, shares, layers)))
            command = [args.mergekit, plan, Path(scratch) / "merged", "--no-copy-tokenizer"]
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            if done.returncode:
                print(f"{recipe}: {done.stderr.strip().splitlines()[-1]}")
                continue
            weights = {}
            for file in sorted((Path(scratch) / "merged").glob("*.safetensors")):
                weights |= load_file(file)
        based = recipe not in ("linear", "slerp", "passthrough")
        made.add(
            name, parents + [root] * based, "merge", weights, zoo.source(root), change=f"mergekit {recipe}",
            base=root, shares=shares,
        )  # fmt: skip
        made.close()


if __name__ == "__main__":
    main()
