"""How one model of a zoo is made."""

from dataclasses import dataclass, field

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")


@dataclass
class Plan:
    key: str  # names the model while the zoo is made; the first letter names the tree
    relation: str  # root, finetune, lora, adapter, merge, quantized, pruned or duplicate
    parents: tuple = ()
    domains: tuple = ()
    steps: int = 0
    lr: float = 0.0  # as for AdamW, see training.optimiser
    weight_decay: float = 0.0
    decay_all: bool = False  # decay also vectors
    optimiser: str = "adamw"
    schedule: str = "linear"
    task: str = "masked"  # of an encoder
    rank: int | None = None
    alpha: float = 2.0  # lora_alpha / r
    targets: tuple = ATTENTION
    dtype: str = "f32"
    rounded_steps: bool = False  # train without a copy of the weights in higher precision
    way: str | None = None  # of a merge or rounding: average, slerp, arithmetic, int8, int4, fp8, cast
    weights: tuple = ()  # of a merge
    change: str | None = None  # vocabulary, head, pruned, upscaled, narrowed, renamed
    detail: object = None  # of the change
    note: dict = field(default_factory=dict)
