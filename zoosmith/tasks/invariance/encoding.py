"""Pairs of an artifact's own task, each with what is asked about it once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from zoosmith.common.names import index_of, nearest
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.contract.task import Task
from zoosmith.tasks._classification.encoding import Example
from zoosmith.tasks.invariance.changes import CHANGES, changed
from zoosmith.tasks.text_pair_classification.encoding import AUTO_MODEL, INPUTS, OFFERS, PROBES

__all__ = ["ASKED", "AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "Case", "InvarianceTask", "bind", "over"]

ASKED = "asked"  # where a row has what the eval asks: {"changes": [...], "same": label}


class Case(NamedTuple):
    """An example, the pairs that are asked instead of it by change, and the class that equal texts must get."""

    example: Example
    pairs: dict[str, tuple[str, ...] | None]
    same: int | None


def bind(spec: TaskSpec, folder: Path) -> Task:
    """No artifact is made for it. Raises BuildError."""
    raise BuildError(
        "invariance is a kind of eval, not of a task: `evals: {checks: {kind: invariance, data: ..., same: ...}}`"
    )


def over(task: Task, scoring: ModuleType) -> InvarianceTask:
    """The checks over an artifact's own task, which `scoring` asks. Raises BuildError where it takes no two texts."""
    if len(task.spec.inputs) != 2:
        found = ", ".join(task.spec.inputs)
        raise BuildError(f"invariance is checked on pairs of texts; {task.spec.kind} takes {found}")
    return InvarianceTask(task, scoring)


@dataclass(frozen=True)
class InvarianceTask:
    """The artifact's own task, asked about changed pairs; `scoring` is that task's."""

    task: Task
    scoring: ModuleType

    @property
    def spec(self) -> TaskSpec:
        """That of the artifact's task."""
        return self.task.spec

    @property
    def auto_model(self) -> str:
        """That of the artifact's task."""
        return self.task.auto_model

    def example(self, row: Mapping[str, Any]) -> Case:
        """The case of a row. Raises BuildError for a missing column, and for a label of equal texts outside the set."""
        asked = row.get(ASKED, {})
        example = self.task.example(row)
        pairs = {change: changed(change, example.texts) for change in asked.get("changes", CHANGES)}
        if "identical" in pairs:  # equal texts are asked about too
            pairs["identical"] = (example.texts[0], example.texts[0])
        return Case(example, pairs, self._same(asked.get("same")))

    def unlabelled(self, value: Any) -> Any:
        """As the artifact's task does."""
        return self.task.unlabelled(value)

    def value(self, example: Case) -> Any:
        """The pair itself."""
        return self.task.value(example.example)

    def length(self, example: Case) -> int:
        """About how many tokens are read of a pair and of what it is changed to."""
        return self.task.length(example.example) * (1 + sum(pair is not None for pair in example.pairs.values()))

    def probes(self) -> Sequence[Any]:
        """Those of the artifact's task."""
        return self.task.probes()

    def encode(self, examples: Sequence[Case]) -> Any:
        """The pairs themselves."""
        return self.task.encode([case.example for case in examples])

    def loss(self, logits: Any, targets: Any) -> Any:
        """That of the artifact's task."""
        return self.task.loss(logits, targets)

    def targets(self, examples: Sequence[Case]) -> Any:
        """The classes of the pairs themselves."""
        return self.task.targets([case.example for case in examples])

    def with_labels(self, labels: Sequence[str]) -> InvarianceTask:
        """The same checks with the labels in another order."""
        return InvarianceTask(self.task.with_labels(labels), self.scoring)

    def _same(self, label: str | None) -> int | None:
        if label is None:
            return None
        found = index_of(label, self.spec.labels)
        if found is None:
            raise BuildError(f"`same` is {label!r}, which is outside the set{nearest(label, self.spec.labels)}")
        return found
