"""Whether a build read anything that its key does not hold: a file of the zoo fails it, another one is told.

docs/keys.md says what a key holds.
"""

from __future__ import annotations

import site
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from zoosmith.build.codehash import code_files
from zoosmith.contract.errors import BuildError
from zoosmith.execution.witness import Witness, outside
from zoosmith.execution.worker import Step
from zoosmith.plugins import KINDS, PACKAGE
from zoosmith.transfer.cache import default_root

SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib", "/lib64", "/bin", "/run", "/var/lib")
SHOWN = 5


@contextmanager
def witnessed(step: Step, code: Iterable[Path], tools: Iterable[str]) -> Iterator[None]:
    """Watch what runs inside. Raises BuildError for files of the zoo that are neither `code` nor `tools`.

    What else was read from outside is noted in the provenance and told.
    """
    started = step.out.stat().st_ctime
    witness = Witness()
    try:
        yield
    finally:
        witness.stop()
    known = {*code_files(*code), *(step.project / tool for tool in tools)}
    strange = [path for path in outside(witness.read(), _homes(step)) if path not in known and not _own(path, started)]
    strange = [path for path in strange if _source(path) not in known]
    ours = [path for path in strange if path.is_relative_to(step.project)]
    if ours:
        names = _listed(path.relative_to(step.project) for path in ours)
        raise BuildError(
            f"the builder read {names} of the zoo, which its key does not hold, so a change there would go unseen; "
            "name files in TOOLS, import modules by an `import` statement"
        )
    _tell(step, strange, sorted(witness.connected))


def _tell(step: Step, strange: list[Path], connected: list[str]) -> None:
    if strange:
        step.note("outside_key", [_without_home(path) for path in strange])
        step.say(f"the builder read {_listed(strange)}, which its key does not hold: a change there rebuilds nothing")
    if connected:
        step.note("connected", connected)
        step.say(f"the builder asked {_listed(connected)}: what it got there is not in its key")


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
