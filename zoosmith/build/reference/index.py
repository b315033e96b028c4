"""Every builder in a line, read from its syntax tree: nothing is imported, and a broken one is listed too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from zoosmith import plugins

BROKEN = "cannot be read"


class Entry(NamedTuple):
    """A builder: what it is called, what it does, formats that it takes and gives, whether it is the project's own."""

    name: str
    about: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    own: bool
    file: str


def entries(project: Path) -> list[Entry]:
    """The builders of a project and those that are shipped, by name."""
    return [entry(name, project) for name in plugins.known("builders", project)]


def entry(name: str, project: Path) -> Entry:
    """One builder. Raises ZooError with the nearest name where there is none."""
    file = plugins.find("builders", name, project)
    own = plugins.KINDS["builders"] not in file.parents
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        return Entry(name, f"{BROKEN}: {error}", (), (), own, str(file))
    takes = tuple(dict.fromkeys(_texts(_value(tree, "ACCEPTS"), of_values=True)))
    return Entry(
        name, first_sentence(ast.get_docstring(tree)), takes, tuple(dict.fromkeys(_gives(tree))), own, str(file)
    )


def first_sentence(doc: str | None) -> str:
    """The first sentence of a docstring, without its full stop; "" without one."""
    return " ".join((doc or "").strip().partition("\n\n")[0].split()).removesuffix(".")


def _value(tree: ast.Module, name: str) -> ast.AST | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            return node.value
    return None


def _gives(tree: ast.Module) -> Iterator[str]:
    """FORMAT, or the first argument of each `Output(...)`."""
    yield from _texts(_value(tree, "FORMAT"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Output" and node.args:
            yield from _texts(node.args[0])


def _texts(node: ast.AST | None, *, of_values: bool = False) -> Iterator[str]:
    if isinstance(node, ast.Dict) and of_values:
        for value in node.values:
            yield from _texts(value)
    elif node is not None:
        constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
        yield from (value for value in constants if isinstance(value, str))
