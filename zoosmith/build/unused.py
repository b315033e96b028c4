"""Plug-ins of a zoo's own that no recipe uses: what is wrong with them as text, for nothing of them runs.

A recipe that uses a broken one says so itself, when it is checked. Each file is parsed once: what was found is kept
by path, size and time of change.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from zoosmith import plugins
from zoosmith.build import foreign
from zoosmith.common.canonical import canonical
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Zoo
from zoosmith.store import heal

KEPT = Path("artifacts", ".plugins")
NEEDED = {"builders": foreign.BUILDER, "runtimes": foreign.RUNTIME}
BY_CODE = ("globals", "vars", "locals", "exec", "eval", "setattr", "__getattr__", "*")  # names may come from anywhere
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
LIKE = 2  # a module with fewer of the names is none of the kind, but helps others
Known = dict[str, list[int | str | None]]


def faults(project: Path, zoo: Zoo) -> dict[str, str]:
    """What is wrong with each file of the project's plug-ins that no artifact of `zoo` is made by, a line each."""
    before, now = _kept(project), Known()
    used = set(_builders(project, zoo))
    for kind, file in _files(project):
        if file not in used:
            with suppress(OSError):  # gone meanwhile, or a link to nothing
                stat = file.stat()
                mark: list[int | str | None] = [stat.st_size, stat.st_mtime_ns]
                same = before.get(str(file), [])
                now[str(file)] = same if same[:-1] == mark else [*mark, fault(kind, file)]
    if now != before:
        _keep(project, now)
    return {file: str(told[-1]) for file, told in now.items() if told[-1] is not None}


def _builders(project: Path, zoo: Zoo) -> Iterator[Path]:
    """Files of the builders that artifacts are made by."""
    for family in zoo.families.values():
        for name in {artifact.builder for artifact in family.recipe.artifacts.values()}:
            with suppress(ZooError):
                yield plugins.find("builders", name, project)


def _files(project: Path) -> Iterator[tuple[str, Path]]:
    """Kind and file of each module of the project's own plug-ins; those of folders beside their `__init__.py`."""
    for kind in plugins.KINDS:
        found = [*(project / kind).glob("*.py"), *(project / kind).glob("*/*.py")]
        yield from (
            (kind, file) for file in sorted(found) if not file.relative_to(project / kind).parts[0].startswith("_")
        )


def fault(kind: str, file: Path) -> str | None:
    """What is wrong with the module of a plug-in, with file and line: its syntax, or a name that it must have."""
    try:
        names = _names(ast.parse(file.read_bytes(), filename=str(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        return foreign.words(error, file)
    needed = NEEDED.get(kind, ())
    is_part = file.parent.name != kind and file.name != "__init__.py"
    if names is None or is_part or sum(not names.isdisjoint(group) for group in needed) < LIKE:
        return None
    return foreign.lacking(file, sorted(names), needed)


def _names(tree: ast.Module) -> set[str] | None:
    """What a module binds, without what its functions and classes hold; None where that is decided as it runs."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        own = _name(node)
        if own in BY_CODE:
            return None
        if own and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            found.add(own)
        if not isinstance(node, INNER):
            waiting += ast.iter_child_nodes(node)
    return found


def _name(node: ast.AST) -> str | None:
    """The name that a node binds or asks for."""
    if isinstance(node, ast.alias):
        return node.asname or node.name.partition(".")[0]
    found = getattr(node, "name", None) or getattr(node, "id", None)
    return found if isinstance(found, str) else None


def _kept(project: Path) -> Known:
    try:
        told = json.loads(heal.read_regular(project / KEPT) or b"")
        return {str(file): list(each) for file, each in told.items() if len(each) == 3}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _keep(project: Path, known: Known) -> None:
    """Where nothing can be written, the next run parses again."""
    with suppress(OSError):
        heal.place(project / KEPT, canonical(known), (project / KEPT).parent)
