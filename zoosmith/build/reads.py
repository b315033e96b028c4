"""Whether a step read anything that its key does not hold: a file of the zoo fails it, another one is told.

docs/keys.md says what a key holds.
"""

from __future__ import annotations

import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.codehash import code_files
from zoosmith.contract.errors import BuildError
from zoosmith.execution.witness import Witness, outside
from zoosmith.execution.worker import Step
from zoosmith.plugins import KINDS, PACKAGE
from zoosmith.transfer.cache import default_root

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin", "/run", "/var/lib")
SHOWN = 5


class Reader(NamedTuple):
    """Whose code is watched, for messages, and what to do about a file that it reads of the zoo."""

    who: str
    cure: str


BUILDER = Reader("the builder", "name files in TOOLS, import modules by an `import` statement")
BUILT_IN = Reader(
    "the built-in data",
    "import modules by an `import` statement, and keep rows in a data set of their own, under `path:`",
)


@contextmanager
def witnessed(step: Step, code: Iterable[Path], tools: Iterable[str] = (), reader: Reader = BUILDER) -> Iterator[None]:
    """Watch what runs inside. Raises BuildError for files of the zoo that are neither `code` nor `tools`.

    What else was read from outside is noted in the provenance and told.
    """
    started = step.out.stat().st_ctime
    witness = Witness()
    try:
        yield
    finally:
        witness.stop()
    known = {path.resolve() for path in (*code_files(*code), *(step.project / tool for tool in tools))}
    ours, others = _parted(step, witness.read())
    ours = [path for path in ours if _source(path.resolve()) not in known]
    if ours:
        ours = [path.relative_to(step.project) if path.is_relative_to(step.project) else path for path in ours]
        raise BuildError(
            f"{reader.who} read {_listed(ours)} of the zoo, which its key does not hold, so a change there would go "
            f"unseen; {reader.cure}"
        )
    _tell(step, reader.who, [path for path in others if not _own(path, started)], sorted(witness.connected))


def _parted(step: Step, read: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """What was read of the zoo, by its own names or by links that lead there, and what of elsewhere.

    Of the zoo only what lies in a home within it counts as known, such as an environment. All of it may lie in one, as
    below `/var/lib`, or where an environment was made of its own folder.
    """
    zoo, homes = (step.project, step.project.resolve()), _homes(step)
    inner = [home for home in homes if not any(place.is_relative_to(each) for place in zoo for each in _both(home))]
    named = [path for path in (*read, *_imported()) if any(path.is_relative_to(place) for place in zoo)]
    others = outside((path for path in read if path not in set(named)), homes)
    led = [path for path in others if path.resolve().is_relative_to(zoo[1])]
    return list(dict.fromkeys(outside([*named, *led], inner))), [path for path in others if path not in led]


def _both(home: Path) -> tuple[Path, Path]:
    return home, home.resolve()


def _imported() -> Iterator[Path]:
    """Files of all modules that are here: one of the zoo may have stood in for a library's before anybody watched."""
    for module in list(sys.modules.values()):
        if file := getattr(module, "__file__", None):
            yield Path(file)


def _tell(step: Step, who: str, strange: list[Path], connected: list[str]) -> None:
    if strange:
        step.note("outside_key", [_without_home(path) for path in strange])
        step.say(f"{who} read {_listed(strange)}, which its key does not hold: a change there rebuilds nothing")
    if connected:
        step.note("connected", connected)
        step.say(f"{who} asked {_listed(connected)}: what it got there is not in its key")


def _homes(step: Step) -> list[Path]:
    """Where files are that the key holds as a whole, or that belong to the engine and the system."""
    paths = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, sys.exec_prefix, site.getusersitepackages()]
    shipped = [PACKAGE, KINDS["builders"]]
    tools = default_root() / "tools"
    return [*map(Path, {*paths, *SYSTEM}), *shipped, tools, step.store.root]


def _without_home(path: Path) -> str:
    """As it may stand in a record that is published: not whose home it is."""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def _own(path: Path, started: float) -> bool:
    """Whether this step made a temporary file."""
    return path.is_relative_to(tempfile.gettempdir()) and path.stat().st_ctime >= started


def _source(path: Path) -> Path:
    """The module that a file of bytecode was made from; any other file itself."""
    if path.parent.name != "__pycache__":
        return path
    return path.parent.parent / f"{path.name.partition('.')[0]}.py"


def _listed(items: Iterable[object]) -> str:
    found = list(map(str, items))
    return ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
