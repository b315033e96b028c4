"""A task as builders and benchmarks see it: examples, and what a model of the task needs besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.manifest import TaskSpec
    from zoosmith.contract.session import Encoded


class Task(Protocol):
    """A task bound to a tokenizer, labels and a maximum length; see `zoosmith.tasks`."""

    @property
    def spec(self) -> TaskSpec:
        """What is asked, with labels and maximum length."""

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""

    def example(self, row: Mapping[str, Any]) -> Any:
        """Typed example from a data row. Raises BuildError for a missing column or unknown label."""

    def unlabelled(self, value: Any) -> Any:
        """The example of what a user typed. Raises BuildError for input of another form."""

    def value(self, example: Any) -> Any:
        """What `unlabelled` makes the example of, as JSON can hold it."""

    def length(self, example: Any) -> int:
        """About how many tokens the model reads of an example."""

    def probes(self) -> Sequence[Any]:
        """The task's fixed example inputs."""

    def encode(self, examples: Sequence[Any]) -> Encoded:
        """Arrays of shape (batch, longest of the batch), padded on the right."""

    def loss(self, logits: Any, targets: Any) -> Any:
        """Training loss of torch tensors (batch, classes) and (batch,)."""

    def targets(self, examples: Sequence[Any]) -> NDArray[np.int64]:
        """Class indices of shape (batch,)."""

    def with_labels(self, labels: Sequence[str]) -> Task:
        """The same task with its labels in another order."""
