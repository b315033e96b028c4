"""Tables in README.md that are made from what is recorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.core.card import markdown_table, replace_section, results_table
from zoosmith.core.family import Subject
from zoosmith.core.plan import Ref
from zoosmith.engine.files import write_atomic
from zoosmith.engine.recording import best

if TYPE_CHECKING:
    from zoosmith.engine.graph import Workshop


def subjects(shop: Workshop, recipe: str) -> list[Subject]:
    """The recorded artifacts of a family, each with its best measurement."""
    refs = [Ref(recipe, name) for name in shop.zoo.families[recipe].recipe.artifacts]
    found = [(ref, shop.book.current(ref)) for ref in refs]
    return [Subject(current[0], best(current[1])) for _, current in found if current]


def update_readme(shop: Workshop) -> list[Path]:
    """Fill the marked sections `results RECIPE` of README.md; return the file if it changed."""
    if shop.record_root != shop.project:
        return []  # scratch figures never enter the README
    path = shop.project / "README.md"
    text = before = path.read_text(encoding="utf-8") if path.is_file() else ""
    for recipe in shop.zoo.families:
        marker = f"results {recipe}"
        rows = subjects(shop, recipe)
        if rows and f"<!-- {marker} -->" in text:
            text = replace_section(text, marker, section(rows))
    if text == before:
        return []
    write_atomic(path, text.encode())
    return [path]


def show(shop: Workshop, recipe: str) -> None:
    """Print the family's results and where its cards are."""
    from rich.console import Console
    from rich.table import Table

    rows = subjects(shop, recipe)
    if not rows:
        print(
            f"nothing is recorded of {recipe} yet; run `doit build:{recipe}-{shop.zoo.families[recipe].reference.name}`"
        )
        return
    head, *body = results_table(rows)
    table = Table(*head, title=f"{recipe}: {shop.zoo.families[recipe].recipe.summary}", title_justify="left")
    for cells in body:
        table.add_row(*cells)
    width = None if sys.stdout.isatty() else 140
    Console(width=width).print(table)
    print(f"{hosts_line(rows)}\nCards: {', '.join(sorted(f'model_cards/{row.build.name}.md' for row in rows))}")


def hosts_line(rows: list[Subject]) -> str:
    """The hosts that the rows were measured on."""
    hosts = sorted({(row.measured.host.id, row.measured.host.cpu, row.measured.threads) for row in rows})
    named = "; ".join(f"`{id}` ({cpu}), {threads} thread" for id, cpu, threads in hosts)
    return f"Measured on {named}, batch 1, tokenizer included; brackets are 95 % intervals."


def section(rows: list[Subject]) -> str:
    """A table with the host under it."""
    return f"{markdown_table(results_table(rows))}\n\n{hosts_line(rows)}"
