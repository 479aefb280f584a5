"""Disguises models of a zoo: other weights, the same function.

    python zoo/disguise.py some   ZOO OUT [--share X] [--kinds K...] [--seed N]   a share of the models, in their places
    python zoo/disguise.py copies ZOO OUT [--kinds K...] [--seed N]    a disguised copy of one model per kind added
    python zoo/disguise.py list                                        the kinds

Every model is disguised by itself, at random; truth.json stays true. `composed` draws several kinds at once. Reads
decoders with Llama's names (RMSNorm, gated MLP), encoders with BERT's, vision transformers with Hugging Face's; and
chains of convolutions and linear maps with VGG's names, whose units are put into another order and scale.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from vary import Collection, Zoo, same_type, wide

DECODER = {
    "tables": ["model.embed_tokens.weight"], "heads": ["lm_head.weight"], "final": "model.norm.weight",
    "layer": "model.layers.{}.", "q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj",
    "o": "self_attn.o_proj", "gate": "mlp.gate_proj", "up": "mlp.up_proj", "down": "mlp.down_proj",
    "norms": ["input_layernorm", "post_attention_layernorm"],
}  # fmt: skip
ENCODER = {
    "tables": [f"embeddings.{n}_embeddings.weight" for n in ("word", "position", "token_type")],
    "heads": ["classifier.weight", "pooler.dense.weight"], "final": "embeddings.LayerNorm",
    "layer": "encoder.layer.{}.", "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "o": "attention.output.dense", "gate": None, "up": "intermediate.dense", "down": "output.dense",
    "norms": ["attention.output.LayerNorm", "output.LayerNorm"],
}  # fmt: skip
VISION = {
    "tables": [f"vit.embeddings.{n}" for n in ("cls_token", "position_embeddings")], "heads": ["classifier.weight"],
    "final": "vit.layernorm", "layer": "vit.encoder.layer.{}.", "q": "attention.attention.query",
    "k": "attention.attention.key", "v": "attention.attention.value", "o": "attention.output.dense", "gate": None,
    "up": "intermediate.dense", "down": "output.dense", "norms": ["layernorm_before", "layernorm_after"],
}  # fmt: skip


class Network:
    """The weights of a model, as doubles, with what is needed to change them."""

    def __init__(self, weights: dict, config: dict):
        self.stored = weights
        self.w = {n: wide(t) for n, t in weights.items()}
        names = set(weights)
        self.n = next(
            (s for s in (DECODER, ENCODER, VISION) if s["layer"].format(0) + s["q"] + ".weight" in names), None
        )
        if self.n is None:
            raise ValueError("neither a decoder with Llama's names nor an encoder or a vision transformer")
        self.layers = int(config["num_hidden_layers"])
        self.heads = int(config["num_attention_heads"])
        self.groups = int(config.get("num_key_value_heads", self.heads))
        self.has_rms = self.n is DECODER
        self.tied = "lm_head.weight" not in names
        self.width = self.at(0, "q").shape[1]
        self.size = self.at(0, "q").shape[0] // self.heads

    def name(self, layer: int, part: str, kind="weight") -> str:
        return self.n["layer"].format(layer) + self.n.get(part, part) + "." + kind

    def at(self, layer: int, part: str, kind="weight"):
        return self.w.get(self.name(layer, part, kind))

    def rows(self, layer: int, part: str, change):
        """Changes the rows of a map, and its bias with them."""
        for kind in ("weight", "bias"):
            name = self.name(layer, part, kind)
            if name in self.w:
                self.w[name] = change(self.w[name])

    def columns(self, layer: int, part: str, change):
        name = self.name(layer, part)
        self.w[name] = change(self.w[name].T).T

    def parts(self):
        return ["gate", "up"] if self.n["gate"] else ["up"]

    def residual(self, turn):
        """Changes the basis of the residual stream: `turn` acts on the last axis."""
        for name in [*self.n["tables"], *self.n["heads"]]:
            if name in self.w:
                self.w[name] = turn(self.w[name])
        patches = "vit.embeddings.patch_embeddings.projection."
        if patches + "weight" in self.w:
            p = self.w[patches + "weight"]
            self.w[patches + "weight"] = turn(p.reshape(len(p), -1).T).T.reshape(p.shape)
            self.w[patches + "bias"] = turn(self.w[patches + "bias"])
        for layer in range(self.layers):
            for part in ["q", "k", "v", *self.parts()]:
                self.w[self.name(layer, part)] = turn(self.at(layer, part))
            for part in ["o", "down"]:
                self.rows(layer, part, lambda t: turn(t.T).T)

    def norms(self):
        """(name, the maps that read what it puts out) of every norm."""
        final = self.n["final"]
        yield final.removesuffix(".weight"), self.n["heads"]
        for layer in range(self.layers):
            first, second = self.n["norms"]
            base = self.n["layer"].format(layer)
            yield base + first, [self.name(layer, part) for part in "qkv"]
            yield base + second, [self.name(layer, part) for part in self.parts()]

    def weights(self) -> dict:
        like = next(iter(self.stored.values()))
        return {n: same_type(t, self.stored.get(n, like)) for n, t in self.w.items()}


# ---------------------------------------------------------------- kinds


def units(net, random):
    """The units of every MLP in another order."""
    for layer in range(net.layers):
        order = random.permutation(net.at(layer, "up").shape[0])
        for part in net.parts():
            net.rows(layer, part, lambda t, o=order: t[o])
        net.columns(layer, "down", lambda t, o=order: t[o])


def heads(net, random):
    """Groups of heads, and heads within a group, in another order."""
    for layer in range(net.layers):
        groups = random.permutation(net.groups)
        inner = net.heads // net.groups
        order = np.concatenate([g * inner + random.permutation(inner) for g in groups])

        def blocks(chosen):
            return np.concatenate([np.arange(net.size) + net.size * b for b in chosen])

        shared, own = blocks(groups), blocks(order)
        for part in "kv":
            net.rows(layer, part, lambda t, b=shared: t[b])
        net.rows(layer, "q", lambda t, b=own: t[b])
        net.columns(layer, "o", lambda t, b=own: t[b])


def signs(net, random):
    """Signs of units whose map is linear, of values, and of pairs of rotary planes."""
    for layer in range(net.layers):
        if net.n["gate"]:
            unit_factors(net, layer, random.choice([-1.0, 1.0], net.at(layer, "up").shape[0]))
        value_maps(net, layer, [np.diag(random.choice([-1.0, 1.0], net.size)) for _ in range(net.groups)])


def scales(net, random):
    """Paired maps by opposite factors: up and down of a gated MLP, queries and keys."""
    for layer in range(net.layers):
        if net.n["gate"]:
            unit_factors(net, layer, np.exp(random.normal(size=net.at(layer, "up").shape[0])))
        query_maps(net, layer, [np.eye(net.size) * np.exp(random.normal()) for _ in range(net.groups)])


def unit_factors(net, layer, s):
    """A factor for what goes into each unit, and its inverse for what comes out."""
    net.rows(layer, "up", lambda t: (t.T * s).T)
    net.columns(layer, "down", lambda t: (t.T / s).T)


def head_maps(net, maps):
    """How invertible maps act on what the groups of heads share, and how what the heads have alone undoes them."""
    inner = net.heads // net.groups
    size = net.size

    def shared(t):
        return np.concatenate([m @ t[g * size : (g + 1) * size] for g, m in enumerate(maps)])

    def alone(t):
        back = [np.linalg.inv(m).T for m in maps]
        return np.concatenate([back[h // inner] @ t[h * size : (h + 1) * size] for h in range(net.heads)])

    return shared, alone


def value_maps(net, layer, maps):
    """An invertible map between the values of each group and what its heads put out."""
    values, outputs = head_maps(net, maps)
    net.rows(layer, "v", values)
    net.columns(layer, "o", outputs)


def query_maps(net, layer, maps):
    """An invertible map of the keys of each group, and what undoes it of its queries."""
    keys, queries = head_maps(net, maps)
    net.rows(layer, "k", keys)
    net.rows(layer, "q", queries)


def turn(random, size: int) -> np.ndarray:
    q, r = np.linalg.qr(random.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def mixed(net, random):
    """Values and outputs by a rotation in each head; queries and keys as the position code allows."""
    for layer in range(net.layers):
        value_maps(net, layer, [turn(random, net.size) for _ in range(net.groups)])
        if net.n is DECODER:
            # Rotary: one angle and one factor for each plane (i, i + size / 2).
            half = net.size // 2

            def planes(half=half):
                angle, scale = random.uniform(0, 2 * np.pi, half), np.exp(0.3 * random.normal(size=half))
                c, s = np.diag(scale * np.cos(angle)), np.diag(scale * np.sin(angle))
                return np.block([[c, -s], [s, c]])

            query_maps(net, layer, [planes() for _ in range(net.groups)])
        else:
            query_maps(net, layer, [turn(random, net.size) for _ in range(net.groups)])


def folded(net, random):
    """Gains of norms in the maps that read them; of a decoder, whose head is then stored by itself."""
    if net.n is ENCODER:
        return
    if net.tied and net.has_rms:
        net.w["lm_head.weight"] = net.w["model.embed_tokens.weight"].copy()
        net.tied = False
    for norm, readers in net.norms():
        gain, shift = net.w[norm + ".weight"], net.w.get(norm + ".bias")
        for reader in readers:
            if reader not in net.w:
                continue
            if shift is not None:
                net.w[reader.removesuffix("weight") + "bias"] += net.w[reader] @ shift
            net.w[reader] = net.w[reader] * gain
        net.w[norm + ".weight"] = np.ones_like(gain)
        if shift is not None:
            net.w[norm + ".bias"] = np.zeros_like(shift)


def residual_vectors(net):
    return [n for n, t in net.w.items() if t.ndim == 1 and "norm" in n.lower() and len(t) == net.width]


def basis(net, random):
    """The coordinates of the residual stream in another order; with RMSNorm, some with another sign."""
    order = random.permutation(net.width)
    sign = random.choice([-1.0, 1.0], net.width) if net.has_rms else np.ones(net.width)
    net.residual(lambda t: t[..., order] * sign)
    for name in residual_vectors(net):
        net.w[name] = net.w[name][order]


def rotated(net, random):
    """The residual stream of a decoder in another orthonormal basis, as SpinQuant and QuaRot do."""
    if not net.has_rms:
        return basis(net, random)
    folded(net, random)
    q = turn(random, net.width)
    net.residual(lambda t: t @ q)


def everything(net, random):
    for kind in (units, heads, signs, scales, mixed, rotated):
        kind(net, random)


def composed(net, random):
    """Two to five kinds at once."""
    kinds = [units, heads, signs, scales, mixed, folded, basis, rotated]
    for place in sorted(random.choice(len(kinds), random.integers(2, 6), replace=False)):
        kinds[place](net, random)


KINDS = {
    f.__name__: f for f in (units, heads, signs, scales, mixed, folded, basis, rotated, everything, composed)
}  # fmt: skip


def chain(stored: dict, random) -> dict:
    """The weights of a chain of maps with all hidden units in another order and scale, also inside of batch norms."""
    w = {n: wide(t) for n, t in stored.items()}
    maps = [n for part in ("features", "classifier") for n in sorted(
        {n.rsplit(".", 1)[0] for n in w if n.startswith(part) and w[n].ndim > 1}, key=lambda n: int(n.split(".")[1])
    )]  # fmt: skip
    for own, after in zip(maps, maps[1:]):
        part, number = own.split(".")
        norm = f"{part}.{int(number) + 1}."
        order = random.permutation(len(w[own + ".weight"]))
        inner = np.exp(0.5 * random.normal(size=len(order)))
        outer = np.exp(0.5 * random.normal(size=len(order))) if norm + "running_var" in w else inner

        def change(name, factors, order=order):
            w[name] = (w[name][order].T * factors).T

        change(own + ".weight", inner)
        change(own + ".bias", inner)
        if norm + "running_var" in w:
            for leaf, factors in (
                ("running_mean", inner), ("running_var", inner**2), ("weight", outer), ("bias", outer)
            ):  # fmt: skip
                change(norm + leaf, factors)
        reads = w[after + ".weight"]
        grouped = reads.reshape(len(reads), len(order), -1)[:, order] / outer[:, None]
        w[after + ".weight"] = grouped.reshape(reads.shape)
    return {n: same_type(t, stored[n]) for n, t in w.items()}


def disguised(zoo: Zoo, model: str, kind: str, random) -> dict:
    stored = zoo.weights(model)
    if "features.0.weight" in stored:
        return chain(stored, random)
    net = Network(stored, json.loads((zoo.source(model) / "config.json").read_text()))
    KINDS[kind](net, random)
    return net.weights()


def some(zoo: Zoo, out: Path, kinds: list, seed: int, share: float):
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"])]
    for model in random.permutation(whole)[: max(1, round(share * len(whole)))]:
        try:
            weights = disguised(zoo, model, random.choice(kinds), random)
        except ValueError:
            continue
        made.write(zoo.by_id[model].get("path", model), weights, like=zoo.source(model))
    made.close()


def copies(zoo: Zoo, out: Path, kinds: list, seed: int):
    random = np.random.default_rng(seed)
    made = Collection(out, zoo)
    whole = [m["id"] for m in zoo.models if zoo.weights(m["id"])]
    for kind in kinds:
        model = str(random.choice(whole))
        made.add(
            f"{model}-{kind}", [model], "reformatted", disguised(zoo, model, kind, random), zoo.source(model),
            disguise=kind,
        )  # fmt: skip
    made.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["some", "copies", "list"])
    parser.add_argument("zoo", type=Path, nargs="?")
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--share", type=float, default=1 / 3)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.what == "list":
        for name, kind in KINDS.items():
            print(f"{name:12}{(kind.__doc__ or 'all of them').splitlines()[0]}")
    elif args.zoo is None or args.out is None:
        parser.error("name a zoo and a folder for the result")
    elif args.what == "some":
        some(Zoo(args.zoo), args.out, args.kinds or ["composed", "everything"], args.seed, args.share)
    else:
        copies(Zoo(args.zoo), args.out, args.kinds or list(KINDS), args.seed)


if __name__ == "__main__":
    main()
