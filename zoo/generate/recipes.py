"""Recipes of zoos. A recipe draws its details (trees, text, learning rates, ranks) from its seed."""

import math
from dataclasses import dataclass, field

import numpy as np

from networks import Shape
from plan import ATTENTION, FEED_FORWARD, Plan

# ------------------------------------------------------------------ trees: the parent of model k


def balanced(children: int, grandchildren: int) -> list:
    return [0] * children + [1 + k // grandchildren for k in range(children * grandchildren)]


def chain(length: int) -> list:
    return list(range(length))


def star(count: int) -> list:
    return [0] * count


def grown(rng, count: int) -> list:
    """Every new model descends from a random earlier one."""
    return [int(rng.integers(k + 1)) for k in range(count)]


# ------------------------------------------------------------------ how descendants are trained


@dataclass
class Style:
    """The distribution from which the edges of a family are drawn."""

    dtype: str = "f32"
    lora: float = 0.0  # share of the edges that are low-rank updates
    optimisers: tuple = ("adamw",)
    rates: tuple = (2e-4, 1e-3)
    lora_rates: tuple = (2e-3, 5e-3)
    decays: tuple = (0.0, 0.01, 0.1)
    steps: tuple = (100, 300)
    schedules: tuple = ("linear",)
    ranks: tuple = (2, 3, 4, 6, 8)
    targets: tuple = (ATTENTION, ATTENTION + FEED_FORWARD, ("q_proj", "v_proj"))
    tasks: tuple = ("masked",)
    root_steps: int = 1000
    root_rate: float = 3e-3
    root_decay: float = 0.1
    root_optimiser: str = "adamw"
    root_way: str | None = None
    decay_all: tuple = (False,)
    rounded_steps: bool = False
    root: dict = field(default_factory=dict)


def some(rng, choices):
    return choices[int(rng.integers(len(choices)))]


def between(rng, low_high) -> float:
    low, high = low_high
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}")


def edge(rng, style: Style, key: str, parent: str, domains: list, **fixed) -> Plan:
    low_rank = rng.random() < style.lora
    task = some(rng, style.tasks)
    picked = tuple(str(d) for d in rng.choice(domains, 6 if task == "classes" else 1, replace=False))
    plan = Plan(
        key,
        "lora" if low_rank else "finetune",
        (parent,),
        picked,
        int(rng.integers(style.steps[0], style.steps[1] + 1)),
        between(rng, style.lora_rates if low_rank else style.rates),
        0.0 if low_rank else some(rng, style.decays),
        some(rng, style.decay_all),
        "adamw" if low_rank else some(rng, style.optimisers),
        some(rng, style.schedules),
        task,
        some(rng, style.ranks) if low_rank else None,
        2.0,
        some(rng, style.targets),
        style.dtype,
        style.rounded_steps,
    )
    if task == "classes":
        plan.change, plan.detail = "head", len(picked)
    for name, value in fixed.items():
        setattr(plan, name, value)
    return plan


def root(rng, style: Style, key: str, domains: list) -> Plan:
    picked = tuple(str(d) for d in rng.choice(domains, min(len(domains), 5), replace=False))
    plan = Plan(
        key,
        "root",
        (),
        picked,
        style.root_steps,
        style.root_rate,
        style.root_decay,
        optimiser=style.root_optimiser,
        dtype=style.dtype,
        way=style.root_way,
        task="masked",
    )
    for name, value in style.root.items():
        setattr(plan, name, value)
    return plan


def family(rng, letter: str, parents: list, style: Style, domains: list) -> list:
    keys = [letter] + [f"{letter}{k + 1}" for k in range(len(parents))]
    plans = [root(rng, style, letter, domains)]
    for k, parent in enumerate(parents):
        plans.append(edge(rng, style, keys[k + 1], keys[parent], domains))
    return plans


# ------------------------------------------------------------------ the recipes

RECIPES = {}


def recipe(data: str):
    """`data`: bytes, tokens, pieces (of a pretrained vocabulary) or pictures."""

    def add(make):
        RECIPES[make.__name__.replace("_", "-")] = (data, make)
        return make

    return add


