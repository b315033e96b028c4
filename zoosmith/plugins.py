"""Builders, tasks, runtimes and built-in data, found by file name.

The user's project folder is looked at first (`<project>/<kind>/<id>.py`), then what is shipped. Nothing is
registered: adding one is adding a file. An import error is never swallowed. A folder without dodo.py is no project:
what somebody pulled into the working directory must not become code.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from zoosmith.common.names import IDENTIFIER, nearest
from zoosmith.contract.errors import ZooError

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent
SHIPPED = PACKAGE / "shipped"  # of an installed package: what lies at the top of the repository
KINDS = {
    "builders": SHIPPED / "builders" if SHIPPED.is_dir() else CHECKOUT / "builders",
    "tasks": PACKAGE / "tasks",
    "runtimes": PACKAGE / "runtimes",
    "builtin": PACKAGE / "builtin",
}


def shipped(name: str) -> Path:
    """Folder or file that travels with the package (`recipes`, the card template)."""
    inside = SHIPPED / name
    return inside if inside.exists() else CHECKOUT / name


def _file_of(folder: Path, stem: str) -> Path | None:
    for path in (folder / f"{stem}.py", folder / stem / "__init__.py"):
        if path.is_file() and re.fullmatch("[A-Za-z0-9][A-Za-z0-9_]*", stem):  # an id in a manifest never is a path
            return path
    return None


def _homes(kind: str, project: Path) -> tuple[Path, ...]:
    """Folders to look in, the project's first."""
    return (project / kind, KINDS[kind]) if (project / "dodo.py").is_file() else (KINDS[kind],)


def known(kind: str, project: Path) -> list[str]:
    """Ids of every plug-in of a kind, the project's and the shipped ones."""
    ids = set()
    for folder in _homes(kind, project):
        if folder.is_dir():
            files = [
                *filter(Path.is_file, folder.glob("*.py")),
                *(init.parent for init in folder.glob("*/__init__.py")),
            ]
            ids |= {file.stem for file in files if not file.stem.startswith("_")}
    return sorted(ids)


def find(kind: str, id: str, project: Path) -> Path:
    """The file of a plug-in. Raises ZooError with the nearest id; '-' and '_' in ids are the same."""
    if not IDENTIFIER.fullmatch(id.replace("_", "-")):
        raise ZooError(f"{id!r} cannot be the name of a {kind.removesuffix('s')}: letters, digits, '-' and '_' only")
    stem = id.replace("-", "_")
    for folder in _homes(kind, project):
        if path := _file_of(folder, stem):
            return path
    raise ZooError(f"no {kind.removesuffix('s')} is called {id!r}{nearest(stem, known(kind, project))}")


def _package(home: Path) -> str:
    """Dotted name of the package in a folder that is shipped."""
    return ".".join(home.relative_to(CHECKOUT).parts)


def part_file(kind: str, id: str, part: str, project: Path) -> Path:
    """The file of one part of a plug-in that is a folder, such as a task's `encoding`; else its only file."""
    path = find(kind, id, project)
    own = path.parent / f"{part}.py"
    return own if path.name == "__init__.py" and own.is_file() else path


def load_part(kind: str, id: str, part: str, project: Path) -> ModuleType:
    """Import one part of a plug-in. Raises as `load` does."""
    module = load(kind, id, project)
    if part_file(kind, id, part, project).stem != part:
        return module
    return importlib.import_module(f"{module.__name__}.{part}")


def module_name(path: Path) -> str:
    """Dotted name under which a file is imported: the package's own name where it is shipped."""
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    folder = path.parent.parent if path.name == "__init__.py" else path.parent
    for home in KINDS.values():
        if folder == home:
            return f"{_package(home)}.{stem}"
        if folder.parent == home and stem == path.stem:  # a part of a plug-in that is a folder
            return f"{_package(home)}.{folder.name}.{stem}"
    if folder.parent.name in KINDS and stem == path.stem:
        return f"zoo_{folder.parent.name}_{folder.name}.{stem}"
    return f"zoo_{folder.name}_{stem}"


@cache
def load(kind: str, id: str, project: Path) -> ModuleType:
    """Import a plug-in. Raises ZooError when there is none, and whatever its own import raises."""
    path = find(kind, id, project)
    name = module_name(path)
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
        return sys.modules[name]
    if not name.startswith("zoo_"):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ZooError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]  # a half-made module must not answer the next call
        raise
    return module
