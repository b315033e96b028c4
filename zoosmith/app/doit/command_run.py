"""The command `doit run`, which `doit build:NAME` is short for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from doit.cmd_run import Run as DoitRun
from doit.exceptions import InvalidCommand
from doit.reporter import ConsoleReporter, ErrorOnlyReporter, ExecutedOnlyReporter, JsonReporter, ZeroReporter

from zoosmith.app.doit.command import Anywhere, interrupt, opt_executor, opt_profile, told, unless_interrupted
from zoosmith.app.doit.crossval import asked_of
from zoosmith.app.doit.opened import OPENED
from zoosmith.app.doit.placed import bare, known, placed_of
from zoosmith.app.doit.room import enough, settled
from zoosmith.common.names import nearest
from zoosmith.execution.interrupt import interruptible

opt_scratch = {
    "name": "scratch",
    "long": "scratch",
    "type": bool,
    "default": False,
    "help": "write results, cards and rows below scratch-zoo/ (ignored by git) instead of the zoo's record",
}
opt_anyway = {
    "name": "anyway",
    "long": "anyway",
    "type": bool,
    "default": False,
    "help": "build also where the disk or the memory of this machine is short of what it is going to take",
}


class Run(Anywhere, DoitRun):  # type: ignore[misc]  # doit ships no types
    """`doit build:NAME`: as doit's own, with the nearest name for a misspelt one."""

    cmd_options = (*DoitRun.cmd_options, opt_scratch, opt_anyway, opt_executor, opt_profile)

    def get_reporters(self) -> dict[str, Any]:
        """Those of doit itself, as `get_backends`."""
        own = (ConsoleReporter, ExecutedOnlyReporter, JsonReporter, ZeroReporter, ErrorOnlyReporter)
        found = dict(zip(("console", "executed-only", "json", "zero", "error-only"), own, strict=True))
        self.cmdparser["reporter"].choices = {name: one.desc for name, one in found.items()}
        return found

    def execute(self, params: Any, args: list[str]) -> int:
        """Load the tasks and run those that were named; without a name, say what there is."""
        return unless_interrupted(lambda: self._load_and_run(params, args))

    def _load_and_run(self, params: Any, args: list[str]) -> int:
        OPENED["scratch"], OPENED["args"] = params["scratch"], args
        names, OPENED["crossval"] = asked_of(args)
        OPENED["names"], OPENED["placed"] = placed_of(names)

        def run() -> int:
            return int(super(Run, self).execute(params, args) or 0)

        workspace = self.load(params)
        if workspace is None:
            return run()
        if not args:
            raise InvalidCommand("say what to build, such as `doit build:NAME`; `doit list` shows the names")
        if told(lambda: settled(workspace, params)):
            return 1
        if OPENED["placed"] and told(lambda: known(workspace)):
            return 1
        if not params["anyway"] and told(lambda: enough(workspace, OPENED["names"])):
            return 1
        return interruptible(run, interrupt)

    def _execute(self, outfile, verbosity=None, always=False, continue_=False, reporter="console", num_process=0,  # type: ignore[no-untyped-def]
                 par_type="process", single=False, auto_delayed_regex=False, force_verbosity=False,
                 failure_verbosity=0, pdb=False, pos_args=None):  # fmt: skip
        tasks = [task.name for task in self.task_list if not task.name.startswith("_")]
        for name in map(bare, asked_of(pos_args or [])[0]):
            if "*" not in name and name not in tasks and not name.startswith("_"):
                raise InvalidCommand(f"'{name}' is not a task{_nearest_task(name, tasks, self.loader.cmd_names)}")
        return super()._execute(outfile, verbosity, always, continue_, reporter, num_process, par_type, single,
                                auto_delayed_regex, force_verbosity, failure_verbosity, pdb)  # fmt: skip


def _nearest_task(name: str, known: list[str], commands: list[str]) -> str:
    """A hint at what is meant: a bare name is to be built or is a command, a misspelt group is of the same artifact."""
    group, colon, artifact = name.rpartition(":")
    if not colon and name not in {task.partition(":")[0] for task in known}:
        return _nearest_word(name, known, commands)
    of_group = [task for task in known if colon and task.startswith(f"{group}:")]
    of_artifact = [task for task in known if colon and task.endswith(f":{artifact}")]
    return nearest(name, of_group or of_artifact or known)


def _nearest_word(name: str, known: list[str], commands: list[str]) -> str:
    """The same for a word without a group: an artifact to build, a group, or a command."""
    groups = {task.partition(":")[0] for task in known if ":" in task}
    meant = {word: word for word in (*commands, *known) if ":" not in word}
    meant |= {word: f"{word}:NAME" for word in groups}
    meant |= {task.removeprefix("build:"): task for task in known if task.startswith("build:")}
    if close := get_close_matches(name, sorted(meant), n=1, cutoff=0.6):
        return f"; did you mean {meant[close[0]]!r}?"
    return nearest(f"build:{name}", [task for task in known if task.startswith("build:")] or known)