@recipe("bytes")
def decoder_wide(rng, domains):
    shape = Shape(width=128, inner=256, layers=2, heads=4)
    return shape, family(rng, "A", balanced(3, 2), Style(root_steps=700, root_rate=2e-3), domains)


@recipe("bytes")
def decoder_deep(rng, domains):
    shape = Shape(width=96, inner=192, layers=4, heads=4, tied=True, groups=2)
    style = Style("bf16", root_steps=700, root_rate=2e-3, schedules=("linear", "cosine"))
    return shape, family(rng, "A", grown(rng, 10), style, domains)


@recipe("bytes")
def forest(rng, domains):
    """Five families of one architecture, each with its own storage type."""
    plans = []
    for letter, dtype in zip("ABCDE", ("f32", "bf16", "f16", "f32", "bf16")):
        parents = some(rng, [balanced(2, 1), star(4), grown(rng, 5), chain(3)])
        style = Style(dtype, lora=0.25, root_steps=600, steps=(80, 250))
        plans += family(rng, letter, parents, style, domains)
    return Shape(width=64, inner=160, layers=2, heads=4), plans


@recipe("bytes")
def lora_ranks(rng, domains):
    """Merged low-rank updates, ranks from 1 to 64, in f32."""
    shape = Shape(width=96, inner=192, layers=3, heads=4, tied=True)
    style = Style(lora=1.0, ranks=(1, 2, 4, 8, 16, 32, 64), root_steps=700, root_rate=2e-3)
    return shape, family(rng, "A", balanced(4, 2), style, domains)


@recipe("bytes")
def lora_bf16(rng, domains):
    style = Style("bf16", lora=1.0, ranks=(1, 2, 4, 8, 16))
    return Shape(layers=2, tied=True), family(rng, "A", balanced(4, 2), style, domains)


@recipe("bytes")
def lora_star(rng, domains):
    """Eight merged low-rank updates of one root: they give it back when it is absent."""
    style = Style(lora=1.0, ranks=(2, 4, 8), root_steps=700, steps=(80, 200))
    return Shape(layers=2), family(rng, "A", star(8), style, domains)


@recipe("bytes")
def lora_f16_grown(rng, domains):
    style = Style("f16", lora=0.8, ranks=(2, 4, 8, 16), root_steps=1000)
    return Shape(width=80, inner=160, layers=2, heads=4), family(rng, "A", grown(rng, 11), style, domains)


@recipe("bytes")
def optimisers(rng, domains):
    """One tree whose edges use every optimizer."""
    style = Style(
        optimisers=("adamw", "adam", "lion", "adafactor", "rmsprop", "sgd"),
        schedules=("linear", "cosine", "constant"),
        decay_all=(False, True),
    )
    return Shape(layers=3), family(rng, "A", grown(rng, 13), style, domains)


@recipe("bytes")
def sgd_bf16(rng, domains):
    style = Style(
        "bf16", optimisers=("sgd",), rates=(3e-4, 2e-3), decays=(0.0, 1e-4, 1e-3), root_optimiser="lion", root_rate=2e-3
    )
    return Shape(width=64, layers=3), family(rng, "A", balanced(3, 2), style, domains)


@recipe("bytes")
def gentle(rng, domains):
    """Few steps at low rates, as large models are fine-tuned; a chain and a star."""
    style = Style(
        rates=(2e-5, 2e-4),
        steps=(60, 200),
        lora=0.3,
        lora_rates=(2e-4, 2e-3),
        schedules=("linear", "cosine"),
        decays=(0.0, 0.01),
    )
    return Shape(width=64, layers=3, inner=192), (
        family(rng, "A", chain(5), style, domains) + family(rng, "B", star(5), style, domains)
    )


@recipe("bytes")
def decayed(rng, domains):
    """Strong decay in long training: descendants have less energy than their parents."""
    style = Style(
        some(rng, ("f32", "bf16")),
        decays=(0.1, 0.3, 1.0),
        rates=(3e-4, 1e-3),
        steps=(150, 400),
        decay_all=(False, True),
        root_decay=0.0,
    )
    return Shape(layers=2, width=80, inner=160), family(rng, "A", grown(rng, 11), style, domains)


