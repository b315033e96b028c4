"""A builder's reference as text of 80 columns and as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from zoosmith.build.reference.builder import Builder, builder, yaml
from zoosmith.build.reference.index import entries
from zoosmith.build.reference.parameters import Parameter
from zoosmith.common.wrapped import filled, paragraphs, table

MANY = 6
NOBODY = "No recipe here has one yet; it would be written"
HEAD = """\
# Reference of builders

Made from the builders themselves by `zoosmith builders --markdown`; a test holds that the two are the same.
`zoosmith builders NAME` prints one for a terminal, those of your own `builders/` too.
[Shipped builders](../builders.md) says when to take which.
"""


def facts(one: Builder) -> list[tuple[str, str]]:
    """What it takes, gives, reads and needs."""
    told = [("takes", "; ".join(_roles(one))), ("gives", "; ".join(_formats(one.gives)))]
    told += [("reads", ", ".join(one.reads))] if one.reads else []
    return [*told, ("needs", ", ".join(one.requires) or "nothing"), ("runs on", ", ".join(one.devices))]


def _roles(one: Builder) -> Iterator[str]:
    for role in one.takes:
        name = "" if role.role == "from" and len({each.role for each in one.takes}) == 1 else f"{role.role}: "
        with_ = f" (with `{role.only_with}`)" if role.only_with else ""
        yield name + " or ".join("a base" if each == "source" else each for each in role.formats) + with_


def _formats(gives: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for format, precisions in gives.items():
        told = ", ".join(precisions) if len(precisions) <= MANY else f"{len(precisions)} precisions"
        yield f"{format} ({told})"


def flat(parameters: Iterable[Parameter], prefix: str = "") -> Iterator[Parameter]:
    """Parameters in one row, those of a mapping behind it with its name before theirs."""
    for one in parameters:
        yield one._replace(name=prefix + one.name)
        yield from flat(one.parameters, f"{prefix}{one.name}.")


def text(one: Builder) -> list[str]:
    """For a terminal."""
    lines = [one.name, "", *paragraphs(one.about), "", *table(facts(one)), "", "parameters"]
    for each in flat(one.parameters):
        allowed = f" ({each.allowed})" if each.allowed else ""
        lines += filled(f"{each.name}: {each.type}{allowed}, default {yaml(each.default)}", "  ", "    ")
        lines += filled(each.about, "      ", "      ") if each.about else []
    if not one.parameters:
        lines += ["  none"]
    return [*lines, "", f"example{_from(one)}", *(f"  {line}" for line in one.example.text.split("\n"))]


def _from(one: Builder) -> str:
    return f", of recipe {one.example.recipe}" if one.example.recipe else ": no recipe here has one yet"


def page(project: Path) -> str:
    """docs/reference/builders.md: every shipped builder."""
    return "\n".join([HEAD, *(_section(builder(one.name, project)) for one in entries(project) if not one.own)])


def _section(one: Builder) -> str:
    rows = [f"- **{key}**: {value}" for key, value in facts(one)]
    shown = f"Recipe `{one.example.recipe}` has" if one.example.recipe else NOBODY
    return "\n".join([f"## {one.name}", "", one.about, "", *rows, "", *_table(one.parameters), "", f"{shown}:", "",
                      "```yaml", one.example.text, "```", ""])  # fmt: skip


def _table(parameters: Sequence[Parameter]) -> list[str]:
    if not parameters:
        return ["It has no parameters."]
    rows = ([f"`{one.name}`", one.type, f"`{yaml(one.default)}`", one.allowed, one.about] for one in flat(parameters))
    head = ["| parameter | type | default | allowed | what it is |", "|---|---|---|---|---|"]
    return head + [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
