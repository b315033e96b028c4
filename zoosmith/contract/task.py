"""A task as builders see it: examples, encoding, targets and loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from zoosmith.contract.manifest import TaskSpec
from zoosmith.contract.session import Encoded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
