"""One llama of Hugging Face's names in the forms that hubs hold it in.

forms.py MODEL.safetensors DIR HEADS KVHEADS
    writes DIR/<form>/ for each form and prints their names, in the first line those that keep every number. Packing is
    written here from the formats' documents, or done by the packages that write them; numbers are rounded to the
    nearest code.
forms.py family DIR SEED
    writes models whose rows fill the largest blocks: base -> a -> a1, base -> b, and stranger -> s1.
"""

import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zipfile

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file, save_file

import gguf_files

F32 = np.float32
WIDTH, INNER, TOKENS = 256, 512, 512


def family(place, seed):
    rng = np.random.default_rng(seed)
    shapes = {"model.embed_tokens": (TOKENS, WIDTH), "model.norm": (WIDTH,), "lm_head": (TOKENS, WIDTH)}
    for layer in ("model.layers.0.", "model.layers.1."):
        shapes |= {f"{layer}self_attn.{x}_proj": (WIDTH if x in "qo" else WIDTH // 2, WIDTH) for x in "qkvo"}
        shapes |= {f"{layer}mlp.{x}_proj": (INNER, WIDTH) for x in ("gate", "up")}
        shapes |= {f"{layer}mlp.down_proj": (WIDTH, INNER), f"{layer}input_layernorm": (WIDTH,)}
        shapes[f"{layer}post_attention_layernorm"] = (WIDTH,)

    def fresh():
        """Noise and some strong directions, as training from scratch leaves them."""
        out = {}
        for name, shape in shapes.items():
            out[name] = 1 + 0.02 * rng.standard_normal(shape)
            if len(shape) == 2:
                strong = rng.standard_normal((shape[0], 64)) * np.linspace(2, 0.2, 64)
                noise = rng.standard_normal(shape) + strong @ rng.standard_normal((64, shape[1])) / np.sqrt(shape[0])
                out[name] = noise / np.sqrt(shape[1])
        return out

    def trained(parent, size):
        out = {}
        for name, w in parent.items():
            update = rng.standard_normal(w.shape)
            if w.ndim == 2:
                update += 2 * rng.standard_normal((len(w), 4)) @ rng.standard_normal((4, w.shape[1]))
            if name == "model.embed_tokens":
                update *= rng.random((len(w), 1)) < 0.7
            out[name] = w + update * (size if w.ndim == 2 else 0.1 * size) * np.linalg.norm(w) / np.linalg.norm(update)
        return out

    base, stranger = fresh(), fresh()
    a = trained(base, 0.1)
    models = {"base": base, "a": a, "a1": trained(a, 0.06), "b": trained(base, 0.07)}
    models |= {"stranger": stranger, "s1": trained(stranger, 0.08)}
    for name, model in models.items():
        (place / name).mkdir(parents=True)
        tensors = {f"{key}.weight": w.astype(np.float16) for key, w in model.items()}
        save_file(tensors, place / name / "model.safetensors")
    sys.exit()


if sys.argv[1] == "family":
    family(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
source, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
heads, kv_heads = int(sys.argv[3]), int(sys.argv[4])
weights = load_file(source)
config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_attention_heads": heads}
config |= {"num_key_value_heads": kv_heads, "torch_dtype": "float16"}


def folder(form, method=None):
    place = target / form
    place.mkdir(parents=True, exist_ok=True)
    more = {"quantization_config": method} if method else {}
    (place / "config.json").write_text(json.dumps(config | more))
    return place


def is_map(name):
    """The linear maps of the layers: what quantizers pack."""
    return name.endswith("_proj.weight")


# --- safetensors


def whole(form, tensors, method=None):
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder(form, method) / "model.safetensors")


def sharded():
    place, names = folder("sharded"), sorted(weights)
    parts = {f"model-0000{k + 1}-of-00003.safetensors": names[k::3] for k in range(3)}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, place / file)
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    (place / "model.safetensors.index.json").write_text(json.dumps(index))


def fused():
    out = {}
    for name, w in weights.items():
        if name.endswith("q_proj.weight"):
            parts = [weights[name.replace("q_proj", f"{x}_proj")] for x in "qkv"]
            out[name.replace("q_proj", "qkv_proj")] = np.concatenate(parts)
        elif name.endswith("gate_proj.weight"):
            out[name.replace("gate_proj", "gate_up_proj")] = np.concatenate([w, weights[name.replace("gate", "up")]])
        elif not name.endswith(("k_proj.weight", "v_proj.weight", "up_proj.weight")):
            out[name] = w
    whole("fused", out)


# --- PyTorch: what torch.save writes, with the names that its pickles ask for

torch = types.ModuleType("torch")
utils = types.ModuleType("torch._utils")
for storage in ("HalfStorage", "FloatStorage"):
    setattr(torch, storage, type(storage, (), {"__module__": "torch"}))


def _rebuild_tensor_v2(*parts):
    return parts


_rebuild_tensor_v2.__module__ = "torch._utils"
utils._rebuild_tensor_v2 = _rebuild_tensor_v2
sys.modules |= {"torch": torch, "torch._utils": utils}


class Storage:
    def __init__(self, key, values):
        self.key, self.values = key, values


class Tensor:
    def __init__(self, key, values):
        self.storage, self.shape = Storage(key, values), values.shape

    def __reduce__(self):
        steps = tuple(int(np.prod(self.shape[k + 1 :])) for k in range(len(self.shape)))
        return utils._rebuild_tensor_v2, (self.storage, 0, self.shape, steps, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    is_legacy = False

    def persistent_id(self, thing):
        if not isinstance(thing, Storage):
            return None
        kind = torch.HalfStorage if thing.values.dtype == np.float16 else torch.FloatStorage
        return ("storage", kind, thing.key, "cpu", thing.values.size) + ((None,) if self.is_legacy else ())


def pickled(thing, *, legacy=False):
    out = io.BytesIO()
    pickler = Pickler(out, protocol=2)
    pickler.is_legacy = legacy
    pickler.dump(thing)
    return out.getvalue()


def state(tensors):
    return collections.OrderedDict((name, Tensor(str(k), tensors[name])) for k, name in enumerate(tensors))


def zipped(path, tensors):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickled(state(tensors)))
        file.writestr("archive/byteorder", "little")
        for key, values in enumerate(tensors.values()):
            file.writestr(f"archive/data/{key}", np.ascontiguousarray(values).tobytes())
        file.writestr("archive/version", "3\n")


def legacy(path, tensors):
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with open(path, "wb") as file:
        for thing in (0x1950A86A20F9469CFC6C, 1001, sizes):
            pickle.dump(thing, file, protocol=2)
        file.write(pickled(state(tensors), legacy=True))
        pickle.dump([str(k) for k in range(len(tensors))], file, protocol=2)
        for values in tensors.values():
            file.write(struct.pack("<q", values.size) + np.ascontiguousarray(values).tobytes())


def meta():
    names = {
        "model.embed_tokens": "tok_embeddings", "model.norm": "norm", "lm_head": "output",
        "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk", "self_attn.v_proj": "attention.wv",
        "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1", "mlp.down_proj": "feed_forward.w2",
        "mlp.up_proj": "feed_forward.w3", "input_layernorm": "attention_norm", "post_attention_layernorm": "ffn_norm",
    }  # fmt: skip
    out = {}
    for name, w in weights.items():
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            w = gguf_files.pairs(w, heads if "q_proj" in name else kv_heads)
        for old, new in names.items():
            name = name.replace(old, new)
        out[name.removeprefix("model.")] = w
    place = folder("meta")
    (place / "config.json").unlink()
    (place / "params.json").write_text(json.dumps({"n_heads": heads, "n_kv_heads": kv_heads}))
    zipped(place / "consolidated.00.pth", out)


# --- four and eight bits


def nearest(groups, bits):
    """Symmetric codes of groups along the last axis, and their scales."""
    top = (1 << (bits - 1)) - 1
    scales = (np.abs(groups).max(-1, keepdims=True) / top).astype(np.float16)
    codes = np.round(groups / np.maximum(scales.astype(F32), 1e-12))
    return np.clip(codes, -top - 1, top).astype(np.int64), scales[..., 0]


def words(codes, order=range(8)):
    """Eight codes along the last axis in a 32-bit word."""
    shifts = np.array([4 * list(order).index(k) for k in range(8)], np.uint64)
    packed = (codes.reshape(*codes.shape[:-1], -1, 8).astype(np.uint64) << shifts).sum(-1)
    return packed.astype(np.uint32).view(np.int32)


def four_bits(form, group=64):
    """GPTQ (words along the inputs) and AWQ (along the outputs, in an order of its own)."""
    out = {}
    for name, w in weights.items():
        if not is_map(name):
            out[name] = w
            continue
        codes, scales = nearest(w.astype(F32).reshape(len(w), -1, group), 4)
        codes, module = codes.reshape(w.shape) + 8, name.removesuffix(".weight")
        zeros = np.full((scales.shape[1], len(w)), 8 if form == "awq" else 7)
        if form == "awq":
            order = [0, 2, 4, 6, 1, 3, 5, 7]
            out |= {f"{module}.qweight": words(codes.T, order), f"{module}.qzeros": words(zeros, order)}
        else:
            out |= {f"{module}.qweight": words(codes).T, f"{module}.qzeros": words(zeros)}
            out[f"{module}.g_idx"] = (np.arange(w.shape[1]) // group).astype(np.int32)
        out[f"{module}.scales"] = scales.T
    whole(form, out, {"quant_method": form, "bits": 4, "group_size": group, "version": "gemm", "zero_point": True})


NF4 = np.array(
    [-1, -0.6961928, -0.52507305, -0.3949175, -0.28444138, -0.18477343, -0.091050036, 0,
     0.0795803, 0.1609302, 0.2461123, 0.33791524, 0.44070983, 0.562617, 0.72295684, 1], F32)  # fmt: skip


def nf4():
    out = {}
    for name, w in weights.items():
        if not is_map(name):
            out[name] = w
            continue
        blocks = w.astype(F32).reshape(-1, 64)
        absmax = np.abs(blocks).max(1)
        codes = np.abs((blocks / absmax[:, None])[..., None] - NF4).argmin(-1).reshape(-1, 2).astype(np.uint8)
        kept = {"quant_type": "nf4", "blocksize": 64, "dtype": "float16", "shape": list(w.shape)}
        text = np.frombuffer(json.dumps(kept).encode(), np.uint8)
        out |= {name: (codes[:, 0] << 4 | codes[:, 1])[:, None], f"{name}.absmax": absmax, f"{name}.quant_map": NF4}
        out[f"{name}.quant_state.bitsandbytes__nf4"] = text
    whole("nf4", out, {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"})


def fp8_block():
    out = {}
    for name, w in weights.items():
        if not is_map(name):
            out[name] = w
            continue
        down, across = (-(-n // 128) for n in w.shape)
        padded = np.zeros((down * 128, across * 128), F32)
        padded[: w.shape[0], : w.shape[1]] = w
        blocks = padded.reshape(down, 128, across, 128)
        scales = (np.abs(blocks).max((1, 3)) / 448).astype(F32)
        codes = (blocks / scales[:, None, :, None]).reshape(padded.shape)[: w.shape[0], : w.shape[1]]
        out |= {name: codes.astype(ml_dtypes.float8_e4m3fn), f"{name}_scale_inv": scales}
    whole("fp8", out, {"quant_method": "fp8", "weight_block_size": [128, 128]})


sharded()
fused()
zipped(folder("bin") / "pytorch_model.bin", weights)
legacy(folder("legacy") / "pytorch_model.bin", weights)
meta()
gguf_files.model(str(source), str(folder("gguf-f16") / "model-f16.gguf"), "F16", heads, kv_heads)
print("sharded fused bin legacy meta gguf-f16")

whole("bf16", {name: w.astype(ml_dtypes.bfloat16) for name, w in weights.items()})
for kind in ("Q8_0", "Q4_0", "Q4_K", "MXFP4"):
    form = f"gguf-{kind.lower()}"
    gguf_files.model(str(source), str(folder(form) / f"model-{kind}.gguf"), kind, heads, kv_heads)
four_bits("gptq")
four_bits("awq")
nf4()
fp8_block()
print("bf16 gguf-q8_0 gguf-q4_0 gguf-q4_k gguf-mxfp4 gptq awq nf4 fp8")
