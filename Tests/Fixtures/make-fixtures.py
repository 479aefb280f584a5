#!/usr/bin/env python3
"""Makes the small files of weights beside this script with the packages that people write such files with, and
expected.json: for each file its tensors' shapes and numbers as those packages give them, all finite, in float64.

Checked in was what torch 2.13.0, numpy 2.4.6, h5py 3 and onnx 1 wrote:
pip install torch numpy h5py onnx && python make-fixtures.py
The tar form of before 2017 is written by hand here, as today's torch only reads it; torch.load confirms it.
"""

import collections
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile

import h5py
import numpy
import onnx
import torch

HERE = pathlib.Path(__file__).parent
# What make-quantized.py has added stays.
KNOWN = HERE / "expected.json"
EXPECTED = {name: known for name, known in json.loads(KNOWN.read_text()).items() if name.startswith("quantized/")}
torch.manual_seed(14)


def keep(path, tensors):
    """Notes what a file holds: only tensors of floating-point numbers count."""
    EXPECTED[path] = {
        name: {"shape": list(value.shape), "values": value.detach().double().reshape(-1).tolist()}
        for name, value in tensors.items()
    }


def save(name, thing, tensors, **how):
    (HERE / "pytorch").mkdir(exist_ok=True)
    torch.save(thing, HERE / "pytorch" / name, **how)
    keep(f"pytorch/{name}", tensors)


def network(step=True):
    state = collections.OrderedDict(
        [
            ("layers.0.weight", torch.randn(6, 4)),
            ("layers.0.bias", torch.randn(6)),
            ("embed.weight", torch.randn(10, 4).bfloat16()),
            ("half", torch.randn(3, 5).half()),
            ("double", torch.randn(2, 2).double()),
            ("conv.weight", torch.randn(3, 4, 2, 2)),
            ("scalar", torch.tensor(2.5)),
        ]
    )
    return state | {"steps": torch.tensor(5)} if step else state


def floats(state):
    return {name: value for name, value in state.items() if value.is_floating_point()}


def pytorch():
    state = network()
    save("zip.bin", state, floats(state))
    for protocol in 1, 2, 3, 4, 5:
        legacy = {"pickle_protocol": protocol, "_use_new_zipfile_serialization": False}
        save(f"legacy-{protocol}.bin", state, floats(state), **legacy)
        if protocol > 2:
            save(f"zip-{protocol}.bin", state, floats(state), pickle_protocol=protocol)

    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.randn(3))])
    optimizer.param_groups[0]["params"][0].grad = torch.ones(3)
    optimizer.step()
    training = {
        "epoch": 3,
        "state_dict": state,
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hyper_parameters": {"rate": 0.1},
        "rng": torch.get_rng_state()[:8],
    }
    save("lightning.ckpt", training, floats(state))
    training = {"model_state_dict": state, "optimizer_state_dict": optimizer.state_dict(), "loss": 1.5}
    save("training.pt", training, floats(state))
    parts = {"encoder": {"w": torch.randn(2, 3)}, "decoder": {"w": torch.randn(3)}}
    save("nested.pt", parts, {"encoder.w": parts["encoder"]["w"], "decoder.w": parts["decoder"]["w"]})
    averaged = {"params": {"w": torch.randn(2)}, "params_ema": {"w": torch.randn(2)}}
    save("averaged.pth", averaged, averaged["params_ema"])
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    save("module.pt", module, floats(module.state_dict()))

    whole = torch.randn(5, 4)
    views = {
        "whole": whole,
        "tied": whole,
        "rows": whole[1:3],
        "turned": whole.t(),
        "columns": whole[:, 1:3],
        "column": whole[:, 2],
        "every-other": whole[::2],
        "channels-last": torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last),
        "reversed": torch.randn(2, 3, 4).permute(2, 1, 0),
        "experts": torch.randn(2, 3, 4).transpose(1, 2),
    }
    save("views.bin", views, views)
    save("views-legacy.bin", views, views, _use_new_zipfile_serialization=False)
    save("parameter.bin", {"p": torch.nn.Parameter(torch.randn(3, 2))}, {})
    keep("pytorch/parameter.bin", torch.load(HERE / "pytorch/parameter.bin"))
    eight = {"e4m3": torch.randn(4, 4).to(torch.float8_e4m3fn), "e5m2": torch.randn(4, 4).to(torch.float8_e5m2)}
    save("float8.bin", eight, eight)
    odd = {"sparse": torch.eye(3).to_sparse(), "expanded": torch.randn(1, 4).expand(3, 4), "w": torch.randn(3)}
    save("odd.bin", odd, {"w": odd["w"]})

    script = torch.jit.script(torch.nn.Linear(2, 2))
    script.save(HERE / "pytorch/script.pt")
    repack("zip.bin", "repacked.bin", zip64=False)
    repack("zip.bin", "zip64.bin", zip64=True)
    repack("zip.bin", "streamed.bin", streamed=True)
    repack("zip.bin", "deflated.bin", method=zipfile.ZIP_DEFLATED)
    repack("zip.bin", "big-endian.bin", replace={"byteorder": b"big"})
    for name in "repacked.bin", "zip64.bin", "streamed.bin":
        EXPECTED[f"pytorch/{name}"] = EXPECTED["pytorch/zip.bin"]
    tar(floats(network(step=False)))


