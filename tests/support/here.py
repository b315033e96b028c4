"""Steps run in this process: quick, with the real runner, store and clean processes around them."""

from __future__ import annotations

from pathlib import Path

from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.execution.executor import Outcome, Progress, StepFailed
from zoosmith.execution.worker import Step, execute, failure
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import Store


class Here:
    """Stands in for `zoosmith.execution.executor.LocalExecutor`."""

    def __init__(self, store: Store, project: Path) -> None:
        """Run steps over `store` for the zoo in `project`."""
        self.store = store
        self.project = project

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end. Raises StepFailed with the message that a worker would send."""
        run = action.run | {"threads": 1}
        step = Step(action.key, action.inputs, run, self.store, self.project, lambda _: None)
        try:
            result = execute(step, action.entry)
        except Exception as error:
            raise StepFailed(f"{action.title}: {failure(error)}") from error
        return Outcome(result["tree"], result["notes"], 0, 0.0)


def open_here(project: Path) -> Workspace:
    """The zoo in `project`; its steps run in this process."""
    workspace = Workspace(project)
    workspace.runner.executor = Here(workspace.store, project)  # type: ignore[assignment]
    return workspace


def bring_up(workspace: Workspace, ref: Ref) -> None:
    """Build what an artifact starts from, and its recipe's data."""
    for name in workspace.zoo.families[ref.recipe].recipe.data:
        workspace.make("data", Ref(ref.recipe, name))
    for node in workspace.zoo.lineage(ref):
        workspace.make("artifact" if workspace.zoo.base(node) is None else "base", node)
