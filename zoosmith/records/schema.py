"""What is recorded of a build and of a measurement: `results/<recipe>/<artifact>/*.json`.

`build.json` says how the artifact was made; `<host>.json` what was measured on a host. Cards and registry
are pure functions of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from zoosmith.recipes.schema import InsidePath, Model, Sha256
from zoosmith.records.answers import Answers
from zoosmith.records.host import Host


class File(Model):
    """One file of an artifact: path with '/', size in bytes, SHA-256."""

    path: InsidePath
    size: int
    sha256: Sha256


class Bounded(Model):
    """A value with its 95 % interval; n is the number of examples, or of process starts a side, behind it."""

    value: float
    low: float
    high: float
    n: int


class Difference(Model):
    """Artifact minus reference with its paired 95 % interval; p is McNemar's exact test, for accuracy."""

    value: float
    low: float
    high: float
    p: float | None = None


class Base(Model):
    """A pretrained model at the root of an artifact: where it was pinned to."""

    name: str
    repo: str | None = None
    revision: str | None = None
    tree_digest: str


class BuildRecord(Model):
    """How an artifact was made. `files` are its own; `needs` names trees that it cannot be opened without."""

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
    labels: tuple[str, ...]
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


class Quality(Model):
    """Scores of one eval. `confusion` has a row for each true class; `answers` pair it with other artifacts.

    rows: how many of the split's rows, from the front, the recipe measures (all if null); quick measures some of them.
    """

    kind: str
    data: str
    split: str
    rows: int | None = None
    examples_total: int
    metrics: dict[str, Bounded]
    per_class: dict[str, dict[str, float]] = {}
    confusion: tuple[tuple[int, ...], ...] = ()
    labels: tuple[str, ...] = ()
    answers: Answers | None = None

    @property
    def n(self) -> int:
        """Examples behind the figures."""
        return next(iter(self.metrics.values())).n


class VsReference(Model):
    """Paired comparison over all evals' examples; deltas by `EVAL.METRIC`."""

    agreement: float
    max_abs_logit_diff: float
    lost: int
    won: int
    delta: dict[str, Difference]


class Latency(Model):
    """Milliseconds of one `predict` call at batch 1, tokenizer included; n calls."""

    p50: float
    p95: float
    p99: float
    n: int


class Memory(Model):
    """Resident MiB of a process that has opened the artifact, its peak, and the growth while it answered."""

    load: int
    peak: int
    growth: int


class AtLength(Model):
    """Latency in milliseconds of the model alone, at batch 1 with an input of exactly `tokens` tokens; n calls."""

    tokens: int
    p50: float
    p95: float
    n: int


class AtBatch(Model):
    """Examples answered a second with `batch` examples a call, tokenizer included; n calls."""

    batch: int
    per_second: float
    n: int


class AtCallers(Model):
    """Closed loop: `callers` threads ask without pause, batch 1, on all processors of the host.

    Requests a second, p95 in milliseconds; n calls.
    """

    callers: int
    per_second: float
    p95: float
    n: int


class ColdStart(Model):
    """Milliseconds of a fresh process, medians of n starts: importing, opening the artifact, its first answer.

    `imports` counts from the start of the process. Files are in the page cache.
    """

    imports: float
    load: float
    first: float
    n: int


class Weights(Model):
    """What is stored and computed; scales and zero points are no parameters.

    `nonzero` counts what is stored: a weight that INT8 rounds to its zero point is zero. Multiply-adds are those of
    matrix products and convolutions for one input of `tokens` tokens; None where unknown.
    """

    parameters: int
    nonzero: int
    multiply_adds: int | None = None
    tokens: int | None = None


class Profile(Model):
    """What people deploy by: suite `full` alone measures it. `weights` is None where the runtime cannot count them."""

    by_length: tuple[AtLength, ...] = ()
    by_batch: tuple[AtBatch, ...] = ()
    by_callers: tuple[AtCallers, ...] = ()
    cold_start_ms: ColdStart
    weights: Weights | None = None


class Steadiness(Model):
    """Whether the host let a speed be told: the ratio of the artifact to itself, measured like the speed is.

    `steady` is False where that ratio's interval leaves 0.97 to 1.03, or others were busy, after `attempts` tries.
    `busy` is the share of the measuring processors' time that others took meanwhile; n of `aa` counts process starts.
    """

    aa: Bounded
    attempts: int
    steady: bool
    busy: float


class Measurement(Model):
    """One suite on one host for one tree, compared with the reference's tree.

    `device` is where both answered: "cpu", or a GPU such as "cuda", whose memory is then in `vram_mb`. `warnings`
    are what the reader must know before the figures, such as saturating INT8 on this processor.
    """

    schema_: int = Field(default=1, alias="schema")
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
    vs_reference: VsReference | None = None
    latency_ms: Latency
    reference_latency_ms: Latency | None = None
    speedup: Bounded | None = None
    steadiness: Steadiness | None = None
    memory_mb: Memory
    vram_mb: Memory | None = None
    profile: Profile | None = None
    warnings: tuple[str, ...] = ()
    size_own: int
    size_total: int
    reference_size_total: int

    def metric(self, name: str) -> Bounded | None:
        """The metric called `EVAL.METRIC`, or None."""
        eval_, _, metric = name.partition(".")
        quality = self.quality.get(eval_)
        return quality.metrics.get(metric) if quality else None


def headline(metrics: Iterable[str]) -> str:
    """The `EVAL.METRIC` shown first: macro-F1 of the first eval where it has one, else its first metric."""
    names = list(metrics)
    eval_ = names[0].partition(".")[0]
    return f"{eval_}.macro_f1" if f"{eval_}.macro_f1" in names else names[0]