@recipe("bytes")
def rounded_steps(rng, domains):
    """bf16 weights without a copy in higher precision, so that small steps are lost."""
    style = Style("bf16", rounded_steps=True, rates=(3e-4, 2e-3), decays=(0.0, 0.01))
    return Shape(layers=2, width=80, inner=160), family(rng, "A", balanced(3, 2), style, domains)


@recipe("bytes")
def long_chain(rng, domains):
    style = Style(some(rng, ("f32", "f16")), lora=0.4, optimisers=("adamw", "lion"), root_steps=1000)
    return Shape(layers=3, width=64), (
        family(rng, "A", chain(6), style, domains) + family(rng, "B", [0, 0, 1, 1, 2, 5], style, domains)
    )


@recipe("tokens")
def encoder(rng, domains):
    shape = Shape("encoder", width=64, inner=128, layers=3, heads=4, positions=64)
    style = Style(tasks=("masked", "masked", "classes"), root_steps=900, root_rate=2e-3, decay_all=(False, True))
    return shape, family(rng, "A", balanced(3, 2), style, domains)


@recipe("tokens")
def encoder_bf16(rng, domains):
    shape = Shape("encoder", width=96, inner=256, layers=2, heads=4, positions=64)
    style = Style(
        "bf16",
        optimisers=("adamw", "adafactor"),
        root_steps=700,
        root_rate=1e-3,
        lora=0.3,
        targets=(("query", "value"), ("query", "key", "value", "dense")),
    )
    return shape, (family(rng, "A", grown(rng, 6), style, domains) + family(rng, "B", grown(rng, 4), style, domains))


MINILM = Shape(
    "encoder", width=384, inner=1536, layers=6, heads=12, vocabulary=30522, positions=512, extra={"pooler": True}
)


@recipe("pieces")
def pretrained(rng, domains):
    """Fine-tunes of a real encoder: MiniLM."""
    style = Style(
        tasks=("masked", "neighbours", "classes"),
        rates=(2e-5, 1e-4),
        steps=(25, 50),
        decays=(0.0, 0.01, 0.1),
        root_way="pretrained",
        root={"steps": 0, "lr": 0.0},
        decay_all=(False, True),
    )
    return MINILM, family(rng, "A", [0, 0, 0, 1, 1, 2, 4], style, domains)


@recipe("pieces")
def pretrained_low_rank(rng, domains):
    style = Style(
        some(rng, ("bf16", "f16")),
        tasks=("masked", "neighbours"),
        lora=0.5,
        rates=(2e-5, 2e-4),
        lora_rates=(3e-4, 2e-3),
        steps=(25, 50),
        ranks=(4, 8, 16),
        decays=(0.0, 0.01),
        targets=(("query", "value"), ("query", "key", "value", "dense")),
        root_way="pretrained",
        root={"steps": 0, "lr": 0.0},
    )
    return MINILM, family(rng, "A", grown(rng, 7), style, domains)


@recipe("pictures")
def vision(rng, domains):
    shape = Shape("vit", width=64, inner=192, layers=4, heads=4, classes=10)
    style = Style(
        root_steps=1000,
        root_rate=1e-3,
        optimisers=("adamw", "sgd"),
        schedules=("cosine",),
        rates=(1e-4, 1e-3),
        steps=(100, 300),
    )
    return shape, (family(rng, "A", balanced(2, 2), style, domains) + family(rng, "B", grown(rng, 5), style, domains))


@recipe("pictures")
def vision_bf16(rng, domains):
    shape = Shape("vit", width=96, inner=288, layers=3, heads=6, classes=10)
    style = Style(
        "bf16",
        root_steps=900,
        root_rate=1e-3,
        optimisers=("adamw", "lion"),
        lora=0.3,
        schedules=("cosine", "linear"),
        steps=(100, 300),
        ranks=(2, 4, 8),
        targets=(("query", "value"), ("query", "key", "value", "dense")),
    )
    return shape, family(rng, "A", grown(rng, 9), style, domains)


@recipe("pictures")
def denoiser(rng, domains):
    style = Style(
        some(rng, ("f32", "f16")),
        root_steps=700,
        root_rate=2e-3,
        root_decay=0.01,
        optimisers=("adam", "adamw"),
        rates=(2e-4, 1e-3),
        steps=(80, 200),
        decays=(0.0, 1e-4, 0.01),
    )
    return Shape("unet", width=16), family(rng, "A", grown(rng, 9), style, domains)


