"""The family trees of neural networks, recovered from their weights.

    import modeltree

    run = modeltree.recover(["models/"], out="run")
    run.tree()           # networkx.DiGraph, from parent to child
    run.edges()          # pandas.DataFrame: an edge per row
    run.distances()      # pandas.DataFrame: every pair
    run.why("some-model")

Everything is read from the run directory or asked of the program: there is no second implementation here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._programs import Failure, call, program

if TYPE_CHECKING:
    import networkx
    import pandas

__all__ = ["Failure", "Run", "compare", "program", "recover"]

StrPath = str | os.PathLike[str]


class Run:
    """A run directory of a finished recovery."""

    def __init__(self, path: StrPath) -> None:
        self.path = Path(path)
        if not (self.path / "tree.json").is_file():
            raise FileNotFoundError(f"'{path}' has no tree.json: it is not the directory of a finished run")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _document(self) -> dict[str, Any]:
        return json.loads((self.path / "tree.json").read_text(encoding="utf-8"))

    @property
    def notes(self) -> list[str]:
        """What was left out or is worth knowing."""
        graph = self._document()["graph"]
        return [graph[f"note_{k}"] for k in range(1, len(graph) + 1) if f"note_{k}" in graph]

    def tree(self, *, extra: bool = False) -> networkx.DiGraph[str]:
        """The trees: nodes are ids of models, edges lead from parent to child.

        With `extra` also what is no part of a tree: further parents of merges, and components that models share. The
        result is then a MultiDiGraph where two models are joined by more than one link.
        """
        import networkx

        document = self._document()
        if not extra:
            document["links"] = [link for link in document["links"] if not link.get("extra")]
            document["multigraph"] = False
        return networkx.node_link_graph(document, edges="links")

    def edges(self) -> pandas.DataFrame:
        """An edge per row: parent, child, distance, support, direction_support, relation, family, grade, ..."""
        import pandas

        links = [link for link in self._document()["links"] if not link.get("extra")]
        family = {node["id"]: node["family"] for node in self._document()["nodes"]}
        first = ["parent", "child", "relation", "distance", "support", "direction_support", "grade", "family"]
        rows = [
            {"parent": link["source"], "child": link["target"], "family": family[link["target"]]}
            | {key: value for key, value in link.items() if key not in ("source", "target")}
            for link in links
        ]
        frame = pandas.DataFrame(rows)
        return frame.reindex(columns=first + [name for name in frame.columns if name not in first])

    def distances(self, metric: str | None = None) -> pandas.DataFrame:
        """Distances of all pairs, NaN where two models share nothing or were not compared; rows and columns are ids.

        `metric` is one that results.h5 has: that of the run by default, and always "l2".
        """
        import h5py
        import pandas

        metric = metric or self._document()["graph"]["distance"]
        with h5py.File(self.path / "results.h5") as file:
            ids = [name.decode() for name in file["models"]]
            if "sections" not in file.attrs:
                return pandas.DataFrame(file[f"distance/{metric}"][:], index=ids, columns=ids)
            frame = pandas.DataFrame(float("nan"), index=ids, columns=ids)
            for section in file["sections"].values():
                places = section["models"][:]
                frame.iloc[places, places] = section[f"distance/{metric}"][:]
            return frame

    def why(self, model: str, *, instead: str | None = None) -> dict[str, Any]:
        """Why a model has its parent, and what speaks against another one: `modeltree why --json`."""
        more = ["--instead", instead] if instead is not None else []
        return json.loads(call("why", str(self.path), model, "--json", *more))

    def path_between(self, one: str, other: str) -> dict[str, Any]:
        """How two models are related: `modeltree path --json`."""
        return json.loads(call("path", str(self.path), one, other, "--json"))

    def query(self, model: StrPath) -> dict[str, Any]:
        """Where a new model belongs: `modeltree query --json`."""
        return json.loads(call("query", str(self.path), os.fspath(model), "--json"))


def recover(
    paths: StrPath | Iterable[StrPath], *, out: StrPath, workers: int | None = None, **options: str | int | float | bool
) -> Run:
    """Recovers the trees of a collection: `modeltree recover`.

    Options are those of the command, with underscores: `distance="lora"`, `hints="auto"`, `hashes=True`.
    """
    models = [os.fspath(paths)] if isinstance(paths, str | os.PathLike) else [os.fspath(path) for path in paths]
    words = ["recover", "--out", os.fspath(out)]
    if workers is not None:
        words += ["--workers", str(workers)]
    for name, value in options.items():
        name = "--" + name.replace("_", "-")
        if value is True:
            words.append(name)
        elif value is not False:
            words.append(f"{name}={value}")
    call(*words, "--", *models)
    return Run(out)


def compare(one: StrPath, other: StrPath) -> dict[str, Any]:
    """How two models are related: `modeltree compare --format json`."""
    return json.loads(call("compare", os.fspath(one), os.fspath(other), "--format", "json"))
