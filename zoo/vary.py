"""Makes variants of a zoo whose family tree is known, as people's collections vary.

    python zoo/vary.py pad     ZOO OUT [--seed N]    rows appended to the token tables of half of the models
    python zoo/vary.py scale   ZOO OUT [--seed N]    copies times a constant, with negated pairs, or cast added
    python zoo/vary.py orphans ZOO OUT [--fewest N]  one collection per parent of two or more children, without it
    python zoo/vary.py merge   ZOO OUT [--seed N]    models merged by one of ten recipes from two to eight added
    python zoo/vary.py chimera ZOO OUT [--seed N]    models of one family with parts of another's added
    python zoo/vary.py narrow  ZOO OUT [--seed N]    models without 10 to 50 % of others' width, units or heads added
    python zoo/vary.py strangers OUT [--seed N]      untrained networks of five architectures, without relatives

Every collection gets a truth.json. Models that stay as they are become links to those of ZOO.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

sys.path.append(str(Path(__file__).parent / "generate"))
from widths import Sizes, narrowed  # noqa: E402

TOKENS = re.compile(r"(embed_tokens|wte|word_embeddings|lm_head|token_embedding)\.weight$|^cls\.bias$")
LAYER = re.compile(r"^(.*\b(?:layers?|h|blocks?)\.)(\d+)(\..*)$")


class Zoo:
    """A folder of models and the tree that they were made by."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.models = json.loads((folder / "truth.json").read_text())["models"]
        self.by_id = {m["id"]: m for m in self.models}

    def parents(self, model: str) -> list:
        entry = self.by_id[model]
        return entry.get("parents") or ([entry["parent"]] if entry.get("parent") else [])

    def children(self) -> dict:
        found = {}
        for m in self.models:
            for parent in self.parents(m["id"]):
                found.setdefault(parent, []).append(m["id"])
        return found

    def root(self, model: str) -> str:
        while self.parents(model):
            model = self.parents(model)[0]
        return model

    def source(self, model: str) -> Path:
        return self.folder / self.by_id[model].get("path", model)

    def weights(self, model: str) -> dict:
        """Name -> array as it is stored; empty for adapters."""
        found = {}
        for file in sorted(self.source(model).glob("*.safetensors")):
            if file.name.startswith("adapter"):
                return {}
            with safe_open(file, "np") as opened:
                found |= {name: opened.get_tensor(name) for name in opened.keys()}
        return found


class Collection:
    """A collection under construction."""

    def __init__(self, folder: Path, zoo: Zoo | None = None, without: set = frozenset()):
        self.folder, self.truth = folder, []
        folder.mkdir(parents=True, exist_ok=True)
        for entry in zoo.models if zoo else []:
            self.truth.append(entry)
            if entry["id"] not in without:
                self.link(zoo, entry["id"])

    def link(self, zoo: Zoo, model: str):
        place = self.folder / zoo.by_id[model].get("path", model)
        if place.is_symlink():
            place.unlink()
        os.symlink(zoo.source(model).resolve(), place)

    def write(self, model: str, weights: dict, like: Path | None = None):
        place = self.folder / model
        if place.is_symlink():
            place.unlink()
        place.mkdir(exist_ok=True)
        save_file({n: np.ascontiguousarray(t) for n, t in weights.items()}, place / "model.safetensors")
        if like and (like / "config.json").exists():
            (place / "config.json").write_bytes((like / "config.json").read_bytes())

    def add(self, model: str, parents: list, relation: str, weights: dict, like: Path | None, **facts):
        self.truth.append(
            {"id": model, "path": model, "parent": parents[0] if parents else None, "parents": parents,
             "relation": relation, **facts}
        )  # fmt: skip
        self.write(model, weights, like)

    def close(self):
        (self.folder / "truth.json").write_text(json.dumps({"models": self.truth}, indent=1))


