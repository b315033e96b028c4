"""Compare artifacts of one task: quality example by example, speed, size and memory, each with what is sure of it.

Works from results/ of the zoo you are in, or with --registry from what a registry's rows hold.
"""

from __future__ import annotations

import argparse
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import asked_arguments, json_argument, registry_argument
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.records.compare import Change, Comparison
    from zoosmith.records.figures import Figures
    from zoosmith.records.ratios import Ratio

BLANK = "-"
WORST = 5  # slices of one column that are shown unasked
COLUMNS = 80
NAME = 23  # columns; a longer name stands on a line of its own, so that the table fits
HEAD = ["", "first", "second", "first - second (95 %)"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the names and --registry to the parser."""
    parser.add_argument("name", nargs="+", help="two artifacts or more; each is compared with those after it")
    parser.add_argument("--slices", action="store_true", help="every slice of the evals, not the worst few alone")
    registry_argument(parser)
    asked_arguments(parser)
    json_argument(parser, "a pair, with every slice")


def main(given: argparse.Namespace) -> None:
    """Print one table a pair. Raises ZooError for one name, unknown names and different tasks."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json, show_lines
    from zoosmith.contract.errors import ZooError
    from zoosmith.records.compare import compare
    from zoosmith.records.figures import asked

    names = list(dict.fromkeys(given.name))
    if len(names) < 2:
        raise ZooError("name at least two different artifacts: zoosmith compare NAME NAME")
    known = published(given, names) if given.registry else from_results(names)
    known = {name: asked(name, own, given.suite, given.unsteady) for name, own in known.items()}
    for number, (one, other) in enumerate(combinations(names, 2)):
        if given.json:
            show_json(plain(compare(known[one], known[other])))
            continue
        if number:
            show("")
        show_lines(text(compare(known[one], known[other]), every=given.slices))


def from_results(names: list[str]) -> dict[str, list[Figures]]:
    """All measurements of each artifact in the zoo's record."""
    from zoosmith.build.recorded import current
    from zoosmith.project import find_project
    from zoosmith.records.figures import of_measurement

    found = {}
    for name in names:
        build, measured = current(find_project(), name)
        found[name] = [of_measurement(each, build.task, name) for each in measured]
    return found


def published(given: argparse.Namespace, names: list[str]) -> dict[str, list[Figures]]:
    """All results of each artifact's row in the registry. Raises ZooError where a row has none."""
    from zoosmith.app.cli.commands._registry import opened
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.asked import parted
    from zoosmith.records.figures import of_result

    catalog, found = opened(given), {}
    for name in names:
        row = catalog.find(name).row
        if not row.results:
            raise ZooError(f"the row of {name} in {catalog.base} holds no results")
        found[name] = [of_result(parted(name)[0], row, result) for result in row.results]
    return found


def text(found: Comparison, *, every: bool = False) -> str:
    """Head, table and remarks of one pair; with `every`, all slices."""
    from zoosmith.common.text import bullet, inline

    first, second = found.first, found.second
    sliced = found.slices if every else list(worst(found.slices))
    changes = [*found.changes, *sliced]
    table = laid_out([*(quality(change) for change in changes), *figures(found)], [verdict(each) for each in changes])
    where = f"host {first.host}, {first.threads} thread(s), suite {first.suite_text}" if found.same_host else ""
    pair = f"{first.name} against {second.name}, trees {first.tree[:12]} and {second.tree[:12]}"
    more = len(found.slices) - len(sliced)
    notes = found.notes + ([f"{more} more slices, where the first is better than in these: --slices"] if more else [])
    lines = [inline(pair), inline(where), table, *(bullet(note) for note in notes)]
    return "\n".join(line for line in lines if line)


def laid_out(rows: Sequence[Sequence[str]], verdicts: Sequence[str]) -> str:
    """The table, of at most COLUMNS: under a row its verdict, above it a name that is too long for a column, whole."""
    from zoosmith.common.text import aligned, inline

    short = [[name if len(name) <= NAME else "", *cells] for name, *cells in rows]
    head, *lines = aligned([HEAD, *short], cell=None).split("\n")
    told = [*verdicts, *[""] * (len(rows) - len(verdicts))]
    shown = [head]
    for (name, *_), line, said in zip(rows, lines, told, strict=True):
        shown += [inline(name)] * (len(name) > NAME) + [line]
        shown += textwrap.wrap(inline(said), COLUMNS, initial_indent="  ", subsequent_indent="  ")
    return "\n".join(shown)


def worst(slices: Sequence[Change]) -> Iterator[Change]:
    """The first few of each eval and column, which are those that the first artifact is worst on."""
    seen: Counter[str] = Counter()
    for change in slices:
        column = change.metric.partition("=")[0]
        seen[column] += 1
        if seen[column] <= WORST:
            yield change


def quality(change: Change) -> list[str]:
    """The row of a metric."""
    from zoosmith.records import words

    told, unit = change.change, change.first.unit
    apart = words.change(told, unit) if told else words.signed(change.first.value - change.second.value, unit)
    plain = unit in ("share", "", *change.metric.rpartition(".")[2].split("_"))
    name = titled(change) if plain else f"{change.metric}, {unit}"
    return [name, words.value(change.first), words.value(change.second), apart]


def verdict(change: Change) -> str:
    """What the difference comes to, with its p-value; "" where neither is known."""
    told = change.verdict.text if change.verdict else ""
    p = change.change.p if change.change else None
    return ", ".join(part for part in (told, f"p {p:.3g}" if p is not None else "") if part)


def titled(change: Change) -> str:
    """The metric, of a slice with how many examples it has."""
    return f"{change.metric}, n {change.first.n}" if "[" in change.metric else change.metric


def figures(found: Comparison) -> list[list[str]]:
    """The rows of what is no metric; milliseconds and MiB only where both are of one host."""
    from zoosmith.records import words

    first, second = found.first, found.second
    rows = [["size", sized(first.size), sized(second.size), times(first.size, second.size)]]
    if found.agreement is not None:
        rows.insert(0, ["same answer", BLANK, BLANK, f"{words.percent(found.agreement, 2)}% of the examples"])
    rows[:0] = [[each.name, BLANK, BLANK, words.with_interval(each.value)] for each in found.apart]
    if found.speed:
        rows.append(["speed", BLANK, BLANK, speed(found.speed)])
    if found.same_host:
        for title, mine, theirs in (("p50 ms", first.p50_ms, second.p50_ms), ("p95 ms", first.p95_ms, second.p95_ms)):
            rows.append([title, f"{mine:.2f}", f"{theirs:.2f}", times(mine, theirs)])
        peaks = (first.memory_peak, second.memory_peak)
        rows.append(["peak MiB", str(peaks[0]), str(peaks[1]), times(*peaks)])
    return rows


def times(first: float, second: float) -> str:
    """The first as a multiple of the second."""
    return f"{first / second:.2f} times" if second else BLANK


def speed(ratio: Ratio) -> str:
    """How many times as fast, with bounds where they are known."""
    bounds = f" ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.low is not None and ratio.high is not None else ""
    return f"{ratio.value:.2f} times as fast{bounds}"
