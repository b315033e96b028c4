"""What is recorded of quality: metrics that know themselves, and comparisons with the reference, eval by eval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from zoosmith.contract.metric import DIVERGENCES, Better, MetricInfo, identity, margin_of
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.records.answers import STATES, Answers, Floats, unpack
from zoosmith.records.baselines import Baseline
from zoosmith.records.membership import Membership

DIGITS = 6
SHARE = MetricInfo()


def rounded(value: float, unit: str = "share") -> float:
    """Six decimals of a share; of anything else six significant digits, since a divergence may be far below 1e-6."""
    return round(value, DIGITS) if unit == "share" else float(f"{value:.{DIGITS}g}")


class Bounded(Model):
    """A value with its 95 % interval; n is the number of process starts a side behind it."""

    value: float
    low: float
    high: float
    n: int


class Metric(Model):
    """A value with its 95 % interval, where it has one; `n` counts `n_unit`.

    `unit`, `better`, `n_unit` and `margin` are those of `zoosmith.contract.metric.MetricInfo`. What has the value that
    nearly all have is not written.
    """

    value: float
    low: float | None = Field(default=None, exclude_if=lambda value: value is None)
    high: float | None = Field(default=None, exclude_if=lambda value: value is None)
    n: int
    n_unit: str = Field(default="examples", exclude_if=lambda value: value == "examples")
    unit: str = Field(default="share", exclude_if=lambda value: value == "share")
    better: Better = Field(default="higher", exclude_if=lambda value: value == "higher")
    margin: float | None = Field(default=None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, estimate: Any, info: MetricInfo = SHARE) -> Metric:
        """A metric of an estimate that has value, n and perhaps low and high."""
        found = {name: rounded(getattr(estimate, name), info.unit) for name in ("value", "low", "high")}
        return cls(n=estimate.n, n_unit=info.n_unit, unit=info.unit, better=info.better, margin=info.margin, **found)

    @property
    def sign(self) -> int:
        """1 where more is better, else -1: what turns a change into a gain."""
        return 1 if self.better == "higher" else -1

    @property
    def matters(self) -> float | None:
        """The change for the worse that a verdict is about, in `unit`; None where nobody said."""
        return margin_of(self.unit, self.margin)

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval; where there is none, the value itself twice."""
        return (self.value if self.low is None else self.low), (self.value if self.high is None else self.high)


def undiverged(name: str, metrics: Sequence[Metric]) -> Metric | None:
    """What a known divergence is of the reference, which no record holds; `metrics` are those of the eval.

    None for any other name, and for a divergence of tokens where all that is measured are shares of examples.
    """
    info = DIVERGENCES.get(name)
    if info is None or (info.n_unit == "tokens" and all(metric.unit == "share" for metric in metrics)):
        return None
    same, first = identity(info.better), metrics[0]
    return Metric(value=same, low=same, high=same, n=first.n, n_unit=first.n_unit, unit=info.unit, better=info.better)


class Difference(Model):
    """Artifact minus reference with its paired 95 % interval.

    p is that of the paired test, where there is one: McNemar's exact one for accuracy. n counts what its metric's n
    counts, where it is another number than the metric's own.
    """

    value: float
    low: float
    high: float
    p: float | None = None
    n: int | None = Field(default=None, exclude_if=lambda value: value is None)

    @classmethod
    def of(cls, estimate: Any, unit: str = "share", p: float | None = None) -> Difference:
        """The difference of an estimate that has value, low and high."""
        found = {name: rounded(getattr(estimate, name), unit) for name in ("value", "low", "high")}
        return cls(p=p if p is None else round(p, DIGITS), **found)

    @property
    def turned(self) -> Difference:
        """Reference minus artifact."""
        return Difference(value=-self.value, low=-self.high, high=-self.low, p=self.p, n=self.n)

    def gain(self, sign: int) -> Difference:
        """The difference as a gain, which is good where it is positive; `sign` is the metric's."""
        return self if sign > 0 else self.turned