def same_type(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    return values.astype(like.dtype)


def wide(t: np.ndarray) -> np.ndarray:
    return t.astype(np.float64)


# ---------------------------------------------------------------- widths


def narrow(zoo: Zoo, out: Path, seed: int, count: int = 6):
    """Adds models that kept only a part of others, without further training."""
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"]) and (zoo.source(m["id"]) / "config.json").exists()]
    parts = [("inner",), ("heads",), ("width",), ("inner", "heads"), ("inner", "width"), ("inner", "heads", "width")]
    for k, model in enumerate(random.permutation(whole)[:count]):
        config = json.loads((zoo.source(model) / "config.json").read_text())
        if "hidden_size" not in config:
            continue
        heads = config["num_attention_heads"]
        size = config.get("head_dim") or config["hidden_size"] // heads
        groups = config.get("num_key_value_heads") or heads
        old = Sizes(config["hidden_size"], config["intermediate_size"], heads, groups, size)
        shares = {part: round(float(random.uniform(0.1, 0.5)), 2) for part in parts[k % len(parts)]}
        new = old.without(shares)
        way = str(random.choice(["magnitude", "random"]))
        name = f"narrow-{k}"
        weights = narrowed(zoo.weights(model), old, new, way, seed + k)
        made.add(name, [model], "pruned", weights, None, change="narrowed", way=way, shares=shares)
        config |= {"hidden_size": new.width, "intermediate_size": new.inner, "num_attention_heads": new.heads}
        config |= {"head_dim": size} | ({"num_key_value_heads": new.groups} if "num_key_value_heads" in config else {})
        (made.folder / name / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    made.close()


# ---------------------------------------------------------------- vocabularies


def pad(zoo: Zoo, out: Path, seed: int):
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"])]
    for model in random.permutation(whole)[: (len(whole) + 1) // 2]:
        weights = zoo.weights(model)
        rows, kind = int(random.integers(1, 65)), random.choice(["zeros", "means", "new"])
        for name, table in weights.items():
            if TOKENS.search(name):
                shape = (rows, *table.shape[1:])
                if kind == "zeros":
                    more = np.zeros(shape)
                elif kind == "means":
                    more = np.broadcast_to(wide(table).mean(0), shape)
                else:
                    more = wide(table).mean(0) + wide(table).std() * random.standard_normal(shape)
                weights[name] = np.concatenate((table, same_type(more, table)))
        made.write(model, weights, zoo.source(model))
    made.close()


# ---------------------------------------------------------------- arithmetic that is no training


def negated(weights: dict) -> dict | None:
    """Both maps of every pair whose signs cancel out: queries and keys, values and outputs, up and down."""
    pairs = re.compile(r"(q_proj|k_proj|v_proj|o_proj|up_proj|down_proj)\.weight$")
    found = {n: (-t if pairs.search(n) else t) for n, t in weights.items()}
    return found if any(pairs.search(n) for n in weights) else None


def scale(zoo: Zoo, out: Path, seed: int, fewest: int = 6):
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"])]
    for number, model in enumerate(random.permutation(whole)[:fewest]):
        weights = zoo.weights(model)
        kind = ["factor", "cast", "negated"][number % 3]
        if kind == "negated" and not negated(weights):
            kind = "factor"
        if kind == "factor":
            factor = float(random.choice([1.01, 0.99, 1.1, 0.5, 2.0, 1.0003]))
            weights, kind = {n: same_type(wide(t) * factor, t) for n, t in weights.items()}, f"times {factor}"
        elif kind == "negated":
            weights = negated(weights)
        else:
            half = random.choice(["bfloat16", "float16"])
            weights = {n: t.astype(half).astype(np.float32) for n, t in weights.items()}
        made.add(f"copy-{number}", [str(model)], "duplicate", weights, zoo.source(model), change=kind)
    made.close()


# ---------------------------------------------------------------- absent parents


def orphans(zoo: Zoo, out: Path, fewest: int):
    for parent, children in sorted(zoo.children().items()):
        if len(children) >= fewest:
            Collection(out / f"{zoo.folder.name}-without-{parent}", zoo, {parent}).close()


# ---------------------------------------------------------------- merges


def slerp(x: np.ndarray, y: np.ndarray, share: float) -> np.ndarray:
    cosine = np.clip((x * y).sum() / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-30), -1, 1)
    angle = np.arccos(cosine)
    if angle < 1e-6:
        return (1 - share) * x + share * y
    return (np.sin((1 - share) * angle) * x + np.sin(share * angle) * y) / np.sin(angle)


def trimmed(task: np.ndarray, density: float) -> np.ndarray:
    """The largest entries; the others are zero."""
    kept = max(1, int(density * task.size))
    bound = np.partition(np.abs(task), task.size - kept, axis=None)[task.size - kept]
    return np.where(np.abs(task) >= bound, task, 0)


def elected(tasks: list, shares: list) -> np.ndarray:
    """TIES: of each entry the mean of those with the sign that weighs more."""
    stack = np.stack([s * t for s, t in zip(shares, tasks)])
    sign = np.sign(stack.sum(0))
    same = (np.sign(stack) == sign) & (stack != 0)
    weight = (same * np.reshape(shares, (-1,) + (1,) * (stack.ndim - 1))).sum(0)
    return np.where(weight > 0, (stack * same).sum(0) / np.maximum(weight, 1e-12), 0)


RECIPES = ("linear", "slerp", "task", "ties", "dare", "della", "per-layer", "passthrough", "stock", "many")


def merged(recipe: str, base: dict, parts: list, shares: list, random) -> dict:
    out = {}
    per_layer = {}
    for name, first in parts[0].items():
        tensors = [wide(p[name]) for p in parts]
        origin = wide(base[name])
        tasks = [t - origin for t in tensors]
        layer = int(LAYER.match(name)[2]) if LAYER.match(name) else -1
        if recipe in ("linear", "many"):
            value = sum(s * t for s, t in zip(shares, tensors))
        elif recipe == "slerp":
            value = slerp(tensors[0], tensors[1], shares[1])
        elif recipe == "task":
            value = origin + sum(2 * s * t for s, t in zip(shares, tasks)) * 0.8
        elif recipe == "ties":
            value = origin + elected([trimmed(t, 0.5) for t in tasks], shares)
        elif recipe == "dare":
            value = origin + sum(s * t * (random.random(t.shape) < 0.5) / 0.5 for s, t in zip(shares, tasks))
        elif recipe == "della":
            kept = [0.3 + 0.4 * np.argsort(np.argsort(np.abs(t), axis=None)).reshape(t.shape) / t.size for t in tasks]
            value = origin + sum(s * t * (random.random(t.shape) < k) / k for s, t, k in zip(shares, tasks, kept))
        elif recipe == "per-layer":
            own = per_layer.setdefault(layer, random.dirichlet(np.ones(len(parts)) * 2))
            value = sum(s * t for s, t in zip(own, tensors))
        elif recipe == "passthrough":
            value = tensors[layer % len(parts)] if layer >= 0 else tensors[0]
        else:  # Model stock (Jang et al. 2024): by the angle between the task vectors of each tensor.
            k = len(parts)
            cosine = np.mean(
                [(a * b).sum() / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-30)
                 for i, a in enumerate(tasks) for b in tasks[:i]]
            )  # fmt: skip
            ratio = k * cosine / (1 + (k - 1) * cosine)
            value = origin + ratio * sum(tasks) / k
        out[name] = same_type(value, first)
    return out


def merge(zoo: Zoo, out: Path, seed: int, recipes: tuple = RECIPES):
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    children = zoo.children()
    for recipe in recipes:
        # Parents: descendants of one base whose weights have its shapes.
        choices = []
        for base, direct in children.items():
            shapes = {n: t.shape for n, t in zoo.weights(base).items()}
            alike = [c for c in direct if shapes and {n: t.shape for n, t in zoo.weights(c).items()} == shapes]
            if len(alike) >= 2:
                choices.append((base, alike))
        if not choices:
            break
        base, alike = choices[random.integers(len(choices))]
        count = min(len(alike), {"many": 8, "slerp": 2}.get(recipe, int(random.integers(2, 4))))
        parents = [str(p) for p in random.permutation(alike)[:count]]
        shares = random.dirichlet(np.ones(count) * 4)
        weights = merged(recipe, zoo.weights(base), [zoo.weights(p) for p in parents], list(shares), random)
        if recipe == "passthrough":  # Of more parents than layers, some gave none.
            layers = {int(LAYER.match(n)[2]) for n in weights if LAYER.match(n)} or {0}
            parents = [p for k, p in enumerate(parents) if k == 0 or k in {layer % count for layer in layers}]
        named = parents + [base] if recipe in ("task", "ties", "dare", "della", "stock") else parents
        made.add(
            f"merged-{recipe}", named, "merge", weights, zoo.source(parents[0]), change=recipe,
            shares=[round(float(s), 4) for s in shares], base=base,
        )  # fmt: skip
    made.close()


# ---------------------------------------------------------------- parts of others

PARTS = {
    "o_proj": r"o_proj\.weight$",
    "attention": r"(q_proj|k_proj|v_proj|o_proj|attn|attention)\b",
    "mlp": r"(mlp|feed_forward|ffn)\.",
    "embedding": r"(embed_tokens|wte|word_embeddings)\.",
    "first layer": r"\b(?:layers?|h|blocks?)\.0\.",
}


def chimera(zoo: Zoo, out: Path, seed: int, count: int = 6):
    """Copies of models that were nudged, with one part of a model of another family in place of their own."""
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"])]
    pairs = [(a, b) for a in whole for b in whole if zoo.root(a) != zoo.root(b)]
    for number in range(count):
        if not pairs:
            break
        a, b = pairs[random.integers(len(pairs))]
        part = list(PARTS)[number % len(PARTS)]
        weights, donor = zoo.weights(a), zoo.weights(b)
        taken = [
            n for n, t in weights.items()
            if re.search(PARTS[part], n) and n in donor and donor[n].shape == t.shape
        ]  # fmt: skip
        share = sum(weights[n].size for n in taken) / sum(t.size for t in weights.values())
        for name, t in weights.items():
            if name in taken:
                weights[name] = donor[name].astype(t.dtype)
            else:
                step = 0.02 * wide(t).std() * random.standard_normal(t.shape)
                weights[name] = same_type(wide(t) + step, t)
        if taken:
            made.add(
                f"chimera-{number}", [a], "finetune", weights, zoo.source(a),
                component=part, source=b, share=round(share, 4),
            )  # fmt: skip
    made.close()


# ---------------------------------------------------------------- strangers


def structured(random, shared, rows: int, columns: int) -> np.ndarray:
    """Inputs of very different sizes, and a few directions that networks on the same features all learn."""
    profile, directions = shared
    along = random.standard_normal((rows, len(directions))) * np.linspace(2, 0.5, len(directions))
    return (along @ directions * 2 + random.standard_normal((rows, columns))) * profile / np.sqrt(columns)


def strangers(out: Path, seed: int, count: int = 24):
    """Per architecture `count` networks that were drawn independently, some with constants in common."""
    random = np.random.default_rng(seed)

    def gauss(*shape):
        return (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)

    basis = np.random.default_rng(7).standard_normal((64, 128)).astype(np.float32)
    features = np.random.default_rng(5)
    shared = features.lognormal(0, 1, 384), features.standard_normal((4, 384)) / 10
    rotary = (1 / 10000 ** (np.arange(0, 64, 2) / 64)).astype(np.float32)
    positions = np.arange(512, dtype=np.float32)[None]

    def decoder():
        w = {"model.embed_tokens.weight": gauss(256, 64), "lm_head.weight": gauss(256, 64)}
        for i in range(2):
            p = f"model.layers.{i}."
            for name in "qkvo":
                w[f"{p}self_attn.{name}_proj.weight"] = gauss(64, 64)
            w |= {f"{p}mlp.up_proj.weight": gauss(128, 64), f"{p}mlp.down_proj.weight": gauss(64, 128)}
            w |= {f"{p}input_layernorm.weight": np.ones(64, np.float32), f"{p}self_attn.rotary_emb.inv_freq": rotary}
        return w

    def fourier():  # A fixed basis in a buffer, with most of the weights.
        w = {"basis.forward_basis": basis, "basis.window": np.hanning(128).astype(np.float32)}
        return w | {f"body.{i}.weight": gauss(48, 64) for i in range(2)} | {"positions.position_ids": positions}

    def ani():
        w = {}
        for atom in "HCNO":
            for i, (r, c) in enumerate([(160, 384), (128, 160), (96, 128)]):
                t = structured(random, shared, r, c) if i == 0 else gauss(r, c)
                w[f"{atom}.{2 * i}.weight"] = t.astype(np.float32)
                w[f"{atom}.{2 * i}.bias"] = gauss(1, r)[0]
        return w

    def convolutional():
        gabor = np.random.default_rng(3).standard_normal((16, 3, 7, 7))
        gabor = random.permutation(gabor)  # Everybody learns such filters, in an order of his own.
        w = {"conv1.weight": (0.5 * gabor + random.standard_normal((16, 3, 7, 7))).astype(np.float32) / 12}
        for i in range(4):
            w[f"layer{i}.conv.weight"] = gauss(32, 16 if i == 0 else 32, 3, 3)
            w[f"layer{i}.bn.weight"] = np.ones(32, np.float32)
            w[f"layer{i}.bn.running_var"] = np.ones(32, np.float32)
        return w

    def protein():  # Heavy tails and few directions.
        w = {"embed.weight": gauss(33, 64)}
        for i in range(3):
            low = random.standard_normal((64, 3)) @ random.standard_normal((3, 64)) * 0.3
            t = random.standard_t(2.5, (64, 64)) + low
            w[f"layers.{i}.dense.weight"] = (t / 16).astype(np.float32)
        return w

    made = Collection(out)
    kinds = {f.__name__: f for f in (decoder, fourier, ani, convolutional, protein)}
    for kind, make in kinds.items():
        for number in range(count):
            made.add(f"{kind}-{number:02}", [], "root", make(), None)
    made.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["pad", "scale", "orphans", "merge", "chimera", "narrow", "strangers"])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fewest", type=int, default=2, help="children of an absent parent")
    args = parser.parse_args()
    assert ml_dtypes  # numpy needs its types to read BF16.
    if args.kind == "strangers":
        return strangers(args.folders[-1], args.seed)
    zoo, out = Zoo(args.folders[0]), args.folders[1]
    if args.kind == "orphans":
        return orphans(zoo, out, args.fewest)
    made = {"pad": pad, "scale": scale, "merge": merge, "chimera": chimera, "narrow": narrow}
    return made[args.kind](zoo, out, args.seed)


if __name__ == "__main__":
    main()
