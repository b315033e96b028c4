"""`doit crossval:NAME`: its options, and its tasks, one a fold so that `-n` runs them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from doit.cmdparse import CmdOption, CmdParseError, TaskParse
from doit.exceptions import InvalidCommand

from zoosmith.app.doit.tasks import Task, Tasks, task
from zoosmith.build.crossval.request import Asked
from zoosmith.common.text import aligned, show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref

if TYPE_CHECKING:
    from zoosmith.build.crossval.run import CrossRun

GROUP = "crossval:"
OPTIONS: list[dict[str, Any]] = [
    {"name": "folds", "long": "folds", "type": int, "default": None, "help": "how many folds; the recipe's, or 5"},
    {"name": "rows", "long": "rows", "type": int, "default": None, "help": "no more rows than this"},
]


def asked_of(arguments: Sequence[str]) -> tuple[list[str], dict[str, Asked]]:
    """Names of tasks on the command line without their options, and the options of each cross-validation by artifact.

    Raises doit's InvalidCommand for an option that there is not.
    """
    names, found, rest = [], {}, list(arguments)
    while rest:
        names.append(rest.pop(0))
        if names[-1].startswith(GROUP):
            options, rest = _parsed(names[-1], rest)
            found[names[-1].removeprefix(GROUP)] = Asked(options["folds"], options["rows"])
    return names, found


def _parsed(name: str, rest: list[str]) -> tuple[dict[str, Any], list[str]]:
    try:
        found: tuple[dict[str, Any], list[str]] = TaskParse([CmdOption(option) for option in OPTIONS]).parse(rest)
    except CmdParseError:
        raise InvalidCommand(
            f"found {' '.join(rest)!r} after {name}; it takes whole numbers: `doit {name} --folds 5 --rows 1000`"
        ) from None
    return found


class Crossvals:
    """Generators of tasks. Folds are tasks of their own where the command line names their artifact."""

    def __init__(self, tasks: Tasks) -> None:
        """Beside the zoo's other tasks."""
        self.tasks = tasks
        self.workspace = tasks.workspace

    def folds(self) -> Iterator[Task]:
        """`_fold:NAME/rows` says which row is in which fold, `_fold:NAME/1` trains and scores the first."""
        for name, (ref, run) in self._asked().items():
            yield task(f"{name}/rows", f"fold the rows of {name}", run.plan, run.planned, self.tasks.before(ref))
            for fold in run.numbers:
                make, made = partial(run.make, fold), partial(run.made, fold)
                yield task(f"{name}/{fold}", f"fold {fold} of {name}", make, made, [f"_fold:{name}/rows"])

    def crossvals(self) -> Iterator[Task]:
        """`crossval:` shows and records what the folds came to; it makes itself what no task has made."""
        asked = self._asked()
        for ref, name, doc in self.tasks.named():
            folds = [f"_fold:{name}/{fold}" for fold in asked[name][1].numbers] if name in asked else []
            yield task(name, doc, self._finish(ref, name), None, folds or self.tasks.before(ref)) | {"params": OPTIONS}

    def _asked(self) -> dict[str, tuple[Ref, CrossRun]]:
        """Those on the command line that can be done; of another the task itself says why not."""
        found = {}
        for name in self.workspace.crossval:
            try:
                ref = self.workspace.zoo.find(name)
                found[name] = ref, self._run(ref, name)
            except ZooError:
                continue
        return found

    def _run(self, ref: Ref, name: str) -> CrossRun:
        from zoosmith.build.crossval.run import CrossRun

        return CrossRun(self.workspace, ref, self.workspace.crossval.get(name, Asked()))

    def _finish(self, ref: Ref, name: str) -> Callable[[], None]:
        def finish() -> None:
            from zoosmith.cards.crossval import remarks, table

            run = self._run(ref, name)
            found = run.finish()
            show_lines("\n".join([*remarks(found), "", aligned(table(found), cell=None)]))
            show_lines(f"recorded in {run.file.relative_to(self.workspace.project)}")

        return finish
