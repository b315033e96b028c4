"""What is known of one artifact on one host, from a recorded measurement or from a row of a registry.

A row is shorter: it has no answers, no data names and no digest of the reference. What it lacks is None or empty
here, so that whoever compares can say what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zoosmith.contract.errors import ZooError
from zoosmith.contract.metric import identity
from zoosmith.records.registry import Row
from zoosmith.records.result import Result
from zoosmith.records.rows import steady
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Bounded, Difference, Metric, Quality, Versus
from zoosmith.records.slices import sliced


@dataclass(frozen=True)
class Figures:
    """One suite on one host for one tree. `scores` go by EVAL.METRIC; memory in MiB, sizes in bytes.

    `versus` is the comparison with the reference by eval, empty for the reference itself; `evals` holds the full scores
    where a measurement is at hand. `slices` go by EVAL.METRIC[COLUMN=VALUE], of the one metric that they are ranked by.
    """

    name: str
    task: str
    tree: str
    reference: str
    host: str
    suite: str
    threads: int
    scores: Mapping[str, Metric]
    p50_ms: float
    p95_ms: float
    memory_peak: int
    size: int
    versus: Mapping[str, Versus] = field(default_factory=dict)
    speedup: Bounded | None = None
    reference_tree: str | None = None
    version: int | None = None
    measured: str | None = None
    isa: tuple[str, ...] | None = None
    packages: Mapping[str, str] | None = None
    evals: Mapping[str, Quality] = field(default_factory=dict)
    slices: Mapping[str, Metric] = field(default_factory=dict)
    steady: bool = True
    device: str = "cpu"
    latency_of: str = "call"

    @cached_property
    def delta(self) -> dict[str, Difference]:
        """Changes against the reference by EVAL.METRIC."""
        return {f"{id}.{name}": told for id, versus in self.versus.items() for name, told in versus.delta.items()}

    @cached_property
    def divergence(self) -> dict[str, Metric]:
        """Divergences from the reference by EVAL.NAME."""
        return {f"{id}.{name}": told for id, versus in self.versus.items() for name, told in versus.divergence.items()}

    def figure(self, name: str, like: Metric | None = None) -> Metric | None:
        """The metric or divergence EVAL.NAME; the reference is not apart from itself where `like` is a divergence."""
        found = self.scores.get(name) or self.divergence.get(name)
        if found is None and like is not None and self.is_reference:
            same = identity(like.better)
            return like.model_copy(update={"value": same, "low": same, "high": same})
        return found

    @property
    def agreement(self) -> float | None:
        """Share of the examples of all evals that it answers as the reference does; None where that is not known.

        An eval without divergences, such as checks of invariance, is about each side alone.
        """
        told = [versus.divergence for versus in self.versus.values() if versus.divergence]
        known = [one for divergence in told if (one := divergence.get("agreement"))]
        if not known or len(known) < len(told):
            return None
        return sum(one.value * one.n for one in known) / sum(one.n for one in known)

    @property
    def is_reference(self) -> bool:
        """Whether it is what the others of its family are compared with."""
        return self.tree == self.reference_tree if self.reference_tree else self.name == self.reference

    @property
    def examples(self) -> int:
        """Examples behind the scores, of all evals together."""
        return sum({eval_of(metric): value.n for metric, value in self.scores.items()}.values())

    @property
    def eval_ids(self) -> list[str]:
        """The evals that it was measured on."""
        return list(dict.fromkeys(eval_of(metric) for metric in self.scores))

    @property
    def suite_text(self) -> str:
        """The suite with its version, where that is known."""
        return f"{self.suite} {self.version}" if self.version else self.suite


def eval_of(metric: str) -> str:
    """The eval of EVAL.METRIC."""
    return metric.partition(".")[0]


def told_elsewhere(divergence: str) -> bool:
    """Whether EVAL.NAME needs no line of its own: equal answers are told over all evals, and logits have no scale."""
    return divergence.partition(".")[2] in ("agreement", "max_abs_logit_diff")


def rank(suite: str, steady: bool, measured: str | None, host: str) -> tuple[bool, bool, str, str]:
    """Sorts measurements of one artifact: the greatest is the one that its card shows."""
    return suite == "full", steady, measured or "", host


def asked(name: str, known: Sequence[Figures], suite: str | None, unsteady: bool = False) -> list[Figures]:
    """Those by `suite`, if one is named; with `unsteady` only those of a host that was not steady.

    Raises ZooError where there is none, with what there is.
    """
    found = [one for one in known if suite in (None, one.suite) and not (unsteady and one.steady)]
    if not found:
        there = sorted({f"suite {one.suite}{'' if one.steady else ' on a host that was not steady'}" for one in known})
        wanted = f"suite {suite}" if suite else "any suite"
        raise ZooError(
            f"{name}: not measured by {wanted}{' on a host that was not steady' if unsteady else ''}; "
            f"there is {', '.join(there) or 'nothing'}"
        )
    return found


def is_reference_of(reference: Figures, artifact: Figures) -> bool:
    """Whether `artifact` was compared with `reference` when it was measured."""
    if artifact.reference_tree:
        return artifact.reference_tree == reference.tree != artifact.tree
    return artifact.reference == reference.name != artifact.name


def of_measurement(measured: Measurement, task: str, name: str | None = None) -> Figures:
    """The figures of a recorded measurement; `task` is the kind that its build record names."""
    return Figures(
        name=name or measured.name,
        task=task,
        tree=measured.tree_digest,
        reference=measured.reference,
        host=measured.host.id,
        suite=measured.suite,
        threads=measured.threads,
        scores=dict(measured.metrics()),
        p50_ms=measured.latency_ms.p50,
        p95_ms=measured.latency_ms.p95,
        memory_peak=measured.memory_mb.peak,
        size=measured.size_total,
        versus=measured.versus or {},
        speedup=measured.speedup,
        reference_tree=measured.reference_digest,
        version=measured.suite_version,
        measured=measured.measured,
        isa=measured.host.isa,
        packages=measured.packages,
        evals=measured.quality,
        slices=sliced(measured.quality),
        steady=steady(measured),
        device=measured.device,
        latency_of=measured.latency_of,
    )


def of_result(name: str, row: Row, result: Result) -> Figures:
    """The figures of a registry's row on one host. Only the reference's own tree is compared with nothing."""
    versus = result.versus
    return Figures(
        name=name,
        task=row.task,
        tree=row.tree_digest,
        reference=row.reference,
        host=result.host,
        suite=result.suite,
        threads=result.threads,
        scores=result.quality,
        slices=result.slices,
        p50_ms=result.latency_ms.p50,
        p95_ms=result.latency_ms.p95,
        memory_peak=result.memory_mb.peak,
        size=row.size_total,
        versus=versus or {},
        speedup=result.speedup,
        reference_tree=row.tree_digest if versus is None else result.reference_tree,
        version=result.suite_version,
        steady=result.steady,
        device=result.device,
        latency_of=result.latency_of,
    )
