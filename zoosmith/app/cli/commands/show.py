"""Say what a registry knows about an artifact: what it is, how good, how fast and on which host, where it lies."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, warn
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.records.history import Move
    from zoosmith.records.registry import Entry, Row
    from zoosmith.records.result import Result
    from zoosmith.records.scores import Metric


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name and --registry to the parser."""
    parser.add_argument("name", help=NAMED)
    parser.add_argument("--history", action="store_true", help="every change of its aliases, and every yank")
    registry_argument(parser)
    json_argument(parser, "the registry's row, its version, versions, aliases, what is yanked, and the history")


def main(given: argparse.Namespace) -> None:
    """Print what the registry's row says, a line each. Raises ZooError for an unknown name."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json, show_lines

    catalog = opened(given, name=given.name)
    version = catalog.find(given.name)
    warn(catalog, version)
    entry = catalog.artifacts[version.name]
    if given.json:
        names = {"aliases": entry.aliases, "yanked": entry.yanked, "history": plain(entry.history)}
        show_json({"version": str(version), "versions": list(entry.versions), **names, **plain(version.row)})
        return
    show(f"{version}  (versions: {', '.join(entry.versions)})")
    for title, text in (*names_of(entry), *lines(version.row)):
        show(f"  {title:<10} {text}")
    if given.history:
        show_lines("\n".join(["history", *map(change, entry.history)]) if entry.history else "no name was ever moved")


def names_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Where aliases stand, and what is yanked."""
    if entry.aliases:
        yield "aliases", ", ".join(f"{alias} {number}" for alias, number in sorted(entry.aliases.items()))
    for number, why in entry.yanked.items():
        yield "yanked", f"{number}: {why}"


def change(one: Move) -> str:
    """One entry of the history in a line."""
    stood = ["no version" if number is None else str(number) for number in (one.from_version, one.to_version)]
    what = f"{one.alias}: {stood[0]} to {stood[1]}" if one.alias else str(one.version)
    more = [f"evidence {one.evidence[:12]}"] if one.evidence else []
    more += ["its gates did not hold"] if one.forced else []
    return f"  {one.when}  {one.who}  {one.what} {what}" + "".join(
        f"; {text}" for text in filter(None, (one.why, *more))
    )


def lines(row: Row) -> Iterator[tuple[str, str]]:
    """Titles and texts of a row."""
    yield "what", f"{row.task}, {row.format} {row.precision}, made by {row.builder} from {', '.join(row.base)}"
    yield "license", row.license
    yield "tree", row.tree_digest
    yield "size", f"{sized(row.size_total)}" + (f", {sized(row.size_own)} its own" if row.needs else "")
    for result in row.results:
        yield from measured(result, row.reference)
    missed = [check.gate for check in row.gates.checks if check.passed is False]
    yield "gates", "passed" if row.gates.passed else f"missed: {', '.join(missed)}"
    for role, tree in row.needs.items():
        yield "needs", f"{role} {tree[:16]}..."
    for file in row.files:
        yield "file", f"{file.path}  {sized(file.size)}  sha256 {file.sha256}"
    for location in row.locations:
        yield "published", location
    for key in row.signed_by:
        yield "signed", f"by key or identity {key[:16]}; `zoosmith verify` says what that is worth to you"
    if not row.locations:
        yield "published", "no; only whoever builds it has it"


def measured(result: Result, reference: str) -> Iterator[tuple[str, str]]:
    """What one host measured."""
    mark = "" if result.steady else ", host not steady"
    yield "host", f"{result.host}, suite {result.suite}, {result.threads} thread(s){mark}"
    for metric, value in sorted(result.quality.items()):
        yield "", told(metric, value)
    for id, versus in sorted((result.versus or {}).items()):
        for name, value in sorted(versus.divergence.items()):
            yield "", told(f"{id}.{name}", value)
    if result.speedup:
        faster = result.speedup
        yield "", f"{faster.value:.2f} times as fast as {reference}  [{faster.low:.2f}, {faster.high:.2f}]"
    latency = result.latency_ms
    of = "" if result.latency_of == "call" else " a token"
    yield "", f"p50 {latency.p50:.2f} ms{of}, p95 {latency.p95:.2f} ms; {result.memory_mb.peak} MiB at the peak"
    if rates := result.generation:
        yield "", f"{rates.per_s:.3g} tokens a second generated, {rates.prompt_per_s:.3g} of the prompt read"


def told(name: str, value: Metric) -> str:
    """A metric or divergence with its interval and what it was measured with."""
    from zoosmith.records import words

    unit = "" if value.unit in ("share", "") else f" {value.unit}"
    n = f"n {value.n}" if value.n_unit == "examples" else f"{value.n} {value.n_unit}"
    ends = "" if value.low is None or value.high is None else f"  [{words.interval(value).replace(' to ', ', ')}]"
    return f"{name} {words.value(value)}{unit}{ends}  {n}"
