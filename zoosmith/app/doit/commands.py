"""doit's commands for zoos: run and list from any folder, plan, why, check, gc."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.cmd_list import List as DoitList
from doit.cmd_run import Run as DoitRun
from doit.exceptions import InvalidCommand, InvalidDodoFile

from zoosmith.app.doit.crossval import asked_of
from zoosmith.build import explain
from zoosmith.build.workspace import Workspace
from zoosmith.build.zoo import recipe_files
from zoosmith.common.names import full_name, nearest
from zoosmith.common.text import not_utf8, show, show_error, show_lines, while_read
from zoosmith.contract.errors import ZooError
from zoosmith.execution.failure import failure
from zoosmith.execution.interrupt import Workers, interruptible, leave
from zoosmith.recipes.graph import Ref, Zoo

BROKEN = 3  # as doit ends where a dodo.py is wrong
INTERRUPTED = 130  # as shells report a program that SIGINT ended
WORKERS = Workers()  # of this process, known before there is a workspace: Ctrl-C may come while one is opened
_opened: dict[str, Any] = {"scratch": False, "names": [], "args": [], "crossval": {}}


def open_workspace(project: Path) -> Workspace:
    """The workspace of the zoo whose dodo.py is being loaded; its recipes are read and checked here.

    A broken recipe or builder is told and its families left out, while others go on. Raises doit's InvalidDodoFile
    with our message, which doit shows without a traceback, where none is left or a broken one was asked for.
    """
    workspace = Workspace(project, scratch=_opened["scratch"], workers=WORKERS)
    try:
        _ = workspace.zoo
    except (ZooError, OSError) as error:
        _leave_out_broken(workspace, told_of(error))
    workspace.crossval = _opened["crossval"]
    workspace.selected = needed_by(workspace.zoo, _opened["names"])
    _opened["workspace"] = workspace
    return workspace


def _leave_out_broken(workspace: Workspace, first: str) -> None:
    try:
        workspace.without_broken()
    except (ZooError, OSError) as error:
        raise InvalidDodoFile(told_of(error)) from None
    if not workspace.zoo.families:
        raise InvalidDodoFile(first)
    for name in _opened["args"]:
        for id, fault in workspace.broken.items():
            if name.rpartition(":")[2].startswith(f"{id}-") or name == id:
                raise InvalidDodoFile(str(fault))
    for fault in workspace.broken.values():
        show_error("ERROR", str(fault))
    show(f"{len(workspace.broken)} of {len(recipe_files(workspace.project))} families left out", to=sys.stderr)


def told_of(error: BaseException) -> str:
    """The words of an error of ours, or of the system."""
    return str(error) if isinstance(error, ZooError) else failure(error)


def refuse_bad_bytes(arguments: list[str]) -> None:
    """Raise doit's InvalidCommand for an argument that is no UTF-8: no name has such, and it cannot be printed."""
    if bad := not_utf8(arguments):
        raise InvalidCommand(f"{bad} on the command line is no UTF-8")


def needed_by(zoo: Zoo, names: list[str]) -> set[Ref] | None:
    """Artifacts that the named tasks touch, so that others need no tasks; None for all of them.

    What an artifact is made from, the reference that it is measured against, and the same of these.
    """
    refs = [zoo.by_full_name.get(name.partition(":")[2]) for name in names]
    if not refs or None in refs:
        return None
    found: set[Ref] = set()
    waiting = [ref for ref in refs if ref]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            parents = (parent for parent in zoo.lineage(ref) if zoo.base(parent) is None)
            waiting += [*parents, zoo.families[ref.recipe].reference]
    return found


class Anywhere:
    """Finds dodo.py in the folders above, as git finds its repository."""

    def get_options(self) -> list[Any]:
        """As the base class, with doit's own `seek_file` switched on."""
        options: list[Any] = super().get_options()  # type: ignore[misc]
        for option in options:
            if option.name == "seek_file":
                option.default = True
        return options

    def load(self, params: Any) -> Workspace | None:
        """Load dodo.py, once: doit would do so again from another folder. None where it is another project's."""
        refuse_bad_bytes(sys.argv[1:])
        self.loader.setup(params)  # type: ignore[attr-defined]
        self.loader.setup = lambda params: None  # type: ignore[attr-defined]
        return _opened.get("workspace")


