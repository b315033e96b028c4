"""Digest of the code that runs: syntax trees, without comments, docstrings and positions.

A first-party module counts if the entry module imports it, directly or not; imports for type checkers alone do not
count. Third-party code counts by its version, in the action key. What a builder claims of the machine (`resources`,
`TIMEOUT_S`) is left out.

A module's digest holds what it imports from other first-party modules by their content, not by their names, so that
moving a file changes no digest. Action keys hold the digests alone (`closure_key`); names are for explanations.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.kept_code import KeptCode, missing, save_at_exit
from zoosmith.plugins import KINDS, PACKAGE, find, module_name, part_file

SHIPPED = {"zoosmith": PACKAGE, "builders": KINDS["builders"]}
CLAIMS = ("resources", "TIMEOUT_S")
NOWHERE = Path(os.devnull)  # holds no file
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class _Module(NamedTuple):
    """A parsed module: its own code without first-party imports, and what those bring in.

    imported: by file, the names that the module knows it or its members by; `own` is None for a module without code.
    others: the first parts of names that are imported from elsewhere.
    """

    own: str | None
    imported: dict[Path, tuple[str, ...]]
    others: frozenset[str]


_kept: list[KeptCode] = []  # one, once there is a store to keep in


def keep_in(store: Path) -> None:
    """Keep what is read of modules in the store at `store`, and believe what is kept there. It changes no digest."""
    if not _kept or _kept[0].store != store:
        _save()
        _kept.append(KeptCode(store, Path(__file__)))
        save_at_exit(_kept[0])


def forget() -> None:
    """Write what is to be kept, and read everything anew from now on, as a new process would."""
    _save()
    _parsed.cache_clear()


def _save() -> None:
    while _kept:
        _kept.pop().save()


def code_digests(*entries: Path) -> dict[str, str]:
    """Digest by module name for `entries` and every first-party module that they import; empty modules are left out."""
    names = {path: module_name(path) for path in entries}
    found: dict[str, str] = {}
    for path, root in _closure(entries):
        module = _read(path, root)
        if module.own is not None:
            found[names.setdefault(path, _dotted(path, root))] = _digest(module, root)
    return dict(sorted(found.items()))


def code_files(*entries: Path) -> list[Path]:
    """Every first-party file that `code_digests` counts, and those without code."""
    return [path for path, _ in _closure(entries)]


def beside(entry: Path) -> list[Path]:
    """A file, and those of its own folder that it imports, directly or over others of the folder."""
    found, waiting = {entry}, [entry]
    while waiting:
        near = {file for file in _read(waiting.pop(), NOWHERE).imported if file.parent == entry.parent}
        waiting += near - found
        found |= near
    return sorted(found)


def other_packages(*entries: Path) -> set[str]:
    """What the user's own modules behind `entries` import that is neither first-party nor of the standard library."""
    own = [(path, root) for path, root in _closure(entries) if root != NOWHERE and not _is_shipped(path)]
    return {name for path, root in own for name in _read(path, root).others} - sys.stdlib_module_names - SHIPPED.keys()


def _closure(entries: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file that the entries need, itself included, once, with the zoo that its imports are looked up in."""
    seen: set[Path] = set()
    waiting = [(path, _root(path)) for path in entries]
    while waiting:
        path, root = waiting.pop()
        if path not in seen:
            seen.add(path)
            yield path, root
            waiting.extend((file, root) for file in _read(path, root).imported)


def _is_shipped(path: Path) -> bool:
    return any(home in path.parents for home in SHIPPED.values())


def closure_key(digests: Mapping[str, str]) -> list[str]:
    """What an action key holds of `code_digests`: the digests, sorted, whatever the modules are called."""
    return sorted(digests.values())


def build_code(builder: str, task: str | None, project: Path) -> list[Path]:
    """The modules that a build starts from: the builder, and how its task encodes examples."""
    files = [find("builders", builder, project)]
    return files + ([part_file("tasks", task, "encoding", project)] if task else [])


def own_digest(path: Path) -> str | None:
    """Digest of a shipped module's own code, whatever it imports; None for a module without code."""
    return _read(path, NOWHERE).own


def _digest(module: _Module, root: Path) -> str:
    known = ((_read(file, root).own, names) for file, names in module.imported.items())
    imported = sorted([own, *names] for own, names in known if own is not None)
    return hashlib.sha256(repr((module.own, imported)).encode()).hexdigest()


def _read(path: Path, root: Path) -> _Module:
    stat = path.stat()
    return _parsed(path, root, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed(path: Path, root: Path, mtime_ns: int, size: int) -> _Module:
    """`mtime_ns` and `size` are there for the cache: a changed file is read again."""
    if _kept and (known := _kept[0].get(path, root)):
        imported = {Path(file): tuple(names) for file, names in known["imported"].items()}
        return _Module(known["own"], imported, frozenset(known["others"]))
    seen = path.stat()
    module, asked = _from_source(path, root)
    if _kept and not any(file.exists() for file in asked):
        places = {str(file): names for file, names in module.imported.items()}
        read = {"own": module.own, "imported": places, "others": sorted(module.others)}
        _kept[0].put(path, root, seen, read, sorted(set(map(missing, asked))))
    return module


def _from_source(path: Path, root: Path) -> tuple[_Module, set[Path]]:
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
    return _Module(own, found, frozenset(imports.others)), imports.absent


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


def _root(entry: Path) -> Path:
    """The zoo of a user's plug-in, whose modules it may import; what is shipped imports only what is shipped."""
    if any(home in entry.parents for home in SHIPPED.values()):
        return NOWHERE
    kinds = [folder for folder in entry.parents if folder.name in KINDS]
    return kinds[0].parent if kinds else entry.parent


def _dotted(path: Path, root: Path) -> str:
    """Dotted name of a first-party file; those of a user's zoo are below `zoo`."""
    shipped = next((home.parent for home in SHIPPED.values() if home in path.parents), None)
    parts = path.relative_to(shipped or root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return name if shipped else f"zoo.{name}"
