"""Leaves out coordinates of the residual stream, units of MLPs and heads of a transformer, as width pruning does."""

import re
from dataclasses import dataclass

import numpy as np

LAYER = re.compile(r"^(.*\blayers?\.\d+)\.")


@dataclass(frozen=True)
class Sizes:
    width: int
    inner: int
    heads: int
    groups: int  # heads of keys and values
    size: int  # of a head

    def without(self, shares: dict) -> "Sizes":
        """Less of them by the shares of 'width', 'inner' and 'heads', but something of each; groups of heads stay whole."""

        def kept(count, share, step):
            return max(step, min(count - step, round(count * (1 - share) / step) * step)) if share else count

        left = kept(self.groups, shares.get("heads", 0), 1)
        return Sizes(
            kept(self.width, shares.get("width", 0), 4),
            kept(self.inner, shares.get("inner", 0), 4),
            self.heads // self.groups * left,
            left,
            self.size,
        )


def narrowed(state: dict, old: Sizes, new: Sizes, way: str, seed: int) -> dict:
    """Keeps what has most weight ('magnitude') or any ('random'), in its order; each layer chooses its units and heads
    for itself.

    `state`: name -> array, with the names of Llama, BERT or ViT in transformers.
    """
    random = np.random.default_rng(seed)

    def chosen(weight, count):
        if way == "random":
            weight = random.random(len(weight))
        return np.sort(np.argsort(-weight, kind="stable")[:count])

    def energy(arrays, axis):
        return sum(np.square(np.moveaxis(a, axis, 0).reshape(a.shape[axis], -1).astype("f8")).sum(1) for a in arrays)

    tables = [t for n, t in state.items() if re.search(r"(embed_tokens|word_embeddings)\.weight$", n)]
    cuts = [t.reshape(len(t), -1).T for n, t in state.items() if n.endswith("patch_embeddings.projection.weight")]
    width = chosen(energy(tables + cuts, 1), new.width)
    per = old.heads // old.groups
    inside = {}
    for layer in sorted({match[1] for match in map(LAYER.match, state) if match}):
        here = {n: t for n, t in state.items() if n.startswith(f"{layer}.")}
        first = [t for n, t in here.items() if re.search(r"(gate_proj|up_proj|intermediate\.dense)\.weight$", n)]
        values = [t for n, t in here.items() if re.search(r"(v_proj|value|k_proj|key)\.weight$", n)]
        kept = chosen(energy(values, 0).reshape(old.groups, old.size).sum(1), new.groups)
        inside[layer] = (
            chosen(energy(first, 0), new.inner),
            np.concatenate([np.arange(g * per * old.size, (g + 1) * per * old.size) for g in kept]),
            np.concatenate([np.arange(g * old.size, (g + 1) * old.size) for g in kept]),
        )

    out = {}
    for name, array in state.items():
        match = LAYER.match(name)
        units, queries, keys = inside[match[1]] if match else (None, None, None)
        rows, columns = None, None
        if re.search(r"(embed_tokens|word_embeddings|(position|token_type)_embeddings)(\.weight)?$|cls_token$", name):
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
        else:  # norms, the cut into patches
            rows = width
        if rows is not None:
            array = array[rows]
        if columns is not None and array.ndim > 1:
            array = array[..., columns]
        out[name] = np.ascontiguousarray(array)
    return out
