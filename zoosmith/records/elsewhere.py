"""Losses that another eval shows: an artifact that lost nothing on one set of rows may have lost much on another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from zoosmith.records.scores import Difference, Metric
from zoosmith.records.verdicts import verdict


class Loss(NamedTuple):
    """Of the eval `id`: the change against the reference, and the artifact's own figure."""

    id: str
    change: Difference
    figure: Metric


def losses(metric: str, changes: Iterable[tuple[str, Difference, Metric | None]]) -> Iterator[Loss]:
    """Those of `changes` (EVAL.METRIC, change, figure) that show a loss of the same metric as `metric` on another eval.

    That is one over the metric's margin as it was measured, whose interval excludes 0.
    """
    own, _, name = metric.partition(".")
    for other, change, figure in changes:
        id, _, its = other.partition(".")
        if its != name or id == own or figure is None or figure.matters is None:
            continue
        over = -change.gain(figure.sign).value > figure.matters
        if over and verdict(change, figure).kind == "loss":
            yield Loss(id, change, figure)
