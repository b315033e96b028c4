"""What Python keeps of a zoo's own modules is removed before they are imported, so that what runs is what was hashed.

Python takes bytecode for that of a module whose size and time of change, in whole seconds, are those of its source. An
archive that gives all files one time, a tool that copies times, or two edits within a second give them to other code.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from zoosmith.plugins import KINDS, PACKAGE


def forget(files: Iterable[Path]) -> None:
    """Bytecode of these modules; that of shipped ones stays."""
    for file in files:
        if not any(home in file.parents for home in (PACKAGE, *KINDS.values())):
            _remove(Path(cache_from_source(str(file))))


def forget_all(project: Path) -> None:
    """Bytecode of a zoo's plug-ins, and of the modules beside its dodo.py."""
    own = [project / kind for kind, home in KINDS.items() if project / kind != home]
    for folder in (project / "__pycache__", *(each for home in own for each in home.rglob("__pycache__"))):
        for file in folder.glob("*.pyc"):
            _remove(file)


def _remove(file: Path) -> None:
    with suppress(OSError):  # not there; where it cannot be removed, Python could not have written it either
        file.unlink()
