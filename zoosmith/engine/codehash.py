"""Digest of the code that runs: syntax trees, without comments, docstrings and positions.

A first-party module counts when the entry module imports it, directly or not. Third-party code counts by
its version, in the action key.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from zoosmith.plugins import CHECKOUT, PACKAGE, module_name

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digests(*entries: Path) -> dict[str, str]:
    """Digest by module name for `entries` and every first-party module that they import."""
    found: dict[str, str] = {}
    waiting = list(entries)
    while waiting:
        path = waiting.pop()
        name = module_name(path) if path in entries else _dotted(path)
        if name not in found:
            stat = path.stat()
            found[name], imported = _digest_and_imports(path, stat.st_mtime_ns, stat.st_size)
            waiting.extend(imported)
    return dict(sorted(found.items()))


@cache
def _digest_and_imports(path: Path, mtime_ns: int, size: int) -> tuple[str, tuple[Path, ...]]:
    """`mtime_ns` and `size` are there for the cache: a changed file is read again."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    imports = tuple(dict.fromkeys(_imported_files(tree)))
    _drop_docstrings(tree)
    return hashlib.sha256(_canonical(tree).encode()).hexdigest(), imports


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]


def _canonical(node: object) -> str:
    """Text of a syntax tree that does not vary with the Python version: unset fields are left out."""
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_canonical(value)}"
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("kind", "type_comment", "ctx")
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return "[" + ",".join(_canonical(item) for item in node) + "]"
    return repr(node)


def _imported_files(tree: ast.AST) -> list[Path]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [path for path in map(_first_party, names) if path]


def _first_party(name: str) -> Path | None:
    """File of a first-party module; the bare package `zoosmith` holds nothing that runs in a step."""
    head, _, rest = name.partition(".")
    if not rest or head not in ("zoosmith", "builders"):
        return None
    home = PACKAGE if head == "zoosmith" else CHECKOUT / "builders"
    stem = home.joinpath(*rest.split("."))
    for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _dotted(path: Path) -> str:
    """Dotted name of a first-party file."""
    relative = path.relative_to(PACKAGE.parent if PACKAGE in path.parents else CHECKOUT)
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
