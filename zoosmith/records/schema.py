"""What is recorded of a build and of a measurement: `results/<recipe>/<artifact>/*.json`.

`build.json` says how the artifact was made; `<host>.json` what was measured on a host. Cards and registry
are pure functions of these. `scores` and `timing` have the parts of a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from zoosmith.recipes.schema import InsidePath, Model, Sha256
from zoosmith.records import migration, slices
from zoosmith.records.host import Host
from zoosmith.records.membership import parsed
from zoosmith.records.scores import Bounded, Difference, Metric, Quality, Versus, undiverged
from zoosmith.records.timing import Generation, Latency, Memory, Profile, Steadiness

SHOWN_FIRST = "eval"  # the split of evals whose recipe names none


class File(Model):
    """One file of an artifact: path with '/', size in bytes, SHA-256."""

    path: InsidePath
    size: int
    sha256: Sha256


class Base(Model):
    """A pretrained model at the root of an artifact: where it was pinned to."""

    name: str
    repo: str | None = None
    revision: str | None = None
    tree_digest: str


class BuildRecord(Model):
    """How an artifact was made. `files` are its own; `needs` names trees that it cannot be opened without.

    ancestors: tree of each base and artifact that it was made from, however far up; records of before have none.
    """

    schema_: int = Field(default=1, alias="schema")
    name: str
    recipe: str
    artifact: str
    builder: str
    params: dict[str, Any]
    seed: int
    format: str
    precision: str
    task: str
    labels: tuple[str, ...] = ()
    max_length: int
    inputs: tuple[str, ...]
    target: str | None = None
    license: str
    tree_digest: str
    action_key: str
    files: tuple[File, ...]
    needs: dict[str, str] = {}
    needs_size: int = 0
    parents: dict[str, dict[str, str]]
    ancestors: dict[str, str] = Field(default={}, exclude_if=lambda value: not value)
    bases: tuple[Base, ...]
    datasets: tuple[str, ...] = ()
    data: dict[str, Any] = {}
    packages: dict[str, str]
    facts: dict[str, Any] = {}
    provenance: dict[str, Any] = {}

    @property
    def training(self) -> dict[str, Any]:
        """What the build's own training took and came to, as the training loop notes it; empty without one."""
        found: dict[str, Any] = self.provenance.get("notes", {}).get("training", {})
        return found

    @property
    def learnt_dev(self) -> bool:
        """Whether the split `dev` was learnt from."""
        told = (self.params, self.params.get("recovery") or {})
        return any(params.get("train_on_dev") for params in told)

    @property
    def chose_on_dev(self) -> bool:
        """Whether a choice was made by what `dev` told: of layers, of products left out, of one of several epochs."""
        notes = self.provenance.get("notes", {})
        searched = {"dev_loss", "dev_loss_without"} & notes.keys()
        return bool(searched) or len(self.training.get("dev_accuracy", ())) > 1

    @property
    def size_own(self) -> int:
        """Bytes of the artifact's own files."""
        return sum(file.size for file in self.files)

    @property
    def size_total(self) -> int:
        """Bytes of the artifact and of all that it needs."""
        return self.size_own + self.needs_size


class Measurement(Model):
    """One suite on one host for one tree, compared with the reference's tree.

    `device` is where both answered: "cpu", or a GPU such as "cuda", whose memory is then in `vram_mb`. `versus` is the
    comparison by eval; None for the reference itself. `latency_of` says what the milliseconds are of: a call of
    `predict`, or a generated token. `warnings` are what the reader must know before the figures, such as saturating
    INT8 on this processor. What was recorded by schema 1 is read as well.
    """

    schema_: int = Field(default=2, alias="schema")
    name: str
    suite: str
    suite_version: int
    tree_digest: str
    reference: str
    reference_digest: str
    measured: str
    host: Host
    threads: int
    device: str = "cpu"
    load_average: float
    packages: dict[str, str]
    quality: dict[str, Quality]
    versus: dict[str, Versus] | None = None
    latency_ms: Latency
    latency_of: Literal["call", "token"] = Field(default="call", exclude_if=lambda value: value == "call")
    reference_latency_ms: Latency | None = None
    speedup: Bounded | None = None
    steadiness: Steadiness | None = None
    memory_mb: Memory
    vram_mb: Memory | None = None
    profile: Profile | None = None
    generation: Generation | None = Field(default=None, exclude_if=lambda value: value is None)
    warnings: tuple[str, ...] = ()
    size_own: int
    size_total: int
    reference_size_total: int

    @model_validator(mode="before")
    @classmethod
    def _of_schema_2(cls, told: Any) -> Any:
        return migration.migrated(told) if isinstance(told, dict) and told.get("schema") == 1 else told

    @property
    def is_reference(self) -> bool:
        """Whether it was measured as the one that the others are compared with."""
        return self.versus is None

    @property
    def evals(self) -> list[str]:
        """By name, those of the split that evals have unless a recipe says otherwise first."""
        return sorted(self.quality, key=lambda name: (self.quality[name].split != SHOWN_FIRST, name))

    def metrics(self) -> Iterator[tuple[str, Metric]]:
        """Every metric by `EVAL.METRIC`, in the order of `evals`."""
        for id in self.evals:
            yield from ((f"{id}.{name}", metric) for name, metric in self.quality[id].metrics.items())

    def divergences(self) -> Iterator[tuple[str, Metric]]:
        """Every divergence from the reference by `EVAL.NAME`; none for the reference itself."""
        for id, versus in (self.versus or {}).items():
            yield from ((f"{id}.{name}", metric) for name, metric in versus.divergence.items())

    def metric(self, name: str) -> Metric | None:
        """The metric or divergence called `EVAL.METRIC`, or None. The reference does not diverge from itself."""
        id, _, metric = name.partition(".")
        quality = self.quality.get(id)
        if quality is not None and parsed(metric):
            return slices.metric(quality, metric)
        if quality is None or metric in quality.metrics:
            return quality.metrics[metric] if quality else None
        if self.versus is not None:
            return self.versus[id].divergence.get(metric) if id in self.versus else None
        return undiverged(metric, [*quality.metrics.values()])

    def change(self, name: str) -> Difference | None:
        """Artifact minus reference of `EVAL.METRIC`; a divergence is itself the change. None for the reference."""
        id, _, metric = name.partition(".")
        if not self.versus or id not in self.versus:
            return None
        if parsed(metric):
            return slices.change(self.quality[id], self.versus[id], metric)
        return self.versus[id].change(metric)

    def is_divergence(self, name: str) -> bool:
        """Whether `EVAL.METRIC` says how far the artifact is from the reference, and nothing about itself alone."""
        id, _, metric = name.partition(".")
        if parsed(metric):
            return False
        return id in self.quality and metric not in self.quality[id].metrics and self.metric(name) is not None
