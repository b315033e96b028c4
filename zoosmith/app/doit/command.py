"""What commands of ours have in common: they find the zoo from any folder, and end with one message."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from doit.cmd_base import DoitCmdBase
from doit.dependency import DbmDB, JsonDB, SqliteDB
from doit.exceptions import InvalidCommand

from zoosmith.app.doit.interspersed import options_first
from zoosmith.app.doit.opened import OPENED, WORKERS, told_of
from zoosmith.common.text import not_utf8, show_error, while_read
from zoosmith.contract.errors import ZooError
from zoosmith.execution.interrupt import interruptible, leave

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace
    from zoosmith.recipes.graph import Ref

INTERRUPTED = 130  # as shells report a program that SIGINT ended

opt_executor = {
    "name": "executor",
    "long": "executor",
    "type": str,
    "default": "",
    "help": "where steps run: local; ray (a Ray cluster on this machine), ray:auto or ray:HOST:PORT (the cluster that "
    "this machine is a node of); else as [executor] in zoosmith.toml says",
}
opt_profile = {
    "name": "profile",
    "long": "profile",
    "type": str,
    "default": "",
    "help": "host class of the cluster's nodes that builds are for: their packages, processor and device enter keys; "
    "else as [executor] in zoosmith.toml says, else those of this machine",
}


def refuse_bad_bytes(arguments: list[str]) -> None:
    """Raise doit's InvalidCommand for an argument that is no UTF-8: no name has such, and it cannot be printed."""
    if bad := not_utf8(arguments):
        raise InvalidCommand(f"{bad} on the command line is no UTF-8")


class Anywhere:
    """Finds dodo.py in the folders above, as git finds its repository."""

    def get_options(self) -> list[Any]:
        """As the base class, with doit's own `seek_file` switched on."""
        options: list[Any] = super().get_options()  # type: ignore[misc]
        for option in options:
            if option.name == "seek_file":
                option.default = True
        return options

    def parse_execute(self, in_args: list[str]) -> int:
        """As the base class, with options behind names too."""
        flags = {f"--{one.long}": one.type is bool for one in self.get_options() if one.long}
        code: int = super().parse_execute(options_first(in_args, flags))  # type: ignore[misc]
        return code

    def get_backends(self) -> dict[str, Any]:
        """Those of doit itself: it would look for more in the metadata of every package that is installed."""
        found = {"dbm": DbmDB, "json": JsonDB, "sqlite3": SqliteDB}
        self.cmdparser["backend"].choices = dict.fromkeys(found, "")  # type: ignore[attr-defined]
        return found

    def load(self, params: Any) -> Workspace | None:
        """Load dodo.py, once: doit would do so again from another folder. None where it is another project's."""
        refuse_bad_bytes(sys.argv[1:])
        self.loader.setup(params)  # type: ignore[attr-defined]
        self.loader.setup = lambda params: None  # type: ignore[attr-defined]
        return OPENED.get("workspace")


class ZooCommand(Anywhere, DoitCmdBase):  # type: ignore[misc]  # doit ships no types
    """Base of our commands: they look at the zoo and run no tasks. A subclass has `look(workspace, params, names)`."""

    cmd_options: tuple[Any, ...] = ()

    def execute(self, params: Any, args: list[str]) -> int:
        """Open the zoo; no task is made."""
        return unless_interrupted(lambda: self._load_and_look(params, args))

    def _load_and_look(self, params: Any, args: list[str]) -> int:
        OPENED["args"], OPENED["scratch"] = args, params.get("scratch", False)
        self.load(params)
        return interruptible(lambda: told(lambda: self.look(OPENED["workspace"], params, args)), interrupt)


def flag(name: str, help: str) -> dict[str, Any]:
    """An option that is there or not."""
    return {"name": name, "long": name, "short": "", "type": bool, "default": False, "help": help}


def told(look: Callable[[], int]) -> int:
    """The exit code of a command; our errors, and those of the system, become one message and exit code 1."""
    try:
        return look()
    except BrokenPipeError:  # its reader has seen enough
        raise
    except (ZooError, OSError) as error:
        show_error("ERROR", told_of(error))
        return 1


def unless_interrupted(work: Callable[[], int]) -> int:
    """The exit code of a command; on Ctrl-C the process ends with one message and the exit code that shells know."""
    try:
        return while_read(work)
    except KeyboardInterrupt:
        if "workspace" in OPENED:
            OPENED["workspace"].runner.display.close()
        sys.stderr.write("\ninterrupted. What is finished is kept; the same command goes on from there.\n")
        leave(INTERRUPTED)


def interrupt() -> None:
    """End what runs: our workers, and processes of doit."""
    WORKERS.interrupt()
    for process in multiprocessing.active_children():  # doit's own, with `-P process`
        process.terminate()


def chosen(workspace: Workspace, names: list[str]) -> list[Ref]:
    """The artifacts named, with or without a task group before the name. Raises ZooError for none."""
    if not names:
        example = next(iter(workspace.zoo.by_full_name), "NAME")
        raise ZooError(f"say which artifact, such as {example}; `doit list` shows the names")
    return [workspace.zoo.find(name.rpartition(":")[2]) for name in names]