@recipe("pictures")
def convolutions(rng, domains):
    """Chains of maps with batch norms: three families, trained on the same pictures."""
    style = Style(
        root_steps=800,
        root_rate=1e-3,
        optimisers=("adam", "sgd"),
        schedules=("cosine",),
        rates=(1e-4, 1e-3),
        steps=(100, 300),
        decays=(0.0, 5e-4),
    )
    shape = Shape("vgg", width=24, inner=64, classes=10)
    return shape, [plan for name in "ABC" for plan in family(rng, name, grown(rng, 5), style, domains)]


@recipe("bytes")
def mixed(rng, domains):
    """All kinds of descendants of one root, and strangers of the same architecture."""
    style = Style(root_steps=1000)
    low = Style(lora=1.0)
    plans = [root(rng, style, "M", domains)]
    plans += [edge(rng, style, f"M{k}", "M", domains) for k in (1, 2, 3)]
    plans += [edge(rng, low, f"M{k}", "M", domains) for k in (4, 5)]
    plans += [edge(rng, style, "M6", "M1", domains), edge(rng, low, "M7", "M2", domains)]
    share = round(float(rng.uniform(0.3, 0.7)), 2)
    plans += [
        edge(rng, low, "M8", "M", domains, relation="adapter", targets=("q_proj", "v_proj")),
        edge(rng, low, "M9", "M1", domains, relation="adapter"),
        Plan("M10", "merge", ("M1", "M2"), way="average", weights=(0.5, 0.5)),
        Plan("M11", "merge", ("M2", "M3"), way="average", weights=(share, round(1 - share, 2))),
        Plan("M12", "merge", ("M3", "M4"), way="slerp", weights=(0.5, 0.5)),
        Plan("M13", "merge", ("M1", "M3"), way="arithmetic", weights=(0.8, 0.6), detail="M"),
        Plan("M14", "quantized", ("M1",), way="int8", dtype="f16"),
        Plan("M15", "quantized", ("M2",), way="int4", detail=32),
        Plan("M16", "quantized", ("M4",), way="fp8", dtype="bf16"),
        Plan("M17", "quantized", ("M",), way="cast", dtype="bf16"),
        Plan("M18", "duplicate", ("M6",)),
    ]
    strangers = Style(root_steps=500)
    plans += [root(rng, strangers, letter, domains) for letter in "XYZ"]
    return Shape(width=64, inner=128, layers=2, heads=4), plans


@recipe("bytes")
def shapes(rng, domains):
    """Descendants with more tokens, another head, fewer or repeated layers, or other names."""
    style = Style(some(rng, ("f32", "bf16")), root_steps=1000)
    plans = [
        root(rng, style, "A", domains),
        edge(rng, style, "A1", "A", domains),
        edge(rng, style, "A2", "A", domains, change="vocabulary", detail=int(rng.integers(8, 40))),
        edge(rng, style, "A3", "A", domains, change="head"),
        edge(rng, style, "A4", "A", domains, relation="pruned", change="pruned", detail=(0, 1, 3)),
        edge(rng, style, "A5", "A1", domains, relation="upscaled", change="upscaled", detail=(0, 1, 2, 1, 2, 3)),
        edge(rng, style, "A6", "A1", domains, change="renamed", detail=("model.", "transformer.")),
        edge(rng, style, "A7", "A2", domains),
        edge(rng, style, "A8", "A4", domains),
        Plan("A9", "pruned", ("A",), change="pruned", detail=(0, 2, 3), dtype=style.dtype),
    ]
    return Shape(width=64, inner=128, layers=4, heads=4), plans + family(rng, "B", star(2), style, domains)


