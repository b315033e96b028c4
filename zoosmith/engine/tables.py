"""Tables in README.md that are made from what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.core.card import Subject, markdown_table, replace_section, results_table
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


def section(rows: list[Subject]) -> str:
    """A table with the host under it."""
    hosts = sorted({(row.measured.host.id, row.measured.host.cpu, row.measured.threads) for row in rows})
    named = "; ".join(f"`{id}` ({cpu}), {threads} thread" for id, cpu, threads in hosts)
    return f"{markdown_table(results_table(rows))}\n\nMeasured on {named}, batch 1, tokenizer included."
