"""Faults of plug-ins told as one message with file and line: they are other people's code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.params import Params

# Names that a plug-in must have, each with those that may stand in for it; see `zoosmith.contract`.
BUILDER = (("build",), ("Params",), ("FORMAT", "output"), ("PRECISION", "output"), ("ACCEPTS", "accepts"))
RUNTIME = (("open",), ("REQUIRES",), ("EXTRA",), ("LIBRARY",), ("CAPABILITIES",))


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Whatever the code in `file` raises becomes a ZooError that says where, and of what kind it is."""
    try:
        yield
    except ZooError:
        raise
    except (Exception, SystemExit) as error:
        raise ZooError(f"{place(error, file)}: {type(error).__name__}: {_words(error)}") from error


def place(error: BaseException, file: Path) -> str:
    """`FILE:LINE` of an error: of bad syntax, else of the last line of `file` that was running."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    return f"{file}:{lines[-1]}" if lines else str(file)


def _words(error: BaseException) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else str(error)


def check_names(module: ModuleType, needed: tuple[tuple[str, ...], ...]) -> None:
    """Raise ZooError for the first name that a plug-in lacks, with the nearest one that it has."""
    file = Path(str(module.__file__))
    for names in needed:
        if not any(hasattr(module, name) for name in names):
            own = [name for name in vars(module) if not name.startswith("__")]
            guess = nearest(names[0], own).partition("; known")[0]
            raise ZooError(f"{file}:1: has no {' or '.join(map(repr, names))}{guess}; docs/howto has what it needs")


def check_builder(module: ModuleType) -> None:
    """Raise ZooError unless a builder has the names that it needs, and they are what they must be."""
    check_names(module, BUILDER)
    file = Path(str(module.__file__))
    if not isinstance(module.Params, type) or not issubclass(module.Params, Params):
        raise ZooError(f"{file}:1: Params is no subclass of zoosmith.contract.params.Params")
    for name in ("build", "output", "accepts", "data", "check", "resources"):
        if hasattr(module, name) and not callable(getattr(module, name)):
            raise ZooError(f"{file}:1: {name!r} is {getattr(module, name)!r}, not a function")
