"""Digest of the code that runs: syntax trees, without comments, docstrings and positions.

A first-party module counts if the entry module imports it, directly or not; imports for type checkers alone do not
count. Third-party code counts by its version, in the action key. What a builder claims of the machine (`resources`,
`TIMEOUT_S`) is left out.

A module's digest holds what it imports from other first-party modules by their content, not by their names, so that
moving a file changes no digest. Action keys hold the digests alone (`closure_key`); names are for explanations.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from zoosmith.build import syntax
from zoosmith.build.kept_code import KeptCode, missing, save_at_exit
from zoosmith.build.syntax import NOWHERE, SHIPPED, Module, from_source
from zoosmith.plugins import KINDS, find, module_name, part_file

READERS = (Path(__file__), Path(str(syntax.__file__)))  # what is kept holds for as long as these are the same
Closure = dict[Path, tuple[Module, Path]]
_kept: list[KeptCode] = []  # one, once there is a store to keep in


def keep_in(store: Path) -> None:
    """Keep what is read of modules in the store at `store`, and believe what is kept there. It changes no digest."""
    if not _kept or _kept[0].store != store:
        _save()
        _kept.append(KeptCode(store, *READERS))
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
    closure = _closure(entries)
    found = {
        names.get(path) or _dotted(path, root): _digest(module, closure)
        for path, (module, root) in closure.items()
        if module.own is not None
    }
    return dict(sorted(found.items()))


def code_files(*entries: Path) -> list[Path]:
    """Every first-party file that `code_digests` counts, and those without code."""
    return [*_closure(entries)]


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
    closure = _closure(entries)
    own = [module for path, (module, root) in closure.items() if root != NOWHERE and not _is_shipped(path)]
    return {name for module in own for name in module.others} - sys.stdlib_module_names - SHIPPED.keys()


def _closure(entries: Iterable[Path]) -> Closure:
    """Each file that the entries need, itself included, with the zoo that its imports are looked up in. Read once."""
    found: Closure = {}
    waiting = [(path, _root(path)) for path in entries]
    while waiting:
        path, root = waiting.pop()
        if path not in found:
            found[path] = module, _ = _read(path, root), root
            waiting.extend((file, root) for file in module.imported)
    return found


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


def _digest(module: Module, closure: Closure) -> str:
    known = ((closure[file][0].own, names) for file, names in module.imported.items())
    imported = sorted([own, *names] for own, names in known if own is not None)
    return hashlib.sha256(repr((module.own, imported)).encode()).hexdigest()


def _read(path: Path, root: Path) -> Module:
    stat = path.stat()
    return _parsed(path, root, stat.st_mtime_ns, stat.st_size)


@cache
def _parsed(path: Path, root: Path, mtime_ns: int, size: int) -> Module:
    """`mtime_ns` and `size` are there for the cache: a changed file is read again."""
    if _kept and (known := _kept[0].get(path, root)):
        imported = {Path(file): tuple(names) for file, names in known["imported"].items()}
        return Module(known["own"], imported, frozenset(known["others"]))
    seen = path.stat()
    module, asked = from_source(path, root)
    if _kept and not any(file.exists() for file in asked):
        places = {str(file): names for file, names in module.imported.items()}
        read = {"own": module.own, "imported": places, "others": sorted(module.others)}
        _kept[0].put(path, root, seen, read, sorted(set(map(missing, asked))))
    return module


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
