"""Briefs, from a row that was checked or from JSON that was not."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from zoosmith.records import words
from zoosmith.records.brief import Brief
from zoosmith.records.family import headline
from zoosmith.records.registry import Entry, Row, newest
from zoosmith.records.result import Result

TEXTS = ("task", "format", "precision", "license", "builder")


def of_entry(entry: Entry) -> Brief:
    """The brief of an entry that was checked."""
    latest = entry.newest or entry.latest
    row = entry.versions[str(latest)]
    trees = {number: row.tree_digest for number, row in entry.versions.items()}
    texts = {name: getattr(row, name) for name in TEXTS}
    return Brief(
        latest, trees, **texts, base=row.base, size_total=row.size_total, quality=first_quality(row),
        aliases=entry.aliases, yanked=entry.yanked, heads=tuple(each.digest for each in entry.history),
        last=entry.latest,
    )  # fmt: skip


def of_json(told: Any) -> Brief | None:
    """The brief of an entry as it stands in the file; None where it is none that could be shown."""
    try:
        last, versions = told["latest"], told["versions"]
        aliases, yanked, heads = told.get("aliases", {}), told.get("yanked", {}), _heads(told)
        latest = newest(last, versions, yanked) or last
        row = versions[str(latest)]
        trees = {number: version["tree_digest"] for number, version in versions.items()}
        texts = {name: row[name] for name in TEXTS}
        size, base = row["size_total"], tuple(row["base"])
        whole = isinstance(latest, int) and isinstance(size, int) and all(number.isdecimal() for number in trees)
        said = (*trees.values(), *texts.values(), *base, *yanked.values(), *heads)
        texts_only = all(isinstance(text, str) for text in said)
        numbers_only = all(isinstance(number, int) for number in aliases.values())
        if not whole or not texts_only or not numbers_only or abs(size) >= 2**63:
            return None
        return Brief(
            latest, trees, **texts, base=base, size_total=size, quality=_quality(row["results"]),
            aliases=aliases, yanked=yanked, heads=heads, last=last,
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError):
        return None


def _heads(told: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(each["digest"] for each in told.get("history", ()))


def first_quality(row: Row) -> str:
    """The headline metric with its value, of the largest measurement."""
    return _first(
        max(row.results, key=lambda result: max((q.n for q in result.quality.values()), default=0), default=None)
    )


class _Light:
    """A result as it stands in the file, with the methods of a checked one; to make models of all takes seconds."""

    metrics, metric = Result.metrics, Result.metric

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.quality, self.first = _metrics(told["quality"]), told.get("first")
        self.slices = _metrics(told.get("slices", {}))
        versus = told.get("versus")
        self.versus = versus and {
            id: SimpleNamespace(divergence=_metrics(v.get("divergence", {}))) for id, v in versus.items()
        }


def _metrics(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: SimpleNamespace(**{"unit": "share", "n_unit": "examples", **one}) for name, one in told.items()}


def _quality(results: list[Mapping[str, Any]]) -> str:
    """As `first_quality`, of results as they stand in the file."""
    if not results:
        return ""
    told = max(results, key=lambda result: max((q["n"] for q in result["quality"].values()), default=0))
    return _first(_Light(told))


def _first(result: Any) -> str:
    """The headline of a result, checked or not."""
    if result is None or not result.quality:
        return ""
    name = headline(result)
    value = result.metric(name)
    return f"{name} {words.value(value)}" if value else ""