def narrowings(rng, style: Style, parents: list, domains: list) -> list:
    """Six models that lack 10 to 50 % of their parents' width, units or heads and were trained on, two more trained from
    these, one narrowed twice, and a small family of strangers of the shape of one of them."""
    choices = [("inner",), ("heads",), ("width",), ("inner", "heads"), ("inner", "width"), ("inner", "heads", "width")]
    plans = []
    for k, parts in enumerate(choices, 1):
        shares = {part: round(float(rng.uniform(0.1, 0.5)), 2) for part in parts}
        way = some(rng, ("magnitude", "random"))
        fixed = {"relation": "pruned", "change": "narrowed", "detail": shares, "way": way, "rank": None}
        plans.append(edge(rng, style, f"AN{k}", some(rng, parents), domains, **fixed))
    plans += [edge(rng, style, f"AF{k}", f"AN{some(rng, (1, 2, 3, 4, 5, 6))}", domains) for k in (1, 2)]
    fixed = {"relation": "pruned", "change": "narrowed", "detail": {"inner": 0.25}, "way": "magnitude", "rank": None}
    plans.append(edge(rng, style, "AT", "AN6", domains, **fixed))
    strangers = family(rng, "B", star(2), style, domains)
    strangers[0].change, strangers[0].detail = "narrowed", plans[5].detail
    return plans + strangers


@recipe("bytes")
def narrowed(rng, domains):
    """Descendants of smaller width, with fewer units and heads, each trained on; and narrow strangers."""
    dtype = some(rng, ("f32", "bf16"))
    style = Style(dtype, lora=0.0, root_steps=700, root_rate=2e-3)
    plans = family(rng, "A", grown(rng, 6), style, domains)
    shape = Shape(width=96, inner=192, layers=3, heads=4, groups=some(rng, (0, 2)), tied=some(rng, (False, True)))
    return shape, plans + narrowings(rng, style, [p.key for p in plans], domains)


@recipe("tokens")
def narrowed_encoder(rng, domains):
    """The same of encoders."""
    style = Style(some(rng, ("f32", "bf16")), root_steps=900, root_rate=2e-3, decay_all=(False, True))
    plans = family(rng, "A", grown(rng, 5), style, domains)
    shape = Shape("encoder", width=96, inner=192, layers=3, heads=4, positions=64)
    return shape, plans + narrowings(rng, style, [p.key for p in plans], domains)


@recipe("pictures")
def narrowed_vision(rng, domains):
    """The same of vision transformers."""
    style = Style(
        root_steps=900, root_rate=1e-3, optimisers=("adamw", "sgd"), schedules=("cosine",), rates=(1e-4, 1e-3)
    )
    plans = family(rng, "A", grown(rng, 5), style, domains)
    shape = Shape("vit", width=96, inner=192, layers=3, heads=4, classes=10)
    return shape, plans + narrowings(rng, style, [p.key for p in plans], domains)


@recipe("bytes")
def merges(rng, domains):
    """Several kinds of averages of two and three models, and models trained from them."""
    style = Style(some(rng, ("f32", "bf16", "f16")), root_steps=1000)
    plans = [root(rng, style, "A", domains)]
    plans += [edge(rng, style, f"A{k}", "A", domains) for k in (1, 2, 3, 4)]
    plans.append(edge(rng, style, "A5", "A1", domains))
    t = style.dtype
    plans += [
        Plan("A6", "merge", ("A1", "A2"), way="average", weights=(0.5, 0.5), dtype=t),
        Plan("A7", "merge", ("A2", "A3", "A4"), way="average", weights=(0.4, 0.3, 0.3), dtype=t),
        Plan("A8", "merge", ("A3", "A5"), way="slerp", weights=(0.4, 0.6), dtype=t),
        Plan("A9", "merge", ("A3", "A4"), way="arithmetic", weights=(0.7, 0.5), detail="A", dtype=t),
        edge(rng, style, "A10", "A6", domains),
        Plan("A11", "quantized", ("A7",), way="int8", dtype=t),
    ]
    return Shape(width=64, inner=160, layers=2, heads=4), plans


@recipe("bytes")
def strangers(rng, domains):
    """Seven unrelated models of one architecture, and two small families among them."""
    style = Style(root_steps=400)
    plans = [root(rng, style, letter, domains) for letter in "PQRSTUV"]
    plans += family(rng, "A", [0, 1], style, domains) + family(rng, "B", [0, 0], style, domains)
    return Shape(width=64, inner=128, layers=2, heads=4), plans


def make(name: str, seed: int, domains: list):
    data, build = RECIPES[name]
    rng = np.random.default_rng([seed, sum(name.encode())])
    return build(rng, domains)
