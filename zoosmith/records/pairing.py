"""Two artifacts on one eval, paired by what is recorded of each: answers that are one class, or scores of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zoosmith.records.answers import paired as joint_of
from zoosmith.records.scores import ChangeDetails, ClassDetails, Difference, DocumentDetails, Quality
from zoosmith.stats import documents, invariance, paired
from zoosmith.stats.documents import Documents

OUTCOMES = ("nats", "tokens", "bytes")


class Pairing(NamedTuple):
    """The first minus the second by metric, with an n where it is not that of the metric.

    `discordant` and `agreement` are of answers that are right or wrong; `examples` were answered by both.
    """

    deltas: Mapping[str, Difference]
    examples: int
    discordant: int | None = None
    agreement: float | None = None


def pairing(mine: Quality, theirs: Quality) -> Pairing | str:
    """The pairing, or why there is none."""
    one, other = mine.details, theirs.details
    if isinstance(one, ClassDetails) and isinstance(other, ClassDetails):
        return _classes(one, other)
    if isinstance(one, DocumentDetails) and isinstance(other, DocumentDetails):
        return _documents(one, other)
    if isinstance(one, ChangeDetails) and isinstance(other, ChangeDetails):
        return _changes(one, other)
    return "they are scored in different ways"


def has_outcomes(quality: Quality) -> bool:
    """Whether it is recorded what was answered to each example."""
    classes = quality.classes
    if isinstance(quality.details, ChangeDetails):
        return True
    return quality.documents is not None or (classes is not None and classes.answers is not None)


def rows(quality: Quality) -> str | None:
    """The fingerprint of the examples, where outcomes are recorded."""
    if isinstance(quality.details, ChangeDetails | DocumentDetails):
        return quality.details.rows
    return quality.classes.answers.rows if quality.classes and quality.classes.answers else None


def _classes(one: ClassDetails, other: ClassDetails) -> Pairing | str:
    mine, theirs = one.answers, other.answers
    assert mine is not None and theirs is not None
    joint = joint_of(theirs, mine)
    if joint is None:
        if mine.rows != theirs.rows:
            return f"they answered other examples ({mine.n} and {theirs.n})"
        return f"their labels are {_listed(mine.labels)} and {_listed(theirs.labels)}"
    found = {
        name: Difference(value=value.value, low=value.low, high=value.high, p=p, n=value.n)
        for name, (value, p) in paired.deltas(joint).items()
    }
    return Pairing(found, sum(joint.values()), sum(paired.discordant(joint)), paired.agreement(joint))


def _documents(one: DocumentDetails, other: DocumentDetails) -> Pairing | str:
    if one.rows != other.rows:
        return f"they were scored on other documents ({one.n} and {other.n})"
    mine, theirs = _outcomes(one), _outcomes(other)
    if mine is None or theirs is None:
        return "fewer than two documents, or not their nats, tokens and bytes, are recorded"
    found = documents.deltas(mine, theirs)
    told = {name: Difference(value=d.value, low=d.low, high=d.high) for name, d in found.items()}
    return Pairing(told, one.n)


def _changes(one: ChangeDetails, other: ChangeDetails) -> Pairing | str:
    if one.rows != other.rows:
        return f"they answered other examples ({one.n} and {other.n})"
    mine, theirs = one.states(), other.states()
    found = invariance.deltas({name: (mine[name], theirs[name]) for name in mine if name in theirs})
    told = {name: Difference(value=d.value, low=d.low, high=d.high, p=p, n=d.n) for name, (d, p) in found.items()}
    return Pairing(told, one.n)


def _outcomes(details: DocumentDetails) -> Documents | None:
    if not set(OUTCOMES) <= details.outcomes.keys():
        return None
    columns = [details.outcomes[name].values() for name in OUTCOMES]
    kept = [row for row in zip(*columns, strict=True) if row[1] > 0]  # a document of one token has none to score
    return Documents(*(list(column) for column in zip(*kept, strict=True))) if len(kept) > 1 else None


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(label[:40] for label in labels[:6]) + (f" and {len(labels) - 6} more" if len(labels) > 6 else "")