opt_scratch = {
    "name": "scratch",
    "long": "scratch",
    "type": bool,
    "default": False,
    "help": "write results, cards and rows below scratch-zoo/ (ignored by git) instead of the zoo's record",
}


class Run(Anywhere, DoitRun):  # type: ignore[misc]  # doit ships no types
    """`doit build:NAME`: as doit's own, with the nearest name for a misspelt one."""

    cmd_options = (*DoitRun.cmd_options, opt_scratch)

    def execute(self, params: Any, args: list[str]) -> int:
        """Load the tasks and run those that were named; without a name, say what there is."""
        return unless_interrupted(lambda: self._load_and_run(params, args))

    def _load_and_run(self, params: Any, args: list[str]) -> int:
        _opened["scratch"], _opened["args"] = params["scratch"], args
        _opened["names"], _opened["crossval"] = asked_of(args)

        def run() -> int:
            return int(super(Run, self).execute(params, args) or 0)

        if self.load(params) is None:
            return run()
        if not args:
            raise InvalidCommand("say what to build, such as `doit build:NAME`; `doit list` shows the names")
        return interruptible(run, _interrupt)

    def _execute(self, outfile, verbosity=None, always=False, continue_=False, reporter="console", num_process=0,  # type: ignore[no-untyped-def]
                 par_type="process", single=False, auto_delayed_regex=False, force_verbosity=False,
                 failure_verbosity=0, pdb=False, pos_args=None):  # fmt: skip
        known = [task.name for task in self.task_list if not task.name.startswith("_")]
        for name in asked_of(pos_args or [])[0]:
            if "*" not in name and name not in known and not name.startswith("_"):
                raise InvalidCommand(f"'{name}' is not a task{nearest(name, known)}")
        return super()._execute(outfile, verbosity, always, continue_, reporter, num_process, par_type, single,
                                auto_delayed_regex, force_verbosity, failure_verbosity, pdb)  # fmt: skip


class List(Anywhere, DoitList):  # type: ignore[misc]  # doit ships no types
    """`doit list`: the families with their artifacts, and what can be done with them."""

    def execute(self, params: Any, args: list[str]) -> int:
        """The overview, or doit's own list where an option or a name asks for tasks."""
        return while_read(lambda: self._list(params, args))

    def _list(self, params: Any, args: list[str]) -> int:
        if args or any(params[name] for name in ("subtasks", "status", "private", "list_deps", "template")):
            return int(super().execute(params, args) or 0)
        workspace = self.load(params)
        if workspace is None:
            return int(super().execute(params, args) or 0)
        self.outstream.write(explain.overview(workspace))
        return BROKEN if workspace.broken else 0


class ZooCommand(Anywhere, DoitCmdBase):  # type: ignore[misc]  # doit ships no types
    """Base of our commands: they look at the zoo and run no tasks. A subclass has `look(workspace, params, names)`."""

    cmd_options: tuple[Any, ...] = ()

    def execute(self, params: Any, args: list[str]) -> int:
        """Open the zoo; no task is made."""
        return unless_interrupted(lambda: self._load_and_look(params, args))

    def _load_and_look(self, params: Any, args: list[str]) -> int:
        _opened["args"] = args
        self.load(params)
        return interruptible(lambda: told(lambda: self.look(_opened["workspace"], params, args)), _interrupt)


def _flag(name: str, help: str) -> dict[str, Any]:
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
        if "workspace" in _opened:
            _opened["workspace"].runner.display.close()
        sys.stderr.write("\ninterrupted. What is finished is kept; the same command goes on from there.\n")
        leave(INTERRUPTED)


def _interrupt() -> None:
    WORKERS.interrupt()
    for process in multiprocessing.active_children():  # doit's own, with `-P process`
        process.terminate()


def chosen(workspace: Workspace, names: list[str]) -> list[Ref]:
    """The artifacts named, with or without a task group before the name. Raises ZooError for none."""
    if not names:
        example = next(iter(workspace.zoo.by_full_name), "NAME")
        raise ZooError(f"say which artifact, such as {example}; `doit list` shows the names")
    return [workspace.zoo.find(name.rpartition(":")[2]) for name in names]


