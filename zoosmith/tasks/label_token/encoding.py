"""A prompt in, one token of a set out: classification by a causal language model.

The answers are the words of the labels, each one token of the model's vocabulary: the one that stands after a space,
unless the prompt ends in white space. Prompts are never cut: what decides may stand at their end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification.encoding import BoundTask, Example
from zoosmith.tasks._language.encoding import AUTO_MODEL
from zoosmith.tasks._language.encoding import OFFERS as OF_LANGUAGE
from zoosmith.tasks.label_token.template import ends_in_space, filled, placeholders
from zoosmith.tasks.text_pair_classification.encoding import INPUTS, PROBES
from zoosmith.toolkit.causal.labels import label_ids
from zoosmith.toolkit.causal.reading import MESSAGE, Reader, chat_ids, plain_ids, rendered
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer

if TYPE_CHECKING:
    from zoosmith.contract.session import Encoded

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "LabelTokenTask", "bind", "inputs_of"]

OFFERS = (*OF_LANGUAGE, "last_logprobs")
BYTES_PER_TOKEN = 4  # of English in a vocabulary of some ten thousand tokens; only for estimates


def inputs_of(prompt: str | None, columns: Collection[str] | None = None) -> tuple[str, ...]:
    """The inputs of a task with this prompt: its placeholders, in order, each a column of `columns` where given.

    Raises ZooError.
    """
    if prompt is None:
        raise ZooError("is missing: label-token asks a language model, so say what, such as `prompt: 'Text: {text}'`")
    return placeholders(prompt, columns)


@dataclass(frozen=True)
class LabelTokenTask(BoundTask):
    """The task bound to a spec and the tokenizer in `folder`.

    An opened model may read prompts instead of that tokenizer (`reader`): a GGUF has its own inside.
    """

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""
        return AUTO_MODEL

    @cached_property
    def reader(self) -> FolderTokenizer:
        """The folder's tokenizer. Raises ZooError where there is none."""
        return FolderTokenizer(self.folder)

    def prompt_of(self, example: Example) -> str:
        """The template with the example's texts in it."""
        return filled(self._prompt, dict(zip(self.spec.inputs, example.texts, strict=True)))

    def prompt_ids(self, example: Example, reader: Reader | None = None) -> list[int]:
        """Token ids of the example's prompt. Raises BuildError for more than `spec.max_length` of them, or none."""
        asked = chat_ids if self.spec.chat else plain_ids
        ids = asked(reader or self.reader, self.prompt_of(example))
        if not ids or len(ids) > self.spec.max_length:
            raise BuildError(
                f"the prompt of {example.texts!r:.160} has {len(ids)} tokens; max_length is {self.spec.max_length}, "
                "and prompts are never cut: raise `max_length` of the task, shorten the prompt, or leave such rows out"
            )
        return ids

    def answer_ids(self, reader: Reader | None = None) -> tuple[int, ...]:
        """The token of each label, in the order of `spec.labels`.

        Raises ZooError where a label is no token of its own in the form that the prompt's end asks for.
        """
        reader = reader or self.reader
        known = self._answers.get(reader)
        if known is None:
            known = self._answers[reader] = label_ids(reader, self.spec.labels, spaced=self._spaced(reader))
        return known

    def with_labels(self, labels: Sequence[str]) -> LabelTokenTask:
        """The same task with its labels in another order."""
        return replace(self, spec=self.spec.model_copy(update={"labels": tuple(labels)}))

    def length(self, example: Example) -> int:
        """How many tokens the model reads; about so many, where the folder has no tokenizer."""
        if not self._reads:
            return len(self.prompt_of(example).encode()) // BYTES_PER_TOKEN + 1
        return len(self.prompt_ids(example))

    def cut(self, examples: Sequence[Example]) -> int | None:
        """0: prompts are never cut. Raises BuildError for one that is too long. None without a tokenizer."""
        if not self._reads:
            return None
        for example in examples:
            self.prompt_ids(example)
        return 0

    def probes(self) -> list[Example]:
        """Fixed inputs, short and long, plain and odd: those whose prompts fit."""
        sized = [(probe * len(self.spec.inputs))[: len(self.spec.inputs)] for probe in PROBES]
        return [example for example in map(self.unlabelled, sized) if self._fits(example)]

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """int64 arrays of shape (batch, longest of the batch): input_ids, padded on the right, and attention_mask."""
        import numpy as np

        rows = [self.prompt_ids(example) for example in examples]
        ids = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)], mask[at, : len(row)] = row, 1
        return {"input_ids": ids, "attention_mask": mask}

    @property
    def _prompt(self) -> str:
        if self.spec.prompt is None:
            raise BuildError("the artifact's manifest has no prompt, which label-token asks with; build it again")
        return self.spec.prompt

    @property
    def _reads(self) -> bool:
        return (self.folder / "tokenizer.json").is_file()

    @cached_property
    def _answers(self) -> WeakKeyDictionary[Any, tuple[int, ...]]:
        return WeakKeyDictionary()

    def _spaced(self, reader: Reader) -> bool:
        plain = filled(self._prompt, dict.fromkeys(self.spec.inputs, "a"))
        return not ends_in_space(rendered(reader, MESSAGE) if self.spec.chat else plain)

    def _fits(self, example: Example) -> bool:
        """Whether a prompt is within `spec.max_length`; without a tokenizer, if each byte of the texts is a token."""
        if not self._reads:
            texts = sum(len(text.encode()) for text in example.texts)
            return len(self._prompt) // 3 + texts <= self.spec.max_length
        ids = (chat_ids if self.spec.chat else plain_ids)(self.reader, self.prompt_of(example))
        return len(ids) <= self.spec.max_length


def bind(spec: TaskSpec, folder: Path) -> LabelTokenTask:
    """The task with the tokenizer in `folder`."""
    return LabelTokenTask(spec, folder, PROBES)
