"""Items as a task of causal language models, whose own sessions read text: no tokenizer is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._choices.items import Item, check_columns, item
from zoosmith.tasks._language.encoding import AUTO_MODEL, BYTES_PER_TOKEN, OFFERS, PROBES

__all__ = ["AUTO_MODEL", "INPUTS", "KINDS", "OFFERS", "PROBES", "ItemTask", "bind", "check_columns"]

INPUTS = ("context",)
KINDS = ("multiple-choice", "multiple-choice-letter")


@dataclass(frozen=True)
class ItemTask:
    """The questions, put to an artifact that answers the task `spec`."""

    spec: TaskSpec
    folder: Path

    @property
    def auto_model(self) -> str:
        """Name of the transformers class that loads a checkpoint of this task."""
        return AUTO_MODEL

    def example(self, row: Mapping[str, Any]) -> Item:
        """The item of a row. Raises BuildError for a row of another form, and for one without its answer."""
        found = item(row)
        if found.answer is None:
            raise BuildError(f"row {dict(row)!r:.200}: column 'answer' is missing; map it under `columns:`")
        return found

    def unlabelled(self, value: str | Mapping[str, Any]) -> Item:
        """The item of a row as an object or as JSON. Raises BuildError for what is neither."""
        row = _object(value)
        if row.keys() == set(Item._fields):
            return Item(row["context"], row["shown"], tuple(row["choices"]), row["answer"])
        return item(row)

    def value(self, example: Item) -> str:
        """The item as JSON: `unlabelled` reads it."""
        return json.dumps(example._asdict(), ensure_ascii=False)

    def length(self, example: Item) -> int:
        """About how many tokens the model reads: what the choices continue counts once."""
        return sum(len(text.encode()) for text in (example.context, *example.choices)) // BYTES_PER_TOKEN + 1

    def probes(self) -> list[Item]:
        """The fixed texts of language models, each with two choices."""
        return [Item(probe, probe, ("yes", "no")) for probe in PROBES]


def bind(spec: TaskSpec, folder: Path) -> ItemTask:
    """The questions for the artifact in `folder`. Raises BuildError where the artifact is made for nothing else."""
    if spec.kind in KINDS:
        raise BuildError(
            f"{spec.kind} is a kind of eval, not of a task: name what the artifacts are for, such as "
            f"`task: {{kind: text-generation}}`, and `evals: {{arc: {{kind: {spec.kind}, data: ...}}}}`"
        )
    return ItemTask(spec, folder)


def _object(value: Any) -> Mapping[str, Any]:
    try:
        row = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        row = None
    if not isinstance(row, Mapping):
        wanted = '{"question": ..., "choices": [...]}'
        raise BuildError(f"a question with its choices is an object such as {wanted}; found {value!r:.80}")
    return row
