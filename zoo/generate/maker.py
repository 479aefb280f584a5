"""Makes the models of one zoo in order and writes them with their family tree."""

import dataclasses
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

import changes
from networks import Shape, build
from plan import Plan
from training import attach, merged, train

TYPE_NAMES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}


def seed_of(*parts) -> int:
    text = "/".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:4], "little")


class Maker:
    def __init__(self, folder: Path, name: str, seed: int, shape: Shape, data, start: Path | None = None):
        """`start`: the safetensors file from which roots made by way of 'pretrained' are read."""
        self.folder, self.name, self.seed, self.data, self.start = folder, name, seed, data, start
        self.shape = shape
        self.shapes: dict[str, Shape] = {}
        self.states: dict[str, dict] = {}  # as stored, widened to f32, under the names of the network
        self.paths: dict[str, str] = {}
        self.entries: list[dict] = []
        self.names = np.random.default_rng(seed_of(name, seed, "names"))

    def make(self, plan: Plan):
        started = time.time()
        seed = seed_of(self.name, self.seed, plan.key)
        torch.manual_seed(seed)
        self.shapes[plan.key] = self.shapes[plan.parents[0]] if plan.parents else self.shape
        losses = (None, None)
        if plan.relation == "merge":
            state = self._merge(plan)
        elif plan.relation in ("quantized", "duplicate"):
            state = self._round(plan)
        else:
            state, losses = self._train(plan, seed)
        if state is not None:
            self._write_model(plan, state)
        self._record(plan, losses)
        print(
            f"{plan.key:8} {self.paths[plan.key]} {plan.relation:9} {plan.change or plan.way or '':10} "
            f"loss {losses[0]} -> {losses[1]}  {time.time() - started:.1f}s",
            flush=True,
        )

    # ------------------------------------------------------------ kinds of making

    def _merge(self, plan: Plan) -> dict:
        parents = [self.states[p] for p in plan.parents]
        weights = list(plan.weights)
        if plan.way == "slerp":
            return changes.spherical(parents, weights)
        if plan.way == "arithmetic":
            return changes.arithmetic(parents, weights, self.states[plan.detail])
        return changes.average(parents, weights)

    def _round(self, plan: Plan) -> dict:
        state = self.states[plan.parents[0]]
        if plan.way in ("int8", "int4"):
            return changes.integers(state, int(plan.way[3:]), plan.detail or 0)
        return changes.eighth(state) if plan.way == "fp8" else state

    def _train(self, plan: Plan, seed: int):
        state = self._changed(plan, seed)
        shape = self.shapes[plan.key]
        network = build(shape)
        if state is not None:
            missing, strange = network.load_state_dict(state, strict=False)
            replaced = ("lm_head.", "classifier.", "cls.", "pooler.")
            lost = [n for n in missing if not (plan.change == "head" and n.startswith(replaced))]
            if lost or strange:
                raise ValueError(f"{plan.key}: lacks {lost}, does not know {strange}")
        if not plan.steps:
            return {n: t.detach() for n, t in network.state_dict().items()}, (None, None)
        before = self._measure(network, plan)
        adapters = attach(network, plan.targets, plan.rank, plan.alpha) if plan.rank else {}
        rounded = changes.ELEMENT_TYPES[plan.dtype] if plan.rounded_steps else None
        train(network, self.data, plan, seed, rounded)
        losses = (before, self._measure(network, plan))
        if plan.relation == "adapter":
            self._write_adapter(plan, adapters)
            return None, losses
        return merged(network, adapters), losses

    def _changed(self, plan: Plan, seed: int) -> dict | None:
        """The weights to start from; sets the model's shape."""
        if not plan.parents:
            if plan.change == "narrowed":
                self.shapes[plan.key] = self.shape.without(plan.detail)
            if plan.way != "pretrained":
                return None
            known = build(self.shape).state_dict()
            return {n: t.float() for n, t in load_file(self.start).items() if n in known}
        state, shape = self.states[plan.parents[0]], self.shapes[plan.parents[0]]
        if plan.change == "vocabulary":
            state = changes.vocabulary_extended(state, plan.detail, seed)
            shape = dataclasses.replace(shape, vocabulary=shape.vocabulary + plan.detail)
        elif plan.change in ("pruned", "upscaled"):
            state = changes.layers_chosen(state, list(plan.detail))
            shape = dataclasses.replace(shape, layers=len(plan.detail))
        elif plan.change == "narrowed":
            shape = shape.without(plan.detail)
            state = changes.narrowed(state, self.shapes[plan.parents[0]], shape, plan.way, seed)
        elif plan.change == "head":
            shape = dataclasses.replace(shape, classes=plan.detail or shape.classes)
            state = {n: t for n, t in state.items() if not n.startswith(("lm_head.", "classifier.", "cls.", "pooler."))}
            if shape.extra.get("pooler"):
                shape = dataclasses.replace(shape, extra={**shape.extra, "pooler": False})
        self.shapes[plan.key] = shape
        return state

    def _measure(self, network, plan: Plan) -> float:
        rng = np.random.default_rng(0)
        torch_state = torch.get_rng_state()
        torch.manual_seed(0)
        with torch.no_grad():
            loss = network.loss(*self.data.batch(plan, rng, 96, held_out=True)).item()
        torch.set_rng_state(torch_state)
        return round(loss, 4)

    # ------------------------------------------------------------ files

    def _new_folder(self, key: str) -> Path:
        path = None
        while path is None or path in self.paths.values():
            path = f"m-{self.names.integers(0x1000, 0x10000):04x}"
        self.paths[key] = path
        folder = self.folder / path
        folder.mkdir(parents=True)
        return folder

    def _write_model(self, plan: Plan, state: dict):
        dtype = changes.ELEMENT_TYPES[plan.dtype]
        stored = {n: t.to(dtype).contiguous().clone() for n, t in state.items()}
        self.states[plan.key] = {n: t.float() for n, t in stored.items()}
        if plan.change == "renamed":
            stored = changes.renamed(stored, *plan.detail)
        folder = self._new_folder(plan.key)
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
        config = build(self.shapes[plan.key]).config(TYPE_NAMES[plan.dtype])
        (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")

    def _write_adapter(self, plan: Plan, adapters: dict):
        """PEFT's layout, without the name of the base model."""
        folder = self._new_folder(plan.key)
        dtype = changes.ELEMENT_TYPES[plan.dtype]
        tensors = {}
        for name, a in adapters.items():
            for part in ("lora_A", "lora_B"):
                tensors[f"base_model.model.{name}.{part}.weight"] = getattr(a, part).detach().to(dtype)
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        (folder / "adapter_config.json").write_text(
            json.dumps(
                {
                    "peft_type": "LORA",
                    "task_type": "CAUSAL_LM",
                    "base_model_name_or_path": None,
                    "r": plan.rank,
                    "lora_alpha": plan.alpha * plan.rank,
                    "lora_dropout": 0.0,
                    "bias": "none",
                    "fan_in_fan_out": False,
                    "inference_mode": True,
                    "target_modules": list(plan.targets),
                },
                indent=2,
            )
            + "\n"
        )

    def _record(self, plan: Plan, losses: tuple):
        merge = plan.relation == "merge"
        path = self.paths[plan.key]
        self.entries.append(
            {
                "id": path,
                "path": path,
                "tree": plan.key[0],
                "parent": self.paths[plan.parents[0]] if plan.parents and not merge else None,
                "parents": [self.paths[p] for p in plan.parents],
                "relation": plan.relation,
                "way": plan.way,
                "change": plan.change,
                "weights": list(plan.weights) or None,
                "rank": plan.rank,
                "lora_targets": list(plan.targets) if plan.rank else None,
                "domain": "+".join(plan.domains) or None,
                "task": plan.task,
                "steps": plan.steps,
                "lr": plan.lr,
                "weight_decay": plan.weight_decay,
                "optimizer": plan.optimiser,
                "schedule": plan.schedule,
                "dtype": plan.dtype,
                "rounded_steps": plan.rounded_steps,
                "loss_start": losses[0],
                "loss_end": losses[1],
                "created": len(self.entries) + 1,
            }
        )

    def finish(self, record: dict):
        truth = {
            "zoo": self.name,
            "seed": self.seed,
            "shape": self.shape.record(),
            "sources": record,
            "models": sorted(self.entries, key=lambda e: e["id"]),
        }
        (self.folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
