"""Texts of causal language models: a row is a document, whose tokens the model's own format tells apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec

OFFERS = ("loglikelihood", "loglikelihood_rolling", "next_logprobs", "generate")
AUTO_MODEL = "AutoModelForCausalLM"
INPUTS = ("text",)
BYTES_PER_TOKEN = 4  # of English in a vocabulary of some ten thousand tokens; only for estimates
PROBES = (
    "a",
    "Hello",
    "The capital of France is Paris, and the capital of Italy is",
    "Once upon a time there was a little girl who lived near the forest. Every day she walked to the",
    "def add(a, b):\n    return a + b\n\n\ndef multiply(a, b):\n    return",
    "1, 1, 2, 3, 5, 8, 13, 21,",
    "Question: Which of these is a mammal?\nA. trout\nB. whale\nC. frog\nD. hawk\nAnswer: B\n\nQuestion: Which",
    "Die Sitzung beginnt am Montag um neun Uhr; wer nicht kommen kann, gibt bitte vorher",
    "Le film est magnifique, naïve et très long.",
    "東京の天気は今日とても良いです。",
    "Иван Петров приехал в",
    "ok — fine… \t tabs\nand\u00a0spaces",
    "The court held that the agreement, which both parties had signed in the presence of witnesses, was binding; "
    "the appellant's claim that she had not understood its terms was rejected for want of evidence. " * 3,
)


class Document(NamedTuple):
    """A text that a model reads."""

    text: str


@dataclass(frozen=True)
class LanguageTask:
    """The task bound to a spec; `folder` is the artifact's. Sessions tokenise, so it holds no tokenizer."""

    spec: TaskSpec
    folder: Path
    fixed: Sequence[str] = PROBES

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""
        return AUTO_MODEL

    def example(self, row: Mapping[str, Any]) -> Document:
        """The document of a row. Raises BuildError unless its column `text` holds text."""
        value = row.get("text")
        if not isinstance(value, str):
            found = "nothing" if value is None else f"{value!r}"
            raise BuildError(f"row {dict(row)}: column 'text' should be text; found {found}")
        return Document(value)

    def unlabelled(self, value: str) -> Document:
        """The document that a user typed. Raises BuildError for what is no text."""
        if not isinstance(value, str):
            raise BuildError(f"{self.spec.kind} takes one text at a time; found {value!r:.80}")
        return Document(value)

    def value(self, example: Document) -> str:
        """The document's text."""
        return example.text

    def length(self, example: Document) -> int:
        """About how many tokens the model reads."""
        return len(example.text.encode()) // BYTES_PER_TOKEN + 1

    def probes(self) -> list[Document]:
        """The task's fixed inputs, short and long, plain and odd."""
        return [self.unlabelled(probe) for probe in self.fixed]


def bind(spec: TaskSpec, folder: Path) -> LanguageTask:
    """The task for the artifact in `folder`."""
    return LanguageTask(spec, folder)
