"""Digest of the code that runs: syntax trees, without comments, docstrings and positions.

What a builder claims of the machine (`resources`, `TIMEOUT_S`) is left out too.

A first-party module counts when the entry module imports it, directly or not. Third-party code counts by
its version, in the action key.
"""

from __future__ import annotations

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

from zoosmith.plugins import KINDS, PACKAGE, find, module_name

SHIPPED = {"zoosmith": PACKAGE, "builders": KINDS["builders"]}
CLAIMS = ("resources", "TIMEOUT_S")
NOWHERE = Path(os.devnull)  # holds no file
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_digests(*entries: Path) -> dict[str, str]:
    """Digest by module name for `entries` and every first-party module that they import."""
    names = {path: module_name(path) for path in entries}
    found: dict[str, str] = {}
    waiting = [(path, _root(path)) for path in entries]
    while waiting:
        path, root = waiting.pop()
        name = names.setdefault(path, _dotted(path, root))
        if name not in found:
            stat = path.stat()
            found[name], imported = _digest_and_imports(path, root, stat.st_mtime_ns, stat.st_size)
            waiting.extend((file, root) for file in imported)
    return dict(sorted(found.items()))


def build_code(builder: str, task: str | None, project: Path) -> list[Path]:
    """The modules that a build starts from: the builder, and what binds its task."""
    files = [find("builders", builder, project), PACKAGE / "tasks" / "__init__.py"]
    return files + ([find("tasks", task, project)] if task else [])


@cache
def _digest_and_imports(path: Path, root: Path, mtime_ns: int, size: int) -> tuple[str, tuple[Path, ...]]:
    """`mtime_ns` and `size` are there for the cache: a changed file is read again."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    if path.parent.name == "builders":
        tree.body = [node for node in tree.body if not _is_claim(node)]
    imports = tuple(dict.fromkeys(_imported_files(tree, path, root)))
    _drop_docstrings(tree)
    return hashlib.sha256(_canonical(tree).encode()).hexdigest(), imports


def _is_claim(node: ast.stmt) -> bool:
    """Whether a builder says here what a build takes of the machine, which changes nothing that it makes."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in CLAIMS for target in node.targets)
    return isinstance(node, ast.FunctionDef) and node.name in CLAIMS


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


def _imported_files(tree: ast.AST, path: Path, root: Path) -> list[Path]:
    stems: list[Path] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            stems += [_stem(alias.name, root) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = _stem(node.module or "", root) if node.level == 0 else _relative(node, path)
            stems += [module, *(module / alias.name for alias in node.names)]
    return [file for file in map(_file, stems) if file]


def _stem(name: str, root: Path) -> Path:
    """Where a module would be, without the suffix: in the package, the shipped builders, or a user's own zoo."""
    head, _, rest = name.partition(".")
    home = SHIPPED.get(head, root / head)
    return home.joinpath(*rest.split("."))


def _relative(node: ast.ImportFrom, path: Path) -> Path:
    return path.parents[node.level - 1].joinpath(*(node.module or "").split("."))


def _file(stem: Path) -> Path | None:
    """File of a first-party module; the bare package `zoosmith` holds nothing that runs in a step."""
    if stem == PACKAGE:
        return None
    return next((file for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py") if file.is_file()), None)


def _root(entry: Path) -> Path:
    """The zoo of a user's plug-in, whose modules it may import; what is shipped imports only what is shipped."""
    if any(home in entry.parents for home in SHIPPED.values()):
        return NOWHERE
    return entry.parents[2 if entry.name == "__init__.py" else 1]


def _dotted(path: Path, root: Path) -> str:
    """Dotted name of a first-party file; those of a user's zoo are below `zoo`."""
    shipped = next((home.parent for home in SHIPPED.values() if home in path.parents), None)
    parts = path.relative_to(shipped or root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return name if shipped else f"zoo.{name}"
