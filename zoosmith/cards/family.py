"""The card of a family: what to take for which wish, the plot, one table of all, and where its cards are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zoosmith.cards import beginning
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import Figure, beside_a_table, milliseconds, pareto
from zoosmith.common.units import megabytes
from zoosmith.recipes.schema import Recipe
from zoosmith.records import words
from zoosmith.records.family import Subject
from zoosmith.records.recommended import Recommended
from zoosmith.records.short import of_figure

FOLDER = "families"  # beside the cards
CARDS = "../"
PARETO = "pareto"
TWICE, BOTH = re.compile(r"the fastest (that loses .*), and the smallest \1"), r"the fastest and the smallest \1"


@dataclass(frozen=True)
class FamilyInput:
    """What the card of a family is made from.

    rows: the artifacts that stand beside each other, measured by one suite on one host against one tree, in the
    recipe's order. elsewhere: the rows of each other host that compared several. apart: names of recorded artifacts
    that are in none of `rows`. metric: the `EVAL.METRIC` shown first.
    """

    id: str
    recipe: Recipe
    metric: str
    rows: Sequence[Subject]
    elsewhere: Mapping[str, Sequence[Subject]] = field(default_factory=dict)
    apart: Sequence[str] = ()

    @property
    def found(self) -> Recommended:
        """What is recommended on the host of `rows`."""
        return beginning.picks(self.rows[0], self.rows, self.metric)


def plots(given: FamilyInput) -> dict[str, Figure]:
    """The plot by file name without suffix; none of a family of one. It names the recommended artifact."""
    if len(given.rows) < 2:
        return {}
    chosen = next((row for row in given.rows if row.build.name == given.found.fastest), given.rows[0])
    return {PARETO: pareto(chosen, given.rows, given.metric)}


def render(given: FamilyInput) -> str:
    """The card as Markdown."""
    return "\n\n".join(_parts(given)) + "\n"


def _parts(given: FamilyInput) -> Iterator[str]:
    measured = given.rows[0].measured
    yield f"# {given.id}"
    yield f"{given.recipe.summary} {_counted(len(given.rows))} measured beside each other on `{measured.host.id}`."
    yield "## Which to take"
    yield markdown_table([_HEAD_OF_WISHES, *_wishes(given)])
    yield from (
        f"![{beside_a_table(figure)}](../plots/{FOLDER}/{given.id}/{name}.svg)" for name, figure in plots(given).items()
    )
    yield "## All of them"
    yield markdown_table(_table(given))
    yield under(given.rows)
    if given.apart:
        yield (f"Recorded, and not beside these, being of another suite, host or tree of the reference: "
               f"{', '.join(map(_link, given.apart))}.")  # fmt: skip
    yield f"**For**: {given.recipe.intended.strip()}" if given.recipe.intended.strip() else "**For**: the task above."
    if given.recipe.limits.strip():
        yield f"**Not for**: {given.recipe.limits.strip()}"


_HEAD_OF_WISHES = ("for", "take", "value (95 % interval)", "against the reference", "MB", "p50 ms", "speed", "peak MiB")


def _wishes(given: FamilyInput) -> Iterator[list[str]]:
    """A row for each kind of user; one who has another host than the first gets the fastest that was measured there."""
    found, rows = given.found, {row.build.name: row for row in given.rows}
    for wish, name in wishes(given.rows[0], found, given.metric):
        yield [wish, *(_cells(rows[name], given.metric) if name else ["none that was measured", *[""] * 6])]
    for host, others in given.elsewhere.items():
        there = beginning.picks(others[0], others, given.metric)
        chosen = next((row for row in others if row.build.name == there.fastest), None)
        if chosen:
            yield [f"the fastest on `{host}`, of {there.of}", *_cells(chosen, given.metric)]


def wishes(one: Subject, found: Recommended, metric: str) -> Iterator[tuple[str, str | None]]:
    """Each wish in words, with the artifact that answers it."""
    figure = one.measured.metric(metric)
    margin = figure.matters if figure else None
    lost = words.exactly(margin, figure.unit) if figure and margin else ""
    within = beginning.near(one.measured, metric)
    yield f"the fastest {within}", found.fastest
    yield f"the smallest {within}", found.smallest
    yield f"the fastest of which a loss{' over ' + lost if lost else ''} is excluded", found.safest


def sentence(given: FamilyInput, cards: str) -> str:
    """The same wishes in a sentence with links to cards in the folder `cards`, and to the family's own card."""
    answers: dict[str, list[str]] = {}
    for wish, name in wishes(given.rows[0], given.found, given.metric):
        if name:
            answers.setdefault(name, []).append(wish)
    told = [
        f"[{name}]({cards}/{name}.md) is {TWICE.sub(BOTH, ', and '.join(wished))}" for name, wished in answers.items()
    ]
    whole = f"[All of `{given.id}`]({cards}/{FOLDER}/{given.id}.md)."
    among = f"Of the {given.found.of} measured on `{given.found.host}`, "
    return f"{among}{'; '.join(told)}. {whole}" if told else whole


def _table(given: FamilyInput) -> list[list[str]]:
    """A row for each artifact, the recommended first."""
    figure = given.rows[0].measured.metric(given.metric)
    unit = f", {figure.unit}" if figure and figure.unit not in ("share", "") else ""
    head = ["artifact", f"{given.metric}{unit} (95 % interval)", *_HEAD_OF_WISHES[3:]]
    ranked, fastest = given.found.ranked, given.found.fastest
    place = {name: at for at, name in enumerate(ranked)}
    rows = sorted(given.rows, key=lambda row: (place.get(row.build.name, len(place)), row.build.name))
    return [head, *(_cells(row, given.metric, mark=row.build.name == fastest) for row in rows)]


def _cells(row: Subject, metric: str, *, mark: bool = False) -> list[str]:
    measured, figure = row.measured, row.measured.metric(metric)
    assert figure is not None
    return [
        _link(row.build.name) + (" (recommended)" if mark else ""),
        words.with_interval(figure),
        of_figure(measured, metric, counted=False) or "reference",
        megabytes(measured.size_total),
        milliseconds(measured.latency_ms.p50),
        beginning.speed(measured),
        str(measured.memory_mb.peak),
    ]


def under(rows: Sequence[Subject]) -> str:
    """The line under a table: hosts, and what milliseconds and brackets are."""
    hosts = sorted({(row.measured.host.id, row.measured.host.cpu, row.measured.threads) for row in rows})
    named = "; ".join(f"`{id}` ({cpu}), {threads} thread{'s' * (threads != 1)}" for id, cpu, threads in hosts)
    timed = "milliseconds of one generated token" if rows[0].measured.latency_of == "token" else "tokenizer included"
    return f"Measured on {named}, batch 1, {timed}; brackets are 95 % intervals."


def _link(name: str) -> str:
    return f"[{name}]({CARDS}{name}.md)"


def _counted(count: int) -> str:
    return f"{count} artifacts," if count != 1 else "One artifact,"
