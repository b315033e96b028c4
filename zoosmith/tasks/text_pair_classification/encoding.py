"""Two texts in, one class out: matching, paraphrase, entailment."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification.encoding import AUTO_MODEL, OFFERS, BoundTask, Example

if TYPE_CHECKING:
    from zoosmith.contract.session import Encoded

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "SYMMETRIC", "bind"]

INPUTS = ("first", "second")
SYMMETRIC = True  # a recipe may say that the order of the two means nothing
PROBES = (
    ("a", "b"),
    ("Maria Garcia", "Garcia, María"),
    ("J. Smith", "John Smith"),
    ("William Turner", "Bill Turner"),
    ("Søren Kierkegaard", "Soren Kierkegard"),
    ("Иван Петров", "Ivan Petrov"),
    ("A man is playing a guitar on stage.", "Somebody makes music."),
    ("The meeting is on Monday.", "The meeting was cancelled, and nobody was told."),
    ("How do I reset my password?", "What must I do to change my PIN?"),
    ("東京", "Tokyo"),
    ("One sentence that goes on and on. " * 12, "Another that does the same. " * 12),
    ("🙂", "— … \t\u00a0"),
)


@dataclass(frozen=True)
class PairTask(BoundTask):
    """Two texts; of a symmetric task the shorter is read first, of two as long the one that sorts first."""

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """As every classification, of the texts as they are read."""
        return super().encode([self._read(example) for example in examples])

    def cut(self, examples: Sequence[Example]) -> int | None:
        """As every classification, of the texts as they are read."""
        return super().cut([self._read(example) for example in examples])

    def _read(self, example: Example) -> Example:
        if not self.spec.symmetric:
            return example
        return example._replace(texts=tuple(sorted(example.texts, key=_place)))


def _place(text: str) -> tuple[int, str, str]:
    """What a text is sorted by: its letters first, so that case, accents and spaces do not change the order."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c) and not c.isspace())
    return len(letters), letters, text


def bind(spec: TaskSpec, folder: Path) -> PairTask:
    """The task with the tokenizer in `folder`."""
    return PairTask(spec, folder, PROBES)
