"""Which artifact of a family to take: one answer, for cards, the gallery, the README and `zoosmith best`.

Quality is held against the reference by the metric's margin; speed and memory are those of one host. No row is as fast,
as small, as lean and as good as a recommended one and better in one of these. Equals are told apart by name, so that
the same rows always give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zoosmith.contract.metric import identity
from zoosmith.records.elsewhere import losses
from zoosmith.records.figures import Figures
from zoosmith.records.ratios import one_reference
from zoosmith.records.scores import Difference

NOTHING = Difference(value=0.0, low=0.0, high=0.0)
Key = tuple[float | int | str, ...]


@dataclass(frozen=True)
class Recommended:
    """What each kind of user should take of the rows of one host; None where no row qualifies.

    fastest: of those whose value is no more than the margin below the reference's, and of which no other eval shows
    that they lose more; this is the recommendation.
    smallest: of the same. safest: the fastest of those whose whole interval is within the margin. ranked: every name,
    the recommended first, then by speed, those that lose more than the margin last. of: how many rows were compared.
    """

    host: str
    metric: str
    of: int
    fastest: str | None
    smallest: str | None
    safest: str | None
    ranked: tuple[str, ...]


def recommended(rows: Sequence[Figures], metric: str) -> Recommended:
    """The choice among the artifacts of one family, measured on one host by `EVAL.METRIC`.

    Raises ValueError for no row, or for rows of several hosts.
    """
    hosts = {(one.host, one.device, one.threads) for one in rows}
    if len(hosts) != 1:
        raise ValueError(f"speeds of one host alone can be compared; these rows are of {len(hosts)}")
    speed = pace(rows)
    known = {one.name: gain for one in rows if (gain := gain_of(one, metric))}
    margins = {one.name: margin_of_figure(one, metric) for one in rows}

    def key(one: Figures) -> Key:
        return (*speed(one), one.size, *_merit(known, one), one.memory_peak, one.name)

    def small(one: Figures) -> Key:
        return (one.size, *speed(one), *_merit(known, one), one.memory_peak, one.name)

    close = [
        one for one in rows
        if one.name in known and known[one.name].value >= -margins[one.name] and not loses_elsewhere(one, metric)
    ]  # fmt: skip
    sure = [one for one in close if known[one.name].low >= -margins[one.name]]
    near = {one.name for one in close}
    return Recommended(
        host=rows[0].host,
        metric=metric,
        of=len(rows),
        fastest=_first(close, key),
        smallest=_first(close, small),
        safest=_first(sure, key),
        ranked=tuple(one.name for one in sorted(rows, key=lambda one: (one.name not in near, key(one)))),
    )


def pace(rows: Sequence[Figures]) -> Callable[[Figures], tuple[float, ...]]:
    """What sorts rows of one host by speed, the fastest first.

    By the ratio to the reference where every row has one to the same tree, since both sides of it ran in turn; of a
    host that was not steady only its lower bound counts. Else by milliseconds, p50 and then p95.
    """
    paired = all((one.is_reference or one.speedup) and one_reference(one, rows[0]) for one in rows)
    return _paired if paired else lambda one: (one.p50_ms, one.p95_ms)


def gain_of(one: Figures, metric: str) -> Difference | None:
    """The change of `EVAL.METRIC` against the reference, good where it is positive; None where it was not measured.

    A divergence is its distance from what the reference has of itself.
    """
    if one.is_reference:
        return NOTHING
    if (told := one.delta.get(metric)) and (figure := one.scores.get(metric)):
        return told.gain(figure.sign)
    if (apart := one.divergence.get(metric)) is None:
        return None
    low, high = apart.bounds
    distance = Difference(value=apart.value, low=low, high=high).gain(apart.sign)
    same = identity(apart.better)
    return Difference(value=distance.value - same, low=distance.low - same, high=distance.high - same)


def loses_elsewhere(one: Figures, metric: str) -> bool:
    """Whether another eval shows a loss of this metric over its margin."""
    return any(losses(metric, ((name, change, one.scores.get(name)) for name, change in one.delta.items())))


def margin_of_figure(one: Figures, metric: str) -> float:
    """The loss of `EVAL.METRIC` that matters, in its unit; 0 where nobody said."""
    figure = one.figure(metric)
    return (figure.matters or 0.0) if figure else 0.0


def _paired(one: Figures) -> tuple[float, ...]:
    if one.speedup is None or one.is_reference:
        return (-1.0,)
    return (-(one.speedup.value if one.steady else one.speedup.low),)


def _merit(known: Mapping[str, Difference], one: Figures) -> tuple[float, float]:
    gain = known.get(one.name, NOTHING)
    return -gain.value, -gain.low


def _first(rows: Sequence[Figures], key: Callable[[Figures], Key]) -> str | None:
    return min(rows, key=key).name if rows else None
