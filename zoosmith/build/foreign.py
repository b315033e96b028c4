"""Faults of plug-ins told as one message with file and line: they are other people's code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
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
        raise ZooError(words(error, file)) from error


def words(error: BaseException, file: Path) -> str:
    """`FILE:LINE: KIND: MESSAGE` of what the code in `file` raised."""
    said = str(error.msg) if isinstance(error, SyntaxError) else str(error)
    return f"{place(error, file)}: {type(error).__name__}: {said}"


def place(error: BaseException, file: Path) -> str:
    """`FILE:LINE` of an error: of bad syntax, else of the last line of `file` that was running."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    return f"{file}:{lines[-1]}" if lines else str(file)


def check_names(module: ModuleType, needed: tuple[tuple[str, ...], ...]) -> None:
    """Raise ZooError for the first name that a plug-in lacks, with the nearest one that it has."""
    given = [name for group in needed for name in group if hasattr(module, name)]
    if fault := lacking(Path(str(module.__file__)), [*vars(module), *given], needed):
        raise ZooError(fault)


def lacking(file: Path, names: Sequence[str], needed: tuple[tuple[str, ...], ...]) -> str | None:
    """The first name that the plug-in in `file`, which has `names`, lacks, with the nearest one that it has."""
    for wanted in needed:
        if not set(wanted) & set(names):
            own = [name for name in names if not name.startswith("__")]
            guess = nearest(wanted[0], own).partition("; known")[0]
            return f"{file}:1: has no {' or '.join(map(repr, wanted))}{guess}; docs/howto has what it needs"
    return None


def check_builder(module: ModuleType) -> None:
    """Raise ZooError unless a builder has the names that it needs, and they are what they must be."""
    check_names(module, BUILDER)
    file = Path(str(module.__file__))
    if not isinstance(module.Params, type) or not issubclass(module.Params, Params):
        raise ZooError(f"{file}:1: Params is no subclass of zoosmith.contract.params.Params")
    for name in ("build", "output", "accepts", "data", "check", "resources"):
        if hasattr(module, name) and not callable(getattr(module, name)):
            raise ZooError(f"{file}:1: {name!r} is {getattr(module, name)!r}, not a function")
