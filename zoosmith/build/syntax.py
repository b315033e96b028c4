"""One module of Python as a syntax tree: its own code, and what it imports, which is taken out of it.

Comments, docstrings and positions are left out, as is what a builder claims of the machine. `zoosmith.build.codehash`
makes digests of it.
"""

from __future__ import annotations

import ast
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from zoosmith.plugins import KINDS, PACKAGE

SHIPPED = {"zoosmith": PACKAGE, "builders": KINDS["builders"]}
CLAIMS = ("resources", "TIMEOUT_S")
NOWHERE = Path(os.devnull)  # holds no file
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Module(NamedTuple):
    """A parsed module: its own code without first-party imports, and what those bring in.

    imported: by file, the names that the module knows it or its members by; `own` is None for a module without code.
    others: the first parts of names that are imported from elsewhere.
    """

    own: str | None
    imported: dict[Path, tuple[str, ...]]
    others: frozenset[str]


def from_source(path: Path, root: Path) -> tuple[Module, set[Path]]:
    """The module, and the files that its imports might have meant and that are not there."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    if path.parent.name == "builders":
        tree.body = [node for node in tree.body if not _is_claim(node)]
    _drop_docstrings(tree)
    imports = _Imports(path, root)
    imports.visit(tree)
    own = hashlib.sha256(_canonical(tree).encode()).hexdigest() if tree.body or imports.found else None
    for file in (path, *imports.found.copy()):
        for init in _packages(file, root, imports.absent):
            imports.found.setdefault(init, set()).add("")
    found = {file: tuple(sorted(names)) for file, names in imports.found.items()}
    return Module(own, found, frozenset(imports.others)), imports.absent


def _packages(file: Path, root: Path, absent: set[Path]) -> list[Path]:
    """`__init__.py` of each package around a file: it runs before the file does. Not that of `zoosmith` itself.

    The one that is not there, which ends them, is added to `absent`.
    """
    tops = {root, PACKAGE, *(home.parent for home in SHIPPED.values())}
    inits = []
    for folder in file.parents:
        init = folder / "__init__.py"
        if folder in tops:
            break
        if not init.is_file():
            absent.add(init)
            break
        if init != file:
            inits.append(init)
    return inits


class _Imports(ast.NodeTransformer):
    """Takes first-party imports, and all imports for type checkers, out of a syntax tree; `found` has the former.

    `others` has the first parts of the names of what is imported beside these, `absent` the files that were looked for.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.path = path
        self.root = root
        self.found: dict[Path, set[str]] = {}
        self.others: set[str] = set()
        self.absent: set[Path] = set()

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """`if TYPE_CHECKING:` never runs."""
        test = node.test.attr if isinstance(node.test, ast.Attribute) else getattr(node.test, "id", "")
        if test == "TYPE_CHECKING" and not node.orelse:
            return None
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        """`import zoosmith.common.names as n`"""
        node.names = [alias for alias in node.names if not self._are_ours(_stems(alias.name, self.root), alias)]
        self.others |= {alias.name.partition(".")[0] for alias in node.names}
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """`from zoosmith.common import names`, `from zoosmith.common.names import nearest`, `from . import one`"""
        modules = _stems(node.module or "", self.root) if node.level == 0 else [_relative(node, self.path)]
        ours = [alias for alias in node.names if self._are_ours(modules, alias, member=True)]
        node.names = [alias for alias in node.names if alias not in ours]
        if node.names and node.level == 0:
            self.others.add((node.module or "").partition(".")[0])
        return node if node.names else None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`importlib.import_module("helper")`: the call stays, the module counts."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if (
            called in ("import_module", "__import__")
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
        ):
            self._are_ours(_stems(first.value, self.root), ast.alias(first.value))
        return self.generic_visit(node)

    def _are_ours(self, stems: list[Path], alias: ast.alias, *, member: bool = False) -> bool:
        """Whether one of the places has the module, or the module whose member is imported; each that has is noted."""
        if member:
            found = [self._is_ours(stem / alias.name, alias, stem) for stem in stems]
        else:
            found = [self._is_ours(stem, alias) for stem in stems]
        return any(found)

    def _is_ours(self, stem: Path, alias: ast.alias, package: Path | None = None) -> bool:
        """Whether an import is first-party; it is noted then: a module under its name, a member with its module."""
        known = f"{alias.name.rpartition('.')[2]} as {alias.asname or alias.name.rpartition('.')[2]}"
        module, member = _file(stem, self.absent), _file(package, self.absent) if package else None
        for file in filter(None, (module, member)):
            self.found.setdefault(file, set()).add("" if file is member and module else known)
        return module is not None or member is not None


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


def _stems(name: str, root: Path) -> list[Path]:
    """Where a module may be, without the suffix: in the package, the shipped builders, a user's own zoo."""
    head, _, rest = name.partition(".")
    homes = [SHIPPED[head], root / head] if head in SHIPPED else [root / head]
    return [home.joinpath(*rest.split(".")) if rest else home for home in homes]


def _relative(node: ast.ImportFrom, path: Path) -> Path:
    return path.parents[node.level - 1].joinpath(*filter(None, (node.module or "").split(".")))


def _file(stem: Path, absent: set[Path]) -> Path | None:
    """File of a first-party module; the bare package `zoosmith` holds nothing that runs in a step.

    Places that were looked at in vain are added to `absent`.
    """
    if stem == PACKAGE:
        return None
    for file in _candidates(stem):
        if file.is_file():
            return file
        if NOWHERE not in file.parents:
            absent.add(file)
    return None


def _candidates(stem: Path) -> Iterator[Path]:
    if stem.name:
        yield stem.with_name(f"{stem.name}.py")
    yield stem / "__init__.py"