class Unseekable(io.BytesIO):
    """A pipe: zip archives written to it have the sizes of their files behind them."""

    def seek(self, *_):
        raise OSError("a pipe")

    def seekable(self):
        return False

    def tell(self):
        raise OSError("a pipe")


def repack(name, new, zip64=False, streamed=False, method=zipfile.ZIP_STORED, replace=None):
    target = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(HERE / "pytorch" / name) as old, zipfile.ZipFile(target, "w", method) as archive:
        for entry in old.infolist():
            content = (replace or {}).get(entry.filename.split("/")[-1], old.read(entry))
            info = zipfile.ZipInfo(entry.filename, (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            with archive.open(info, "w", force_zip64=zip64) as out:
                out.write(content)
    (HERE / "pytorch" / new).write_bytes(target.getvalue())


def tar(state):
    """torch/serialization.py, `_legacy_load`, `legacy_load`, read backwards."""
    storages, tensors = io.BytesIO(), io.BytesIO()
    classes = {
        torch.float32: torch.FloatStorage,
        torch.float64: torch.DoubleStorage,
        torch.float16: torch.HalfStorage,
        torch.bfloat16: torch.BFloat16Storage,
    }
    pickle.dump(len(state), storages, 2)
    pickle.dump(len(state), tensors, 2)
    for number, value in enumerate(state.values()):
        pickle.dump((number, "cpu", classes[value.dtype]), storages, 2)
        storages.write(struct.pack("<q", value.numel()))
        storages.write(bytes(value.contiguous().untyped_storage()))
        pickle.dump((100 + number, number, torch.FloatTensor), tensors, 2)
        tensors.write(struct.pack("<ii", value.dim(), 0))
        tensors.write(struct.pack(f"<{value.dim()}q", *value.shape))
        tensors.write(struct.pack(f"<{value.dim()}q", *value.stride()))
        tensors.write(struct.pack("<q", 0))
    pickle.dump([], storages, 2)

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return str(100 + names.index(thing.name)) if isinstance(thing, Reference) else None

    names, main = list(state), io.BytesIO()
    Pickler(main, 2).dump(collections.OrderedDict((name, Reference(name)) for name in names))
    with tarfile.open(HERE / "pytorch/tar.pth", "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in ("storages", storages), ("tensors", tensors), ("pickle", main):
            info = tarfile.TarInfo(name)
            info.size = len(content.getvalue())
            archive.addfile(info, io.BytesIO(content.getvalue()))
    again = torch.load(HERE / "pytorch/tar.pth", weights_only=False)
    assert all(torch.equal(again[name], value) for name, value in state.items())
    keep("pytorch/tar.pth", state)


class Reference:
    def __init__(self, name):
        self.name = name


def arrays():
    (HERE / "numpy").mkdir(exist_ok=True)
    a = numpy.arange(12, dtype="<f4").reshape(3, 4) / 7
    b = numpy.arange(24, dtype="<f8").reshape(2, 3, 4) / 7
    for name, value in {"plain": a, "fortran": numpy.asfortranarray(a), "fortran-3": numpy.asfortranarray(b)}.items():
        numpy.save(HERE / f"numpy/{name}.npy", value)
        keep(f"numpy/{name}.npy", {"array": torch.tensor(value)})
    numpy.savez(HERE / "numpy/several.npz", a=a, half=b.astype("<f2"), whole=numpy.arange(3))
    keep("numpy/several.npz", {"a": torch.tensor(a), "half": torch.tensor(b.astype("<f2"))})
    numpy.savez_compressed(HERE / "numpy/deflated.npz", a=a)
    numpy.save(HERE / "numpy/big-endian.npy", a.astype(">f4"))
    with open(HERE / "numpy/arrays.pkl", "wb") as out:
        pickle.dump({"a": a, "fortran": numpy.asfortranarray(b)}, out, protocol=4)
    keep("numpy/arrays.pkl", {"a": torch.tensor(a), "fortran": torch.tensor(b)})


def keras():
    """The groups that Keras 3 makes of a model with two layers, in both forms of HDF5's groups."""
    (HERE / "hdf5").mkdir(exist_ok=True)
    kernel, bias = numpy.arange(12, dtype="<f4").reshape(4, 3) / 7, numpy.arange(3, dtype="<f2") / 7
    for name, version in ("keras.weights.h5", "earliest"), ("latest.weights.h5", "latest"):
        with h5py.File(HERE / "hdf5" / name, "w", libver=version) as file:
            file["layers/dense/vars/0"], file["layers/dense/vars/1"] = kernel, bias
            file["optimizer/vars/0"] = numpy.zeros(3, "<f4")
            file["layers/packed/vars/0"] = numpy.zeros((3, 3), "<i4")
            file.create_dataset("layers/chunked/vars/0", data=kernel, chunks=(2, 3), compression="gzip")
            file["again"] = h5py.SoftLink("/layers/dense/vars/0")
        keep(f"hdf5/{name}", {"layers.dense.vars.0": torch.tensor(kernel), "layers.dense.vars.1": torch.tensor(bias)})


def onnx_models():
    (HERE / "onnx").mkdir(exist_ok=True)
    raw, spelled = torch.randn(3, 4), torch.randn(5)
    half, brain = torch.randn(2, 2).half(), torch.randn(2, 3).bfloat16()
    tensors = [
        onnx.numpy_helper.from_array(raw.numpy(), "raw"),
        onnx.helper.make_tensor("spelled", onnx.TensorProto.FLOAT, [5], spelled.tolist()),
        onnx.numpy_helper.from_array(half.numpy(), "half"),
        onnx.helper.make_tensor(
            "brain", onnx.TensorProto.BFLOAT16, [2, 3], brain.view(torch.int16).numpy().tobytes(), raw=True
        ),
        onnx.numpy_helper.from_array(numpy.arange(3), "axes"),
    ]
    nodes = [onnx.helper.make_node("MatMul", ["x", "raw"], ["y"])]
    value = onnx.helper.make_tensor_value_info
    x, y = value("x", onnx.TensorProto.FLOAT, [1, 3]), value("y", onnx.TensorProto.FLOAT, [1, 4])
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", [x], [y], tensors))
    expected = {"raw": raw, "spelled": spelled, "half": half, "brain": brain}
    onnx.save(model, HERE / "onnx/inside.onnx")
    keep("onnx/inside.onnx", expected)
    onnx.save(model, HERE / "onnx/outside.onnx", save_as_external_data=True, location="outside.data", size_threshold=16)
    keep("onnx/outside.onnx", expected)


pytorch()
arrays()
keras()
onnx_models()
lines = [f" {json.dumps(path)}: {json.dumps(tensors)}" for path, tensors in sorted(EXPECTED.items())]
(HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(
    f"torch {torch.__version__}, numpy {numpy.__version__}: {len(EXPECTED)} files, {os.path.getsize(HERE / 'expected.json')} bytes"
)
