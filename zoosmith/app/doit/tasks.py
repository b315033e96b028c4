"""The zoo as doit tasks. `dodo.py` only names them.

doit decides by our own `uptodate` callables over the action cache, so its state file is not needed to know
what is finished: a kill loses nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from doit.exceptions import TaskFailed

from zoosmith.app.doit import outputs
from zoosmith.app.doit.placed import SUITE, classes_of, suffixes
from zoosmith.build import beside
from zoosmith.build.explain import in_a_line
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.execution.failure import CURES, failure
from zoosmith.recipes.graph import Family, Ref

Task = dict[str, Any]
Action = Callable[[], object]


def config() -> dict[str, Any]:
    """DOIT_CONFIG: threads for `-n`, our reporter, and doit's own state in memory.

    What is finished is known from the action cache alone, so a state file could only be lost, locked by another
    run, or fail on a full disk.
    """
    from zoosmith.app.doit.reporter import Reporter

    return {
        "backend": "sqlite3",
        "dep_file": ":memory:",
        "par_type": "thread",
        "reporter": Reporter,
        "verbosity": 2,
        "default_tasks": [],
    }


def as_task_failure(action: Action) -> Callable[[], TaskFailed | None]:
    """Our errors as doit failures: the message alone, without a traceback."""

    def run() -> TaskFailed | None:
        try:
            action()
        except ZooError as error:
            return TaskFailed(str(error))
        except OSError as error:
            if error.errno != errno.ENOSPC and error.errno not in CURES:
                raise
            return TaskFailed(failure(error))
        return None

    return run


def uptodate_safe(check: Callable[[], bool]) -> Callable[[], bool]:
    """An `uptodate` callable that never raises: an exception there would take the whole run down.

    What is wrong comes up again, and is told, when the task runs.
    """

    def ask() -> bool:
        try:
            return check()
        except Exception:  # told by the task itself, which now runs
            return False

    return ask


def task(name: str, doc: str, run: Action, done: Callable[[], bool] | None, after: list[str]) -> Task:
    """One doit task; without `done` it always runs."""
    return {
        "name": name,
        "doc": doc,
        "actions": [as_task_failure(run)],
        "task_dep": after,
        "uptodate": [uptodate_safe(done) if done else False],
        "io": {"capture": False},
        "verbosity": 2,
    }


def standalone_task(doc: str, run: Action) -> Task:
    """A task that is no group; it always runs and finds out itself whether there is anything to do."""
    return {key: value for key, value in task("", doc, run, None, []).items() if key != "name"}


class Tasks:
    """Generators of subtasks, one method a group."""

    def __init__(self, workspace: Workspace) -> None:
        """Tasks of the zoo that `workspace` opens."""
        self.workspace = workspace

    def sources(self) -> Iterator[Task]:
        """`_base:` and `_data:` fetch and generate; users reach them through artifacts."""
        for family in self.workspace.families():
            for kind, names in (("base", family.recipe.bases), ("data", family.recipe.data)):
                for name in names:
                    ref = Ref(family.id, name)
                    yield self._node(kind, ref, f"{kind}:{ref}", [])
            yield from self._baselines(family)

    def _baselines(self, family: Family) -> Iterator[Task]:
        data = [f"_source:data:{family.id}/{name}" for name in family.recipe.data]
        for id, eval_ in family.recipe.evals.items():
            if eval_.baselines:
                ref, others = Ref(family.id, id), beside.refs(self.workspace.zoo, family.id, id).values()
                after = [*data, *(f"_step:{other}" for other in others)]
                yield self._node("baselines", ref, f"baselines:{ref}", after)

    def steps(self) -> Iterator[Task]:
        """`_step:` puts an artifact into the store."""
        for ref in self.workspace.artifacts_selected():
            yield self._node("artifact", ref, str(ref), self.before(ref))

    def _node(self, kind: str, ref: Ref, name: str, after: list[str]) -> Task:
        run, done = partial(self.workspace.make, kind, ref), partial(self.workspace.made, kind, ref)
        return task(name, f"{kind} {ref}", run, done, after)

    def before(self, ref: Ref) -> list[str]:
        """Tasks that make what an artifact is built from."""
        zoo = self.workspace.zoo
        after = [f"_step:{p}" if zoo.base(p) is None else f"_source:base:{p}" for p in zoo.parents(ref).values()]
        recipe = zoo.families[ref.recipe].recipe
        data = [recipe.task.data] if recipe.task and recipe.task.data else []
        data += [
            eval_.data for eval_ in recipe.evals_of(ref.name).values() if eval_.slices
        ]  # a wrong column is told before training
        return after + [f"_source:data:{ref.recipe}/{name}" for name in dict.fromkeys(data)]

    def artifacts(self) -> Iterator[Task]:
        """`artifact:` builds and puts the files below artifacts/NAME."""
        for ref, name, doc in self.named():
            run, done = partial(self.workspace.deliver, ref), partial(self.workspace.delivered, ref)
            yield task(name, doc, run, done, [f"_step:{ref}"])

    def measurements(self, suite: str) -> Iterator[Task]:
        """`_quick:` and `_full:` measure on this host, `_full:NAME@HOSTCLASS` on a node of a cluster."""
        zoo, classes = self.workspace, classes_of(self.workspace) if suite == SUITE else []
        for ref, name, doc in self.named():
            family = self.workspace.zoo.families[ref.recipe]
            reference, evals = family.reference, family.recipe.evals_of(ref.name)
            after = [f"_step:{ref}", f"_step:{reference}"]
            after += [f"_source:data:{ref.recipe}/{eval_.data}" for eval_ in evals.values()]
            after += [f"_source:baselines:{ref.recipe}/{id}" for id, eval_ in evals.items() if eval_.baselines]
            for suffix, at in suffixes(classes):
                theirs = [f"_{suite}:{full_name(ref.recipe, reference.name)}{suffix}"] if ref != reference else []
                run, done = partial(zoo.measure, ref, suite, at), partial(zoo.measured, ref, suite, at)
                yield task(name + suffix, doc, run, done, after + theirs)

    def builds(self, suite: str) -> Iterator[Task]:
        """`build:` and `bench:`: artifact, measurement, gates, card and registry row; as `measurements` by host."""
        zoo = self.workspace
        for ref, name, doc in self.named():
            for suffix, at in suffixes(classes_of(zoo, name) if suite == SUITE else []):
                run, done = partial(zoo.register, ref, suite, at), partial(zoo.registered, ref, suite, at)
                yield task(name + suffix, doc, run, done, [f"artifact:{name}", f"_{suite}:{name}{suffix}"])

    def publishes(self) -> Iterator[Task]:
        """`publish:` builds, then publishes to where $ZOOSMITH_PUBLISH says; what is there already stays."""
        for ref, name, _ in self.named():
            yield task(name, f"publish {name}", partial(outputs.publish, self.workspace, ref), None, [f"build:{name}"])

    def cards(self) -> Iterator[Task]:
        """`card:` renders a card again from what is recorded."""
        for ref, name, doc in self.named():
            yield task(name, doc, partial(self.workspace.render_card, ref), None, [])

    def registry(self) -> Task:
        """`registry` renders every card, registry.json and the tables of README.md from what is recorded."""
        return standalone_task(
            "render cards, registry.json and the README's tables from results/", partial(outputs.render, self.workspace)
        )

    def site(self) -> Task:
        """`site` makes the gallery where what is recorded has changed, and says where it is."""
        return standalone_task(
            "make the gallery below site/ from what is recorded", partial(outputs.site, self.workspace)
        )

    def named(self) -> Iterator[tuple[Ref, str, str]]:
        """The artifacts that tasks are made for, with full name and summary."""
        for ref in self.workspace.artifacts_selected():
            artifact = self.workspace.zoo.artifact(ref)
            summary = artifact.summary or f"{artifact.builder} from {artifact.from_}"
            yield ref, full_name(ref.recipe, ref.name), in_a_line(summary)
