"""How well founded a measurement is, and what a new one may replace: never what is better founded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from zoosmith.records.rows import steady
from zoosmith.records.schema import Measurement


def about(measured: Measurement) -> tuple[str, str, int]:
    """What two measurements must share to stand side by side: both trees, and the suite's version."""
    return measured.tree_digest, measured.reference_digest, measured.suite_version


def replaces(new: Measurement, old: Measurement) -> bool:
    """Whether the old one has nothing that the new one lacks: steadiness, the full suite.

    Both are of one artifact and host. Two suites about the same things are kept side by side.
    """
    if about(new) == about(old):
        return new.suite == old.suite and steady(new) >= steady(old)
    return (new.suite == "full") >= (old.suite == "full") and steady(new) >= steady(old)


def with_new(known: Iterable[Measurement], new: Measurement) -> list[Measurement]:
    """What a record of one artifact on one host holds once `new` was measured."""
    return [*(old for old in known if not replaces(new, old)), new]


def by_key(measured: Sequence[Measurement]) -> dict[str, Measurement]:
    """Each by its key in the record's file: the best founded of a suite by its name, others by what sets them apart."""
    found: dict[str, Measurement] = {}
    for one in sorted(measured, key=lambda m: (steady(m), m.measured), reverse=True):
        mark = f"{one.suite}, {'steady' if steady(one) else 'not steady'}, version {one.suite_version}"
        key = f"{mark}, tree {one.tree_digest[:12]} against {one.reference_digest[:12]}"
        found[key if one.suite in found else one.suite] = one
    return found


def earlier(measured: Sequence[Measurement], tree: str) -> list[Measurement]:
    """Those of other trees than `tree`, which are kept until something as well founded takes their place."""
    return [one for one in measured if one.tree_digest != tree]
