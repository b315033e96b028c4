"""What a card says of slices: the worst one beside the whole, and a table of each column."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from zoosmith.cards.cells import cell, table
from zoosmith.records import words
from zoosmith.records.membership import SliceName
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Metric, Versus
from zoosmith.records.short import decided, figures, short
from zoosmith.records.slices import FIRST, Slice, change, discordant, slices, worst
from zoosmith.records.verdicts import Verdict, verdict

SHOWN = 4  # rows; a longer table is folded
BESIDE = "macro_f1"
OPEN = "open"  # short for what many rows of a table would repeat
NEAR = 0.05  # a metric that nowhere is so far from the first needs no column


def headline(measured: Measurement, metric: str) -> str:
    """The worst slice of the eval that the card shows first, else of the first that has slices; "" for none."""
    first = metric.partition(".")[0]
    for id in (first, *(each for each in measured.quality if each != first)):
        if found := worst(measured.quality[id]):
            all_of_it = words.value(measured.quality[id].metrics[FIRST])
            name = f"{cell(found.column)} = {cell(found.value)}"
            told = f"{FIRST} {words.with_interval(found.first)} over {found.n} examples, {all_of_it} over all"
            return f"Worst slice of {id}: {name} with {told}."
    return ""


def tables(measured: Measurement) -> dict[str, list[str]]:
    """By eval, a table of each column that it is sliced by, as Markdown."""
    return {id: list(_tables(measured, id)) for id in measured.quality}


def _tables(measured: Measurement, id: str) -> Iterator[str]:
    versus = (measured.versus or {}).get(id)
    against = f"{FIRST} against {measured.reference}"
    for column, found in groupby(slices(measured.quality[id]), lambda each: each.column):
        each_of = list(found)
        second = any(abs(one.metrics[BESIDE].value - one.first.value) >= NEAR for one in each_of)
        head = [cell(column), "n", FIRST, *([BESIDE] if second else []), *([against] if versus else [])]
        rows = [_row(measured, id, each, versus, second) for each in each_of]
        key = f"; {OPEN}: {_undecided(each_of[0].first)}" if any(row[-1].endswith(OPEN) for row in rows) else ""
        yield table([head, *rows], SHOWN, f"By {cell(column)}, the worst first ({len(rows)} slices{key})")


def _undecided(metric: Metric) -> str:
    return decided(Verdict("undecided", ""), metric)


def _row(measured: Measurement, id: str, one: Slice, versus: Versus | None, second: bool) -> list[str]:
    found = [f"**{cell(one.value)}**", str(one.n), words.value(one.first) + _interval(one.first)]
    found += [words.with_interval(one.metrics[BESIDE])] if second else []
    return found + ([_against(measured, id, one, versus)] if versus else [])


def _interval(metric: Metric) -> str:
    return f" ({words.interval(metric) or f'none, of {metric.n} example'})"


def _against(measured: Measurement, id: str, one: Slice, versus: Versus) -> str:
    name, quality = SliceName(FIRST, one.column, one.value), measured.quality[id]
    told = change(quality, versus, str(name))
    if told is None:
        return "-"
    said = verdict(told, one.first, told.n, discordant(quality, versus, name))
    return f"{figures(told, one.first)}; {OPEN}" if said.kind == "undecided" else short(told, one.first, said)