class Plan(ZooCommand):
    """`doit plan NAME`: what a build would do."""

    doc_purpose = "what building NAME would fetch, build, measure and reuse"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        _flag("moved", "only what is recorded of a recipe, builder or parent that has moved on; of all without a NAME"),
        _flag("check", "with --moved: exit code 1 where there is any"),
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one line a step, or one for each card that is not of what would be made now."""
        if params["check"] and not params["moved"]:
            raise ZooError("--check goes with --moved: `doit plan --moved --check`")
        if params["moved"]:
            lines = explain.moved_on(workspace, [name.rpartition(":")[2] for name in names])
            show_lines("\n".join(lines) or "nothing recorded has moved on")
            return 1 if lines and params["check"] else 0
        for ref in chosen(workspace, names):
            show_lines(explain.plan(workspace, ref))
        return 0


class Why(ZooCommand):
    """`doit why NAME`: what changed since it was last built."""

    doc_purpose = "why NAME would be built again: what changed, old -> new"
    doc_usage = "NAME ..."
    doc_description = None

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what changed for the artifact and each of its parents."""
        for ref in chosen(workspace, names):
            show_lines(explain.why(workspace, ref))
        return 0


class Check(ZooCommand):
    """`doit check NAME`: build once more, aside, and compare. With `--delivered`, read what lies in artifacts/NAME."""

    doc_purpose = "build NAME again aside and compare with what is in the store"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        {
            "name": "delivered",
            "long": "delivered",
            "short": "",
            "type": bool,
            "default": False,
            "help": "build nothing: hash every file of artifacts/NAME and compare with what was built",
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Exit code 1 where a rebuild, or what was delivered, is something else."""
        from zoosmith.build.rebuild import check

        if params["delivered"]:
            return self._delivered(workspace, names)
        results = [check(workspace, ref) for ref in chosen(workspace, names)]
        for ref, (_, text) in zip(chosen(workspace, names), results, strict=True):
            show_lines(f"{full_name(ref.recipe, ref.name)}: {text}")
        return 0 if all(same for same, _ in results) else 1

    def _delivered(self, workspace: Workspace, names: list[str]) -> int:
        found = {full_name(ref.recipe, ref.name): workspace.faults_of_delivery(ref) for ref in chosen(workspace, names)}
        for name, faults in found.items():
            show(f"{name}: " + ("; ".join(faults) or "every file is as it was built"))
            if faults:
                show(f"`doit artifact:{name}` puts it right")
        return 1 if any(found.values()) else 0


class Gc(ZooCommand):
    """`doit gc`: free the space of what nothing refers to."""

    doc_purpose = "remove from the store what no recipe's artifact needs any more"
    doc_usage = ""
    doc_description = None
    cmd_options = (
        {
            "name": "dry_run",
            "long": "dry-run",
            "short": "",
            "type": bool,
            "default": False,
            "help": "say what would be freed and remove nothing",
        },
        {
            "name": "yes",
            "long": "yes",
            "short": "",
            "type": bool,
            "default": False,
            "help": "remove results too without asking; a terminal is asked for it, a script is not",
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what was freed; exit code 1 where that needs `--yes`."""
        from zoosmith.store.gc import collect

        workspace.require_all("gc")
        asked = sys.stdin.isatty() and not params["yes"] and not params["dry_run"]
        refused: list[str] = []

        def agrees(listing: str) -> bool:
            if listing:
                show_lines(f"results that no recipe's artifact needs:\n{listing}")
            if listing and asked:
                refused.append(listing)
            return not refused

        show_lines(str(collect(workspace.store, workspace.names(), remove=not params["dry_run"], agrees=agrees)))
        if refused:
            show_lines("they take what it says to make again; `doit gc --yes` removes them")
        return 1 if refused else 0


class Table(ZooCommand):
    """`doit table RECIPE`: what is recorded of a family."""

    doc_purpose = "the recorded results of a family, and where its cards are"
    doc_usage = "RECIPE ..."
    doc_description = None

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one table for each recipe named."""
        from zoosmith.build.tables import show

        for name in names or list(workspace.zoo.families):
            if name not in workspace.zoo.families:
                raise ZooError(f"no recipe is called {name!r}{nearest(name, workspace.zoo.families)}")
            show(workspace, name)
        return 0
