"""Steps run in this process: quick, with the real runner, store and clean processes around them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.brief.forking import Forked
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.execution.executor import Executor, Outcome, Progress, StepFailed
from zoosmith.execution.worker import Step, execute, failure
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import Store


class Clean:
    """Stands in for `zoosmith.execution.clean.CleanProcess`: each request has a process of its own, forked."""

    MODULES = ("torch", "transformers.modeling_utils", "onnxruntime")

    def ask(self, request: dict[str, Any]) -> tuple[int, bytes]:
        """Exit status and reply of a process that was given this request of `zoosmith.execution.answer`."""
        command = [sys.executable, "-m", "zoosmith.execution.answer"]
        process = Forked(self.MODULES, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        with process.stdin, process.stdout:
            raw = process.stdout.read()
            return process.wait(), raw.encode()


class Here(Executor):
    """Stands in for `zoosmith.execution.executor.LocalExecutor`."""

    def __init__(self, store: Store, project: Path) -> None:
        """Run steps over `store` for the zoo in `project`."""
        self.store = store
        self.project = project

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end. Raises StepFailed with the message that a worker would send."""
        run = action.run | {"threads": 1}
        clean: Any = Clean() if "torch" in action.imports else None
        step = Step(action.key, action.inputs, run, self.store, self.project, lambda _: None, clean)
        try:
            with _as_in_a_worker(self.project):
                result = execute(step, action.entry)
        except Exception as error:
            raise StepFailed(f"{action.title}: {failure(error)}") from error
        return Outcome(result["tree"], result["notes"], 0, 0.0)


@contextmanager
def _as_in_a_worker(project: Path) -> Iterator[None]:
    """Without the modules of the zoo that this process has imported: a worker begins without any."""
    away = {
        name: module
        for name, module in sys.modules.items()
        if Path(getattr(module, "__file__", None) or "").is_relative_to(project)
    }
    for name in away:
        del sys.modules[name]
    try:
        yield
    finally:
        sys.modules.update(away)


def open_here(project: Path) -> Workspace:
    """The zoo in `project`; its steps run in this process."""
    workspace = Workspace(project)
    workspace.runner.executor = Here(workspace.store, project)
    return workspace


def bring_up(workspace: Workspace, ref: Ref) -> None:
    """Build what an artifact starts from, and its recipe's data."""
    for name in workspace.zoo.families[ref.recipe].recipe.data:
        workspace.make("data", Ref(ref.recipe, name))
    for node in workspace.zoo.lineage(ref):
        workspace.make("artifact" if workspace.zoo.base(node) is None else "base", node)
