"""Tables in README.md that are made from what is recorded."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.build.record_store import best, reporting_of, usual_host
from zoosmith.cards.card import markdown_table, replace_section, results_table
from zoosmith.cards.family import FamilyInput, sentence, under
from zoosmith.cards.kinds import words_of
from zoosmith.common.names import nearest
from zoosmith.common.plain import plain
from zoosmith.common.text import inline, show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.records.family import PREFERRED, Subject
from zoosmith.records.figures import of_measurement
from zoosmith.store.files import write_atomic

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace

MARK = re.compile(r"<!-- (?P<mark>results (?P<recipe>[\w.-]+)(?:: (?P<names>[\w. -]+?))?) -->")


def subjects(workspace: Workspace, recipe: str) -> list[Subject]:
    """The recorded artifacts of a family, each with its best measurement on the host that measured most of them."""
    refs = [Ref(recipe, name) for name in workspace.zoo.families[recipe].recipe.artifacts]
    found = [current for ref in refs if (current := workspace.records.current(ref))]
    usual = usual_host(measured for _, measured in found)
    return [Subject(build, best(measured, usual)) for build, measured in found]


def update_readme(workspace: Workspace) -> list[Path]:
    """Fill the marked sections `results RECIPE` and `results RECIPE: NAME NAME` of README.md.

    Returns the file if it changed. Raises ZooError for a mark that is not closed, and for an unknown name.
    """
    if workspace.record_root != workspace.project:
        return []  # scratch figures never enter the README
    path = workspace.project / "README.md"
    text = before = path.read_text(encoding="utf-8") if path.is_file() else ""
    for mark in MARK.finditer(before):
        rows = subjects(workspace, mark["recipe"]) if mark["recipe"] in workspace.zoo.families else []
        if rows:
            family = workspace.records.family(mark["recipe"])
            filled = section(_chosen(workspace, mark, rows), preferred(workspace, rows), family)
            text = replace_section(text, mark["mark"], filled)
    if text == before:
        return []
    write_atomic(path, text.encode())
    return [path]


def _chosen(workspace: Workspace, mark: re.Match[str], rows: list[Subject]) -> list[Subject]:
    """The rows that a mark names, in the recipe's order; all where it names none."""
    recipe = workspace.zoo.families[mark["recipe"]].recipe
    wanted = (mark["names"] or "").split()
    for name in wanted:
        if name not in recipe.artifacts:
            raise ZooError(f"README.md: `{mark['mark']}`: {mark['recipe']} has no artifact {name!r}"
                           f"{nearest(name, recipe.artifacts)}")  # fmt: skip
    return [row for row in rows if not wanted or row.build.artifact in wanted]


def show(workspace: Workspace, recipe: str) -> None:
    """Print the family's results and where its cards are."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = subjects(workspace, recipe)
    if not rows:
        reference = workspace.zoo.families[recipe].reference.name
        show_lines(f"nothing is recorded of {recipe} yet; run `doit build:{recipe}-{reference}`")
        return
    head, *body = results_table(rows, preferred(workspace, rows))
    title = Text(inline(f"{recipe}: {workspace.zoo.families[recipe].recipe.summary}"), style="table.title")
    table = Table(*head, title=title, title_justify="left")
    for cells in body:
        table.add_row(*(Text(inline(cell)) for cell in cells))
    width = None if sys.stdout.isatty() else 140
    Console(width=width).print(table)
    cards = (workspace.record_root / "model_cards").relative_to(workspace.project)
    show_lines(f"{under(rows)}\nCards: {', '.join(sorted(f'{cards}/{row.build.name}.md' for row in rows))}")


def as_json(workspace: Workspace, recipe: str) -> Iterator[dict[str, Any]]:
    """What is recorded of each artifact of a family, as JSON has it."""
    cards = workspace.record_root / "model_cards"
    for row in subjects(workspace, recipe):
        card = (cards / f"{row.build.name}.md").relative_to(workspace.project)
        told = of_measurement(row.measured, row.build.task, row.build.name)
        yield {"name": row.build.name, "recipe": recipe, "card": str(card), "figures": plain(told)}


def preferred(workspace: Workspace, rows: list[Subject]) -> Sequence[str]:
    """The metrics that may be shown first, as the task of the family says."""
    reporting = reporting_of(rows[0].build.task, workspace.project)
    return words_of(reporting, rows[0].build).headline


def section(rows: list[Subject], shown: Sequence[str] = PREFERRED, family: FamilyInput | None = None) -> str:
    """A table with the hosts under it; of a family also what to take for which wish, and which row that is."""
    table = results_table(rows, shown)
    if family is None:
        return f"{markdown_table(table)}\n\n{under(rows)}"
    best = family.found.fastest
    marked = [[f"{first} (recommended)" if first == best else first, *rest] for first, *rest in table]
    return f"{markdown_table(marked)}\n\n{sentence(family, 'model_cards')} {under(rows)}"
