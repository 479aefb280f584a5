"""What it takes to undo a disguise, and to look for one where there is none.

    .venv/bin/python bench/aligned.py [--rounds 3] [--binary .build/release/modeltree] [--work DIR]

Makes a decoder of 1e8 weights (F32), three children that are a hundredth of its size away, and the first child with its
units and heads in another order and its residual stream rotated, gains of norms folded (zoo/disguise.py). Recovers the
parent, its children and the disguised one, and the parent and its children alone, with `--align auto` and
`--align off` in turns, the former once; writes the rows of BENCHMARKS.md to standard output: seconds, and seconds of the
processor, which tell also while other programs run. Needs 2 GB of disk and 6 GB of memory.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

sys.path.append(str(Path(__file__).resolve().parent.parent / "zoo"))
from disguise import Network, heads, rotated, units  # noqa: E402

WIDTH, INNER, LAYERS, TOKENS, HEADS, GROUPS = 1024, 2816, 8, 4800, 16, 4
CHILDREN = 3
STEP = np.float32(0.01)
CONFIG = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": WIDTH, "intermediate_size": INNER,
    "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": GROUPS, "vocab_size": TOKENS,
    "tie_word_embeddings": False, "rms_norm_eps": 1e-6,
}  # fmt: skip


def decoder(random) -> dict:
    keys = WIDTH // HEADS * GROUPS
    maps = {
        "self_attn.q_proj": (WIDTH, WIDTH), "self_attn.k_proj": (keys, WIDTH), "self_attn.v_proj": (keys, WIDTH),
        "self_attn.o_proj": (WIDTH, WIDTH), "mlp.gate_proj": (INNER, WIDTH), "mlp.up_proj": (INNER, WIDTH),
        "mlp.down_proj": (WIDTH, INNER),
    }  # fmt: skip

    def gains():
        return np.exp(0.2 * random.standard_normal(WIDTH, np.float32))

    shapes = {"model.embed_tokens": (TOKENS, WIDTH), "lm_head": (TOKENS, WIDTH)}
    shapes |= {f"model.layers.{k}.{name}": shape for k in range(LAYERS) for name, shape in maps.items()}
    weights = {f"{n}.weight": random.standard_normal(s, np.float32) / np.float32(s[-1] ** 0.5)
               for n, s in shapes.items()}  # fmt: skip
    norms = [f"model.layers.{k}.{n}_layernorm" for k in range(LAYERS) for n in ("input", "post_attention")]
    return weights | {f"{n}.weight": gains() for n in [*norms, "model.norm"]}


def child(parent: dict, random) -> dict:
    return {n: t + STEP * t.std() * random.standard_normal(t.shape, np.float32) for n, t in parent.items()}


def write(folder: Path, weights: dict):
    folder.mkdir(parents=True)
    save_file({n: np.ascontiguousarray(t) for n, t in weights.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG))


def collection(work: Path, seed: int = 1) -> int:
    """Writes the models below work/models; returns the number of weights of each."""
    random = np.random.default_rng(seed)
    parent = decoder(random)
    write(work / "models/parent", parent)
    for number in range(CHILDREN):
        weights = child(parent, random)
        write(work / f"models/child-{number}", weights)
        if number == 0:
            network = Network(weights, CONFIG)
            for kind in (units, heads, rotated):
                kind(network, random)
            write(work / "models/disguised", network.weights())
    return sum(t.size for t in parent.values())


def processor_seconds() -> float:
    """Of all programs that were started and have ended, with those that they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def recover(binary: Path, work: Path, models: list, align: str) -> dict:
    out = work / "run"
    shutil.rmtree(out, ignore_errors=True)
    folders = [work / "models" / model for model in models]
    workers = len(os.sched_getaffinity(0))
    command = [binary, "recover", *folders, "--out", out, "--align", align, "--workers", workers]
    before = processor_seconds()
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole = processor_seconds() - before
    record = json.loads((out / "run.json").read_text())
    links = json.loads((out / "tree.json").read_text())["links"]
    return {
        "seconds": record["seconds"],
        "coordinator": sum(record["processor_seconds_by_phase"].values()),
        "whole": whole,
        "edges": sorted((link["source"], link["target"]) for link in links if "extra" not in link),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", type=Path, default=Path(".build/release/modeltree"))
    parser.add_argument("--work", type=Path, help="folder for models and runs; kept")
    args = parser.parse_args()
    work = args.work or Path(tempfile.mkdtemp(prefix="aligned-"))
    count = collection(work) if not (work / "models").exists() else None
    plain = ["parent", *(f"child-{k}" for k in range(CHILDREN))]
    rows = []
    for what, models, rounds in (
        ("none in disguise", plain, args.rounds), ("one in disguise", [*plain, "disguised"], 1),
    ):  # fmt: skip
        found = {"off": [], "auto": []}
        for _ in range(rounds):
            for align in found:
                found[align].append(recover(args.binary, work, models, align))
        best = {a: {k: min(r[k] for r in runs) for k in runs[0] if k != "edges"} for a, runs in found.items()}
        for align, runs in found.items():
            print(what, align, runs, file=sys.stderr, flush=True)
        beside = {("child-0", "disguised"), ("disguised", "child-0")}
        if models != plain and not beside & set(found["auto"][0]["edges"]):
            raise SystemExit("the disguised model was not placed beside the one that it was made from")
        off, auto = best["off"], best["auto"]
        more = auto["coordinator"] - off["coordinator"]
        rows.append([
            what, f"{len(models)}", f"{off['seconds']:.2f}", f"{auto['seconds']:.2f}",
            f"{off['coordinator']:.3f}", f"{auto['coordinator']:.3f}", f"{more:+.3f}", f"{off['whole']:.2f}",
            f"{more / off['whole']:+.1%}",
        ])  # fmt: skip
    head = [
        "collection", "models", "off", "auto", "coordinator, off", "coordinator, auto", "more", "all programs, off",
        "more / all programs",
    ]  # fmt: skip
    for row in [head, ["---"] * len(head), *rows]:
        print("| " + " | ".join(row) + " |")
    if count:
        print(f"{count / 1e6:.1f} M weights each")
    if not args.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
