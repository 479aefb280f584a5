"""Measures on a cache that is made up: the shipped zoo under the layout of a hub.

    python bench/public/check.py [--binary .build/release/modeltree]

Fails unless every edge is found, an absent parent is named, and the revision of refs/main is the one that is read.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import measure

ZOO = Path(__file__).resolve().parents[2] / "zoo" / "lora"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    args = parser.parse_args()
    truth = json.loads((ZOO / "truth.json").read_text())["models"]
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch) / "hub"
        for model in truth[:-1]:
            folder = cache / f"models--zoo--{model['id']}"
            (folder / "refs").mkdir(parents=True)
            (folder / "refs" / "main").write_text("1" * 40)
            (folder / "snapshots").mkdir()
            os.symlink(ZOO / model.get("path", model["id"]), folder / "snapshots" / ("1" * 40))
            (folder / "snapshots" / ("2" * 40)).mkdir()
        listed = {
            "name": "made up",
            "models": [
                {"id": f"zoo/{m['id']}", "parent": f"zoo/{m['parent']}" if m["parent"] else None} for m in truth
            ],
        }
        result = measure.measure(listed, cache, args.binary, Path(scratch) / "run")
    print(measure.text(result))
    assert result["missing"] == [f"zoo/{truth[-1]['id']}"], result["missing"]
    assert result["directed"] == result["edges"] == len(truth) - 2, result


if __name__ == "__main__":
    main()
