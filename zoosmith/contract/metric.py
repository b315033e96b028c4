"""What a metric says of itself, so that whatever reads its values need not know its name."""

from __future__ import annotations

from typing import Literal, NamedTuple


class MetricInfo(NamedTuple):
    """What one figure of a task means.

    unit: "share" for a part of 1, else what stands behind the number, such as "nats"; "" for none.
    better: which direction is better.
    n_unit: what `n` counts: "examples", "tokens", "documents".
    margin: the difference from the reference below which a loss is called none, in `unit`; None for the usual one.
    """

    unit: str = "share"
    better: Literal["higher", "lower"] = "higher"
    n_unit: str = "examples"
    margin: float | None = None
