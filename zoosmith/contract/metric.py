"""What a metric counts: its unit, which direction is better, and how much of it matters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

Better = Literal["higher", "lower"]


class MetricInfo(NamedTuple):
    """One metric or divergence as a task's scoring describes it in METRICS.

    unit: "share" (0 to 1, told in points), "nats", "bits/byte", or "" for a number without one (perplexity).
    n_unit: what the n behind a value counts: "examples", "tokens", "documents" or "starts".
    margin: the change for the worse, in `unit`, that a verdict is about; None for the unit's own (`margin_of`).
    """

    unit: str = "share"
    better: Better = "higher"
    n_unit: str = "examples"
    margin: float | None = None


# One margin for every artifact, so that verdicts can stand side by side; gates have limits of their own.
MARGINS: Mapping[str, float] = MappingProxyType({"share": 0.01, "nats": 0.01})

# What the comparisons of shipped tasks find beside changes of metrics. The reference's own record holds none of them: a
# divergence from itself is 0 where less is better, and 1 where more is better, which is a share of sameness.
DIVERGENCES: Mapping[str, MetricInfo] = MappingProxyType(
    {
        "agreement": MetricInfo(),
        "max_abs_logit_diff": MetricInfo("", "lower"),
        "mean_kl": MetricInfo("nats", "lower", "tokens"),
        "p99_kl": MetricInfo("nats", "lower", "tokens"),
        "max_kl": MetricInfo("nats", "lower", "tokens"),
        "same_top1": MetricInfo(n_unit="tokens"),
    }
)


def margin_of(unit: str, margin: float | None = None) -> float | None:
    """A metric's own margin, else that of its unit; None where neither is known."""
    return MARGINS.get(unit) if margin is None else margin


def identity(better: Better) -> float:
    """A divergence of anything from itself."""
    return 1.0 if better == "higher" else 0.0
