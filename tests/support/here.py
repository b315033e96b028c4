"""Steps run in this process: quick, with the real runner, store and clean processes around them."""

from __future__ import annotations

from pathlib import Path

from zoosmith.core.plan import Ref
from zoosmith.engine.action import Action
from zoosmith.engine.executor import Outcome, Progress, StepFailed
from zoosmith.engine.graph import Workshop
from zoosmith.engine.store import Store
from zoosmith.engine.worker import Step, execute, failure


class Here:
    """Stands in for `zoosmith.engine.executor.LocalExecutor`."""

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


def workshop(project: Path) -> Workshop:
    """The zoo in `project`; its steps run in this process."""
    shop = Workshop(project)
    shop.runner.executor = Here(shop.store, project)  # type: ignore[assignment]
    return shop


def bring_up(shop: Workshop, ref: Ref) -> None:
    """Build what an artifact starts from, and its recipe's data."""
    for name in shop.zoo.families[ref.recipe].recipe.data:
        shop.make("data", Ref(ref.recipe, name))
    for node in shop.zoo.lineage(ref):
        shop.make("artifact" if shop.zoo.base(node) is None else "base", node)
