"""What people do to models without training: averaging, quantizing, changing shapes and names."""

import re

import torch

import widths

ELEMENT_TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


# ---------------------------------------------------------------- several models into one


def average(states: list, weights: list) -> dict:
    return {n: sum(w * s[n].double() for w, s in zip(weights, states)).float() for n in states[0]}


def spherical(states: list, weights: list) -> dict:
    """Interpolates along the great circle between two models, tensor by tensor."""
    a, b = states
    share = weights[1]
    out = {}
    for n in a:
        x, y = a[n].double(), b[n].double()
        cosine = (x * y).sum() / (x.norm() * y.norm() + 1e-12)
        angle = torch.arccos(cosine.clamp(-1, 1))
        if angle < 1e-6:
            out[n] = ((1 - share) * x + share * y).float()
        else:
            out[n] = ((((1 - share) * angle).sin() * x + (share * angle).sin() * y) / angle.sin()).float()
    return out


def arithmetic(states: list, weights: list, base: dict) -> dict:
    """The base plus weighted task vectors."""
    return {
        n: (base[n].double() + sum(w * (s[n].double() - base[n].double()) for w, s in zip(weights, states))).float()
        for n in base
    }


# ---------------------------------------------------------------- roundings


def integers(state: dict, bits: int, group: int) -> dict:
    """Rounds to integers and back, with one scale per row or per `group` weights of a row."""
    top = 2 ** (bits - 1) - 1

    def one(t):
        if t.dim() != 2:
            return t
        size = group if group and t.shape[1] % group == 0 else t.shape[1]
        cells = t.reshape(-1, size)
        scale = cells.abs().amax(1, keepdim=True).clamp_min(1e-12) / top
        return ((cells / scale).round().clamp(-top, top) * scale).reshape(t.shape)

    return {n: one(t) for n, t in state.items()}


def eighth(state: dict) -> dict:
    """Rounds to 8-bit floats (e4m3) and back, with one scale per matrix."""

    def one(t):
        if t.dim() != 2:
            return t
        scale = t.abs().amax().clamp_min(1e-12) / 448
        return (t / scale).to(torch.float8_e4m3fn).float() * scale

    return {n: one(t) for n, t in state.items()}


# ---------------------------------------------------------------- other shapes

LAYER = re.compile(r"^(.*\blayers?\.)(\d+)(\..*)$")


def layers_chosen(state: dict, chosen: list) -> dict:
    """Only the layers in `chosen`, in that order; a layer may come twice."""
    out = {}
    for name, tensor in state.items():
        match = LAYER.match(name)
        if not match:
            out[name] = tensor
            continue
        for place, layer in enumerate(chosen):
            if layer == int(match[2]):
                out[f"{match[1]}{place}{match[3]}"] = tensor.clone()
    return out


def narrowed(state: dict, old, new, way: str, seed: int) -> dict:
    """Without some coordinates, units and heads; `old`, `new`: shapes."""
    arrays = {n: t.numpy() for n, t in state.items()}
    return {n: torch.from_numpy(a) for n, a in widths.narrowed(arrays, old.sizes, new.sizes, way, seed).items()}


def vocabulary_extended(state: dict, rows: int, seed: int) -> dict:
    """Appends rows to embedding tables and heads: the mean of the old rows plus some noise."""
    generator = torch.Generator().manual_seed(seed)
    out = dict(state)
    for name, tensor in state.items():
        if name.endswith(("embed_tokens.weight", "lm_head.weight", "word_embeddings.weight")):
            more = tensor.mean(0) + 0.02 * torch.randn(rows, tensor.shape[1], generator=generator)
            out[name] = torch.cat((tensor, more))
        elif name == "cls.bias":
            out[name] = torch.cat((tensor, torch.zeros(rows)))
    return out


def renamed(state: dict, old: str, new: str) -> dict:
    return {(new + n[len(old) :] if n.startswith(old) else n): t for n, t in state.items()}
