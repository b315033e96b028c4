"""Running an action once: cache, locks, budget, worker, record."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.common.units import sized
from zoosmith.execution.action import Action, public_versions
from zoosmith.execution.cluster.trees import read_by
from zoosmith.execution.display import Display
from zoosmith.execution.executor import Executor
from zoosmith.execution.resources import Budget
from zoosmith.remote.origin import HOST, NOT_TAKEN
from zoosmith.store.locks import flock, holding, quiet, who_holds
from zoosmith.store.store import ActionResult, Store

if TYPE_CHECKING:
    from zoosmith.remote.caches import Caches, Found

Remark = Callable[[Action], str | None]


def no_remark(action: Action) -> str | None:
    """Nothing to tell."""
    return None


class Runner:
    """Runs actions for one zoo. Any number of runners, in any number of processes, may share a store."""

    def __init__(
        self,
        store: Store,
        project: Path,
        budget: Budget,
        display: Display,
        executor: Executor,
        remark: Remark = no_remark,
        caches: Caches | None = None,
    ) -> None:
        """Use the store of the zoo in `project`.

        remark: what to tell the user, once, before an action runs; None for nothing.
        caches: asked for what is not in the store, and given what is made.
        """
        self.store = store
        self.project = project
        self.budget = budget
        self.display = display
        self.executor = executor
        self.remark = remark
        self.caches = caches
        self._remarked: set[str] = set()

    def run(self, action: Action, *, again: bool = False, named: bool = False) -> ActionResult:
        """The action's record, from the cache or from running it. `again` runs it though it is cached.

        named: the action's name then stands for it, which keeps it when garbage is collected.

        Raises StepFailed; a failure is never cached.
        """
        with self.store.kept(), ExitStack() as claim:
            record, made = self._run(action, again, claim)
            if self.caches and made and not again and not action.private:
                self.caches.send(record)
            if named:
                self.store.name(action.name, record.key, action.made_for)
            return record

    def _run(self, action: Action, again: bool, claim: ExitStack) -> tuple[ActionResult, bool]:
        """The record, and whether it was made here and now.

        claim: gets what keeps other machines from the step until caches have its result.
        """
        with ExitStack() as held:
            lock = held.enter_context(flock(self._lock(action), waiting=self._on_same_step(action)))
            if not again and (cached := self.store.known(action.key)):
                return cached, False
            claim.enter_context(self.executor.claimed(action, self._on_other_machine(action)))
            if not again and (taken := self._download(action)):
                return taken, False
            if self.executor.here(action):
                if self.store.leaves:
                    self.bring(read_by(action, self.store), f"what {action.title} reads")
                held.enter_context(self._room(action))
            return self._work(action, lock), True

    @contextmanager
    def _room(self, action: Action) -> Iterator[None]:
        """Cores and memory of this machine, and its quiet."""
        with ExitStack() as held:
            held.enter_context(self.budget.reserve(action.resources))
            if action.exclusive or action.resources.cpus:
                held.enter_context(quiet(alone=action.exclusive, waiting=self._waits(action)))
            yield

    def bring(self, trees: Iterable[str], what: str) -> None:
        """See that trees of which files were left in a cache are here, with a line for what comes.

        Raises CorruptStore where that has them no longer, and ZooError where it cannot be asked.
        """
        wanted = {tree: place for tree in trees if not self.store.has(tree) and (place := self.store.left_at(tree))}
        if not wanted:
            return
        size = sum(self.store.lacking(tree) for tree in wanted)
        line, came, verdict = self.display.start(f"download {what}"), Counter[str](), "failed"

        def tell(count: int) -> None:
            came["bytes"] += count
            self.display.update(line, {"done": came["bytes"], "total": size, "text": ""})

        try:
            for tree in wanted:
                self.store.bring(tree, tell=tell)
            verdict = f"{sized(size)} from {', '.join(sorted(set(wanted.values())))}"
        finally:
            self.display.finish(line, verdict)

    def _download(self, action: Action) -> ActionResult | None:
        """The record from a cache, with its files in the store; None where none has it whole."""
        found = self.caches.find(action.key) if self.caches else None
        return self._fetch(action, found) if found else None

    def _fetch(self, action: Action, found: Found) -> ActionResult | None:
        assert self.caches
        if self.executor.leaves(action) == found.cache.config.url and not found.suspected(self.store):
            return self._leave(action, found)
        size, came, name = found.size(self.store), Counter[str](), found.cache.config.name
        line = self.display.start(f"download {action.name}")

        def tell(count: int) -> None:
            came["bytes"] += count
            self.display.update(line, {"done": came["bytes"], "total": size, "text": f"from {name}"})

        verdict = "interrupted"
        try:
            record = self.caches.fetch(found, tell)
            verdict = f"{sized(size)} from {name}" if record else f"not whole at {name}"
        finally:
            self.display.finish(line, verdict)
        return record

    def _leave(self, action: Action, found: Found) -> ActionResult | None:
        """Take a result over whose files nobody here reads yet."""
        assert self.caches
        size, name = found.size(self.store), found.cache.config.name
        line, verdict = self.display.start(f"download {action.name}"), "interrupted"
        try:
            record = self.caches.leave(found)
            verdict = f"{sized(size)} left in {name}" if record else f"not whole at {name}"
        finally:
            self.display.finish(line, verdict)
        return record

    def _work(self, action: Action, lock: int) -> ActionResult:
        self._tell(action)
        line = self.display.start(action.title)
        started = datetime.datetime.now(datetime.UTC)
        try:
            outcome = self.executor.run(action, lock, lambda message: self.display.update(line, message))
        except BaseException as error:
            self.display.finish(line, "interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
            self._sweep(action)
            raise
        provenance = {
            "name": action.name,
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(outcome.seconds, 1),
            "peak_memory_mb": outcome.peak_mb,
            "git": git_revision(self.project),
            "zoosmith": public_versions(("zoosmith",))["zoosmith"],
            "notes": outcome.notes,
        }
        if outcome.host:
            provenance[HOST] = outcome.host
        if code := action.run.get("code"):
            provenance["code"] = code
        if self.caches and (refused := self.caches.refused.get(action.key)):
            provenance[NOT_TAKEN] = refused
        record = ActionResult(action.key, action.inputs, outcome.tree, provenance)
        self.store.record(record)
        shutil.rmtree(self.store.root / "work" / action.key, ignore_errors=True)
        self.display.finish(line, "done")
        return record

    def _sweep(self, action: Action) -> None:
        """Remove what the next run makes anew, which may be GB; `scratch` stays where there is something in it."""
        work = self.store.root / "work" / action.key
        for path in work.glob("*"):
            if path.name != "scratch" or not any(path.iterdir()):
                shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):  # not empty, or not there
            work.rmdir()

    def _tell(self, action: Action) -> None:
        remark = self.remark(action)
        if remark and remark not in self._remarked:
            self._remarked.add(remark)
            self.display.say(remark)

    def _lock(self, action: Action) -> Path:
        return self.store.folder("locks") / f"{action.key}.lock"

    def _on_same_step(self, action: Action) -> Callable[[], None]:
        said = f"{action.title}: the same step runs already; waiting for it"
        return lambda: self.display.say(said + holding(self._lock(action)))

    def _on_other_machine(self, action: Action) -> Callable[[str], None]:
        return lambda who: self.display.say(f"{action.title}: the same step runs already ({who}); waiting for it")

    def _waits(self, action: Action) -> Callable[[], None]:
        what = "builds to end, so as to measure alone" if action.exclusive else "a measurement to end"
        more = "; what is built can be used meanwhile" if action.exclusive else ""
        return lambda: self.display.say(f"{action.title}: waiting for {what}{who_holds()}{more}")


def git_revision(project: Path) -> str | None:
    """Commit of the zoo, with "+" appended when files differ from it; None outside a repository."""
    if not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return None
    try:
        head = _git(project, "rev-parse", "HEAD")
        dirty = _git(project, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if dirty else "")


def _git(project: Path, *arguments: str) -> str:
    """What git says. In a session of its own, as Ctrl-C would make it say nothing of a step that is finished."""
    return subprocess.run(
        ["git", *arguments], cwd=project, capture_output=True, text=True, check=True, start_new_session=True,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
    ).stdout.strip()  # fmt: skip
