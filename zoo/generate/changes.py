"""What people do to models without training: averaging, quantizing, changing shapes and names."""

import re

import torch

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
    """Leaves out coordinates of the residual stream, units of MLPs and heads: those of least weight ('magnitude'), or
    any ('random'). What is left stays in its order, and each layer chooses for itself but for the residual stream.

    `old`, `new`: shapes.
    """
    generator = torch.Generator().manual_seed(seed)

    def chosen(weight, count):
        if way == "random":
            weight = torch.rand(len(weight), generator=generator)
        return weight.argsort(descending=True)[:count].sort().values

    def energy(tensors, dim):
        return sum(t.movedim(dim, 0).reshape(t.shape[dim], -1).square().sum(1) for t in tensors)

    table = [t for n, t in state.items() if re.search(r"(embed_tokens|word_embeddings)\.weight$", n)]
    cut = [t.flatten(1).T for n, t in state.items() if n.endswith("patch_embeddings.projection.weight")]
    width = chosen(energy(table + cut, 1), new.width)
    size = old.head
    groups, left = old.groups or old.heads, new.groups or new.heads
    per = old.heads // groups
    inside: dict[str, tuple] = {}
    for name in state:
        match = LAYER.match(name)
        if not match or match[1] + match[2] in inside:
            continue
        here = {n: t for n, t in state.items() if n.startswith(f"{match[1]}{match[2]}.")}
        first = [t for n, t in here.items() if re.search(r"(gate_proj|up_proj|intermediate\.dense)\.weight$", n)]
        values = [t for n, t in here.items() if re.search(r"(v_proj|value|k_proj|key)\.weight$", n)]
        units = chosen(energy(first, 0), new.inner)
        kept = chosen(energy(values, 0).reshape(groups, size).sum(1), left)
        keys = torch.cat([torch.arange(g * size, (g + 1) * size) for g in kept])
        queries = torch.cat([torch.arange(g * per * size, (g + 1) * per * size) for g in kept])
        inside[match[1] + match[2]] = (units, queries, keys)

    out = {}
    for name, tensor in state.items():
        match = LAYER.match(name)
        units, queries, keys = inside[match[1] + match[2]] if match else (None, None, None)
        rows, columns = None, None
        if re.search(r"(embed_tokens|word_embeddings|position_embeddings|token_type_embeddings)(\.weight)?$", name):
            columns = width
        elif re.search(r"(lm_head|classifier)\.weight$", name):
            columns = width
        elif re.search(r"(^cls|classifier)\.bias$", name):
            pass
        elif "pooler" in name:
            rows, columns = width, width
        elif re.search(r"(q_proj|query)\.(weight|bias)$", name):
            rows, columns = queries, width
        elif re.search(r"(k_proj|v_proj|key|value)\.(weight|bias)$", name):
            rows, columns = keys, width
        elif re.search(r"(o_proj|attention\.output\.dense)\.(weight|bias)$", name):
            rows, columns = width, queries
        elif re.search(r"(gate_proj|up_proj|intermediate\.dense)\.(weight|bias)$", name):
            rows, columns = units, width
        elif re.search(r"(down_proj|output\.dense)\.(weight|bias)$", name):
            rows, columns = width, units
        elif name.endswith("cls_token"):
            columns = width
        else:  # norms, the cut into patches
            rows = width
        if rows is not None:
            tensor = tensor[rows]
        if columns is not None and tensor.dim() > 1:
            tensor = tensor[..., columns]
        out[name] = tensor.clone()
    return out


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
