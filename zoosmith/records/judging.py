"""Whether a version may take the place of another: its recipe's limits on record, and held against that other version.

On record are the gates that were looked at when it was measured, against the family's reference. Against the version
that a name stands for now, each metric that both were measured by may be worse by the recipe's `max_regression` of
that metric, or where the recipe has none by the metric's margin (`zoosmith.contract.metric`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoosmith.common.canonical import canonical
from zoosmith.common.plain import plain
from zoosmith.contract.errors import ZooError
from zoosmith.records.compare import Change, Comparison, compare
from zoosmith.records.figures import Figures
from zoosmith.records.gates import REGRESSIONS, Check, table
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.words import number, signed

LIMIT = re.compile(r"(?P<kind>\w+) (?P<limit>[-+.\de]+)(?P<sure> \(sure\))?")
SPEED = re.compile(r"\bspeed\b|no interval of the difference")  # what is not held against anything here
UNPAIRED = "not paired: a registry's row holds no answers, so the interval is of two independent measurements"


@dataclass(frozen=True)
class Judgement:
    """What was held against what. `checks` decide; `notes` say what the reader must know beside them."""

    version: str
    against: str | None
    recorded: tuple[Check, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    how: str = "on record"
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def missed(self) -> list[Check]:
        """What does not hold."""
        return [check for check in (*self.recorded, *self.checks) if check.passed is False]

    @property
    def evidence(self) -> bytes:
        """All of it as canonical JSON, which the history names by its SHA-256."""
        return canonical(plain({"schema": 1, **self.__dict__}))

    @property
    def text(self) -> str:
        """The gates on record, then those against the other version, as tables."""
        parts = [f"{self.version}: gates {self.how}, against its family's reference", _table(self.recorded)]
        if self.against:
            parts += [f"{self.version} against {self.against}, {self.how}", _table(self.checks)]
        return "\n".join([*parts, *(f"- {note}" for note in self.notes)])


def judged(
    version: str,
    mine: Sequence[Figures],
    recorded: Sequence[Check],
    against: str | None,
    theirs: Sequence[Figures],
    how: str = "on record",
) -> Judgement:
    """Hold a version against another; against nothing where `against` is None, as at the first time.

    Raises ZooError where the two cannot be compared, with what to do.
    """
    if against is None:
        return Judgement(
            version, None, tuple(recorded), (), ("nothing stands there now, so it is compared with nothing",), how
        )
    if not mine or not theirs:
        lacking = version if not mine else against
        raise ZooError(f"nothing is measured of {lacking} on record; `--measure` measures both here, in their zoo")
    made = compare(mine, theirs)
    limits = {check.gate: told for check in recorded if (told := _regression(check))}
    checks = tuple(_checks(made, limits))
    if not checks:
        raise ZooError(
            f"{version} and {against} cannot be compared on record: {'; '.join(made.notes)}; "
            "`--measure` measures both here, in their zoo"
        )
    notes = [note for note in dict.fromkeys(made.notes) if not SPEED.search(note)]
    notes += [UNPAIRED] if any(change.change is None for change in made.changes) else []
    return Judgement(version, against, tuple(recorded), checks, tuple(notes), how, _figures(made))


def _regression(check: Check) -> tuple[float, bool] | None:
    """Limit of a gate on how much worse a metric may be, and whether by the interval's bound; None for another gate."""
    found = LIMIT.fullmatch(check.limit)
    if found is None or found["kind"] not in REGRESSIONS:
        return None
    return float(found["limit"]), bool(found["sure"])


def _checks(made: Comparison, limits: dict[str, tuple[float, bool]]) -> Iterator[Check]:
    for change in (*made.changes, *made.slices):
        own = limits.get(change.metric)
        limit, sure = own or (change.first.matters, False)
        if limit is None or (own is None and change in made.slices):
            continue
        worse = (change.change or unpaired(change.first, change.second)).gain(-change.first.sign)
        yield Check(
            gate=change.metric,
            limit=f"max_regression {limit:g}" + (" (sure)" if sure else ""),
            value=worse.value,
            low=worse.low,
            high=worse.high,
            passed=(worse.high if sure else worse.value) <= limit + 1e-12,
            note=_note(change, own is None),
            unit=change.first.unit,
        )


def _note(change: Change, by_margin: bool) -> str:
    said = change.verdict.text if change.verdict else ""
    return "; ".join(filter(None, (said, "the metric's margin: the recipe has no limit for it" if by_margin else "")))


def unpaired(first: Metric, second: Metric) -> Difference:
    """First minus second of two values that were measured each by itself, with its 95 % interval.

    Where both answered the same examples, as here, the interval is too wide rather than too narrow.

    Source: Zou and Donner (2008), Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    (low, high), (other_low, other_high) = first.bounds, second.bounds
    value = first.value - second.value
    down = math.hypot(first.value - low, other_high - second.value)
    up = math.hypot(high - first.value, second.value - other_low)
    return Difference(value=value, low=value - down, high=value + up)


def _figures(made: Comparison) -> dict[str, Any]:
    """What both were measured to be, for the evidence."""
    told = {
        change.metric: f"{number(change.first.value, change.first.unit)} against "
        f"{number(change.second.value, change.second.unit)}"
        for change in made.changes
    }
    sides = {side: {"tree": one.tree, "host": one.host, "suite": one.suite_text} for side, one in
             (("first", made.first), ("second", made.second))}  # fmt: skip
    speed = {} if made.speed is None else {"times as fast": signed(made.speed.value, "")}
    return {"values": told, **sides, **speed}


def _table(checks: Sequence[Check]) -> str:
    return table(list(checks)) if checks else "  none"
