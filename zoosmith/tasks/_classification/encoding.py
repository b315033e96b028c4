"""Texts in, one class out: examples, model input, targets and loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.common.names import index_of, nearest
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Encoded

OFFERS = ("classify",)
AUTO_MODEL = "AutoModelForSequenceClassification"


def loss(logits: Any, targets: Any) -> Any:
    """Cross-entropy in nats of torch tensors (batch, classes) and (batch,)."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits, targets)


class Example(NamedTuple):
    """Texts in the order of the task's inputs, and the index of the true class, if known."""

    texts: tuple[str, ...]
    target: int | None = None


def _inputs(example: Example) -> str | tuple[str, ...]:
    """As `tokenizers` takes them: one text, or a pair."""
    return example.texts if len(example.texts) > 1 else example.texts[0]


@dataclass(frozen=True)
class BoundTask:
    """The task bound to a spec and to the tokenizer in `folder`; `fixed` are the inputs of its probes."""

    spec: TaskSpec
    folder: Path
    fixed: Sequence[str | Sequence[str]] = ()

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""
        return AUTO_MODEL

    @cached_property
    def tokenizer(self) -> Any:
        """The folder's tokenizer, truncating to `spec.max_length` and padding on the right."""
        from zoosmith.tasks._classification.tokens import load_tokenizer

        return load_tokenizer(self.folder, self.spec.max_length)

    def example(self, row: Mapping[str, Any]) -> Example:
        """The typed example of a row. Raises BuildError for a missing input or a label outside the set."""
        return Example(tuple(self._text(row, name) for name in self.spec.inputs), self._target(row))

    def unlabelled(self, value: str | Sequence[str]) -> Example:
        """The example of what a user typed: one text, or as many as the task has inputs. Raises BuildError."""
        texts = _texts(value)
        if len(texts) != len(self.spec.inputs):
            raise BuildError(
                f"{self.spec.kind} takes {len(self.spec.inputs)} text(s) ({', '.join(self.spec.inputs)}); "
                f"found {len(texts)}"
            )
        return Example(texts)

    def value(self, example: Example) -> list[str]:
        """What `unlabelled` makes the example of: its texts, as JSON can hold them."""
        return list(example.texts)

    def length(self, example: Example) -> int:
        """How many tokens the model reads."""
        return int(self.encode([example])["input_ids"].shape[1])

    def cut(self, examples: Sequence[Example]) -> int | None:
        """How many are longer than `spec.max_length` tokens: their end is not read. None without a tokenizer."""
        if not (self.folder / "tokenizer.json").is_file():
            return None
        return sum(bool(e.overflowing) for e in self.tokenizer.encode_batch([_inputs(e) for e in examples]))

    def probes(self) -> list[Example]:
        """The task's fixed inputs, short and long, plain and odd."""
        return [self.unlabelled(probe) for probe in self.fixed]

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """int64 arrays of shape (batch, longest of the batch): input_ids, attention_mask, token_type_ids."""
        import numpy as np

        batch = [_inputs(e) for e in examples]
        if len(batch) == 1:
            first = batch[0]
            encodings = [self.tokenizer.encode(*first) if isinstance(first, tuple) else self.tokenizer.encode(first)]
        else:
            encodings = self.tokenizer.encode_batch(batch)
        return {
            "input_ids": np.array([e.ids for e in encodings], dtype=np.int64),
            "attention_mask": np.array([e.attention_mask for e in encodings], dtype=np.int64),
            "token_type_ids": np.array([e.type_ids for e in encodings], dtype=np.int64),
        }

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """Class indices of shape (batch,). Raises BuildError where an example has no label."""
        import numpy as np

        if any(example.target is None for example in examples):
            raise BuildError("an example has no label; training and scoring need one in every row")
        return np.array([example.target for example in examples], dtype=np.int64)

    def with_labels(self, labels: Sequence[str]) -> BoundTask:
        """The same task with its labels in another order."""
        return replace(self, spec=self.spec.model_copy(update={"labels": tuple(labels)}))

    def loss(self, logits: Any, targets: Any) -> Any:
        """The training loss, in nats."""
        return loss(logits, targets)

    def _text(self, row: Mapping[str, Any], name: str) -> str:
        value = row.get(name)
        if not isinstance(value, str):
            found = "nothing" if value is None else f"{value!r}"
            raise BuildError(f"row {dict(row)}: column {name!r} should be text; found {found}")
        return value

    def _target(self, row: Mapping[str, Any]) -> int | None:
        label = row.get("label")
        if label is None:
            return None
        found = index_of(str(label), self.spec.labels)
        if found is None:
            hint = nearest(str(label), self.spec.labels)
            raise BuildError(f"row {dict(row)}: label {label!r} is outside the set{hint}")
        return found


def _texts(value: Any) -> tuple[str, ...]:
    """One text, or a list or tuple of texts. Raises BuildError for anything else, and for what UTF-8 cannot hold."""
    texts = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for text in texts:
        if not isinstance(text, str):
            raise BuildError(f"expected a text, or a list with as many as the task takes; found {value!r:.80}")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BuildError(f"{text!r:.80} holds half of a surrogate pair, which is no character") from None
    return texts
