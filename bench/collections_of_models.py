"""Collections of models to measure on: small families of random weights, written as safetensors.

Parents and children differ by a hundredth of their norm, as fine-tuned models do. The weights of a
tensor are windows into one pool of random numbers, so that writing takes no longer than the disk.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

POOL = 1 << 24


@dataclass
class Collection:
    name: str
    models: int
    shapes: list
    dtype: str = "F32"
    shards: int = 1
    what: str = ""
    names: list = field(default_factory=list)

    @property
    def weights(self):
        return sum(int(np.prod(shape)) for shape in self.shapes)

    @property
    def bytes(self):
        return self.models * self.weights * (4 if self.dtype == "F32" else 2)

    def tensor_names(self):
        return self.names or [f"layers.{k}.attn.weight" for k in range(len(self.shapes))]

    def files(self, root):
        return sorted((Path(root) / self.name).rglob("*.safetensors"))


def linear(count, rows, columns):
    return [[rows, columns]] * count


def write(collection, root):
    """Writes the models below root/name unless they exist already; returns the folder."""
    folder = Path(root) / collection.name
    done = folder.with_suffix(".done")
    if done.exists() and done.read_text() == repr(collection):
        return folder
    done.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(1)
    pool = (0.02 * rng.standard_normal(POOL, dtype=np.float32)).astype(np.float32)
    for model in range(collection.models):
        write_model(collection, folder / f"model-{model:03}", model, pool)
    done.write_text(repr(collection))
    return folder


def write_model(collection, folder, model, pool):
    folder.mkdir(parents=True)
    names = collection.tensor_names()
    cuts = np.array_split(np.arange(len(names)), collection.shards)
    index = {}
    for number, part in enumerate(cuts):
        file = "model.safetensors"
        if collection.shards > 1:
            file = f"model-{number + 1:05}-of-{collection.shards:05}.safetensors"
        write_file(collection, folder / file, [(names[k], k) for k in part], model, pool)
        index |= {names[k]: file for k in part}
    if collection.shards > 1:
        text = json.dumps({"metadata": {}, "weight_map": index})
        (folder / "model.safetensors.index.json").write_text(text)


def write_file(collection, path, tensors, model, pool):
    width = 4 if collection.dtype == "F32" else 2
    header, at = {}, 0
    for name, k in tensors:
        size = int(np.prod(collection.shapes[k])) * width
        header[name] = {"dtype": collection.dtype, "shape": collection.shapes[k], "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb", buffering=0) as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for _, k in tensors:
            for block in blocks(collection, k, model, pool):
                out.write(block)


def blocks(collection, k, model, pool):
    """The family's weights plus this model's own steps, a few million at a time."""
    size = int(np.prod(collection.shapes[k]))
    length = min(1 << 22, POOL // 4)
    for number, start in enumerate(range(0, size, length)):
        count = min(length, size - start)
        base = (7919 * k + 104729 * number) % (POOL - length)
        step = (15485863 * (model + 1) + 32452843 * k + 49979687 * number) % (POOL - length)
        values = pool[base : base + count] + np.float32(0.01) * pool[step : step + count]
        if collection.dtype == "BF16":
            bits = values.view(np.uint32)
            values = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
        yield values.tobytes()
