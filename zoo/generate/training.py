"""Gradient descent with several optimisers, on all weights or on low-rank updates of some."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Lion(torch.optim.Optimizer):
    """Sign of an interpolated momentum, decoupled decay (Chen et al. 2023)."""

    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(b1 * momentum + (1 - b1) * p.grad), alpha=-group["lr"])
                momentum.lerp_(p.grad, 1 - b2)


def optimiser(name: str, groups: list, lr: float):
    """`lr` is meant for AdamW; for the others it is scaled so that weights move about as far."""
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98))
    if name == "adam":  # decay as a part of the gradient
        return torch.optim.Adam(groups, lr=lr, betas=(0.9, 0.98))
    if name == "lion":
        return Lion(groups, lr=lr / 4)
    if name == "adafactor":
        return torch.optim.Adafactor(groups, lr=2 * lr)
    if name == "rmsprop":
        return torch.optim.RMSprop(groups, lr=lr / 2, momentum=0.5)
    if name == "sgd":
        return torch.optim.SGD(groups, lr=100 * lr, momentum=0.9, nesterov=True)
    raise ValueError(f"no optimiser '{name}'")


def schedule(name: str, step: int, steps: int, floor: float) -> float:
    warm_up = max(1, steps // 20)
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    if name == "constant":
        return 1.0
    left = 1 - done if name == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return floor + (1 - floor) * left


class LowRank(nn.Module):
    """A frozen linear map plus (alpha / r) B A."""

    def __init__(self, base: nn.Linear, rank: int, scale: float):
        super().__init__()
        self.base, self.scale = base, scale
        self.lora_A = nn.Parameter(torch.empty(rank, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        return self.base(x) + self.scale * F.linear(F.linear(x, self.lora_A), self.lora_B)


def attach(network: nn.Module, targets, rank: int, scale: float) -> dict:
    """Adds low-rank updates to the linear maps whose last name is a target; everything else is frozen."""
    network.requires_grad_(False)
    found = {}
    for name, module in list(network.named_modules()):
        path, _, last = name.rpartition(".")
        if isinstance(module, nn.Linear) and last in targets:
            found[name] = LowRank(module, rank, scale)
            holder = network.get_submodule(path)
            if isinstance(holder, nn.ModuleDict):
                holder[last] = found[name]
            else:
                setattr(holder, last, found[name])
    return found


def merged(network: nn.Module, adapters: dict) -> dict:
    """Plain tensors by name, with the updates folded in, in double precision."""
    state = {n.replace(".base.", "."): t.detach() for n, t in network.state_dict().items() if ".lora_" not in n}
    for name, a in adapters.items():
        update = a.scale * (a.lora_B.detach().double() @ a.lora_A.detach().double())
        weight = f"{name}.weight"
        state[weight] = (state[weight].double() + update).float()
    return state


def train(network: nn.Module, data, plan, seed: int, rounded=None):
    """`rounded`: a dtype that the weights are rounded to after every step (training without a
    copy of higher precision)."""
    tensors = [p for p in network.parameters() if p.requires_grad]
    decayed = [p for p in tensors if p.dim() > 1 or plan.decay_all]
    plain = [p for p in tensors if not (p.dim() > 1 or plan.decay_all)]
    groups = [{"params": decayed, "weight_decay": plan.weight_decay}]
    groups += [{"params": plain, "weight_decay": 0.0}] if plain else []
    steps = optimiser(plan.optimiser, groups, plan.lr)
    first = [group["lr"] for group in steps.param_groups]
    rng = np.random.default_rng(seed)
    for step in range(plan.steps):
        rate = schedule(plan.schedule, step, plan.steps, 0.1 if plan.relation == "root" else 0.0)
        for group, lr in zip(steps.param_groups, first):
            group["lr"] = lr * rate
        loss = network.loss(*data.batch(plan, rng))
        steps.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(tensors, 1.0)
        steps.step()
        if rounded is not None:
            with torch.no_grad():
                for p in tensors:
                    p.copy_(p.to(rounded))