class ClassDetails(Model):
    """Of answers that are one class: `confusion` has a row for each true class; `answers` pair with other artifacts.

    cut: how many examples are longer than the model reads; None where it was not counted.
    """

    kind: Literal["classes"] = "classes"
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    per_class: dict[str, dict[str, float]] = {}
    answers: Answers | None = None
    cut: int | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_unknown(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Records in which nothing was counted say nothing of it."""
        told: dict[str, Any] = write(self)
        return told if self.cut is not None else {name: value for name, value in told.items() if name != "cut"}


class DocumentDetails(Model):
    """Of documents that are scored: one float32 a document and name ("nats", "tokens", "bytes"), which pair.

    `rows` is the SHA-256 of the documents, in their order.
    """

    kind: Literal["documents"] = "documents"
    outcomes: dict[str, Floats]
    rows: Sha256

    @property
    def n(self) -> int:
        """Documents."""
        return next((floats.n for floats in self.outcomes.values()), 0)


class ChangeDetails(Model):
    """Of shares: by metric, the packed state of each of n examples (counts, does not, is not in it).

    Metrics are changes of a text that moved an answer, or what an answer to a multiple choice was: right, malformed.
    """

    kind: Literal["changes"] = "changes"
    changes: dict[str, str]
    n: int
    rows: Sha256

    @model_validator(mode="after")
    def _whole(self) -> ChangeDetails:
        self.states()
        return self

    def states(self) -> dict[str, list[int]]:
        """As `zoosmith.stats.invariance` takes them."""
        return {name: [i - 1 for i in unpack(text, self.n, STATES)] for name, text in self.changes.items()}


Details = Annotated[ClassDetails | DocumentDetails | ChangeDetails, Field(discriminator="kind")]


class Quality(Model):
    """Scores of one eval.

    rows: how many of the split's rows, from the front, the recipe measures (all if null); quick measures some of them.
    slices: by column, the value that the row of each example has there (`zoosmith.records.slices` tells scores by it).
    baselines: by name, what each answered to the same examples.
    """

    kind: str
    data: str
    split: str
    rows: int | None = None
    examples_total: int
    metrics: dict[str, Metric]
    details: Details | None = None
    slices: dict[str, Membership] = Field(default={}, exclude_if=lambda value: not value)
    baselines: dict[str, Baseline] = Field(default={}, exclude_if=lambda value: not value)

    @property
    def first(self) -> Metric:
        """The metric that the task names first."""
        return next(iter(self.metrics.values()))

    @property
    def n(self) -> int:
        """Examples behind the figures: documents, where documents are scored."""
        if isinstance(self.details, ChangeDetails):
            return self.details.n  # of which a change may leave some as they are
        return self.documents.n if self.documents else self.first.n

    @property
    def n_unit(self) -> str:
        """What `n` counts."""
        return "documents" if self.documents else self.first.n_unit

    @property
    def classes(self) -> ClassDetails | None:
        """The details of answers that are one class."""
        return self.details if isinstance(self.details, ClassDetails) else None

    @property
    def documents(self) -> DocumentDetails | None:
        """The details of documents that are scored."""
        return self.details if isinstance(self.details, DocumentDetails) else None


class Versus(Model):
    """One eval against the reference, example by example.

    delta: artifact minus reference by metric. divergence: what the task itself calls apart, such as "agreement" and
    "max_abs_logit_diff", or "mean_kl", "p99_kl", "max_kl" and "same_top1". lost, won: right answers of the reference
    that the artifact lost, and those that it won; None where answers are not right or wrong, or it is not known.
    answers: the reference's own, where differences are told of slices too.
    """

    delta: dict[str, Difference] = {}
    divergence: dict[str, Metric] = {}
    lost: int | None = None
    won: int | None = None
    answers: Answers | None = Field(default=None, exclude_if=lambda value: value is None)

    def change(self, metric: str) -> Difference | None:
        """The change of a metric; a divergence is itself the change. None for an unknown name."""
        if metric in self.delta or metric not in self.divergence:
            return self.delta.get(metric)
        low, high = self.divergence[metric].bounds
        return Difference(value=self.divergence[metric].value, low=low, high=high)

    @property
    def discordant(self) -> int | None:
        """Examples that exactly one side got right."""
        return None if self.lost is None or self.won is None else self.lost + self.won
