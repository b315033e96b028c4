"""What one suite measured on one host, in the short form that a row of the registry holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from zoosmith.recipes.schema import Model
from zoosmith.records.scores import Bounded, Difference, Metric, Versus, undiverged


class Percentiles(Model):
    """Milliseconds at batch 1, end to end."""

    p50: float
    p95: float
    p99: float


class Rates(Model):
    """Tokens a second: of the prompt read, and generated."""

    prompt_per_s: float
    per_s: float


class Resident(Model):
    """MiB resident after load and at the peak."""

    load: int
    peak: int


class Result(Model):
    """What one suite measured on one host. `quality` maps EVAL.METRIC to a value with its interval.

    `versus` compares with the reference, by eval; None for the reference itself. `reference_tree` is
    the digest of what it was compared with, None in old rows. `steady` is False where the host could
    not tell a speed for sure. `suite_version` is None in old rows. `latency_of` is "token" where the milliseconds are
    of a generated token and not of a call. `slices` maps EVAL.METRIC[COLUMN=VALUE] to the one metric that slices are
    ranked by; `baselines` has by eval the metric of each baseline that decides whether it is beaten. `first` is the
    eval that is shown first, None where that is the first by name.
    """

    host: str
    suite: str
    suite_version: int | None = None
    threads: int
    device: str = "cpu"
    steady: bool = True
    quality: dict[str, Metric]
    first: str | None = Field(default=None, exclude_if=lambda value: value is None)
    slices: dict[str, Metric] = Field(default={}, exclude_if=lambda value: not value)
    baselines: dict[str, dict[str, Metric]] = Field(default={}, exclude_if=lambda value: not value)
    versus: dict[str, Versus] | None = None
    reference_tree: str | None = Field(default=None, exclude_if=lambda value: value is None)
    latency_ms: Percentiles
    latency_of: Literal["call", "token"] = Field(default="call", exclude_if=lambda value: value == "call")
    generation: Rates | None = Field(default=None, exclude_if=lambda value: value is None)
    speedup: Bounded | None = None
    memory_mb: Resident

    def metrics(self) -> Iterator[tuple[str, Metric]]:
        """Every metric by `EVAL.METRIC`, those of the first eval first."""
        yield from sorted(self.quality.items(), key=lambda told: told[0].partition(".")[0] != self.first)

    def metric(self, name: str) -> Metric | None:
        """The metric or divergence called `EVAL.METRIC`, or None. The reference does not diverge from itself."""
        id, _, metric = name.partition(".")
        if name in self.slices:
            return self.slices[name]
        own = [told for other, told in self.quality.items() if other.startswith(f"{id}.")]
        if not own or name in self.quality:
            return self.quality.get(name)
        if self.versus is not None:
            return self.versus[id].divergence.get(metric) if id in self.versus else None
        return undiverged(metric, own)

    def change(self, name: str) -> Difference | None:
        """Artifact minus reference of `EVAL.METRIC`; a divergence is itself the change. None for the reference."""
        id, _, metric = name.partition(".")
        return self.versus[id].change(metric) if self.versus and id in self.versus else None
