"""What a baseline answered to the examples of an eval, so that it pairs with any artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from zoosmith.common.names import index_of
from zoosmith.recipes.schema import Model
from zoosmith.records.answers import Answers, packed_answers


class Baseline(Model):
    """Its answers, and in words what was fitted to which rows.

    size: bytes of an artifact of another family with all that it needs; None of a baseline without a model.
    """

    fit: str
    answers: Answers
    size: int | None = Field(default=None, exclude_if=lambda value: value is None)


def baselines_of(
    told: Mapping[str, Any], texts: Sequence[Sequence[str]], true: Sequence[str], measured: slice
) -> dict[str, Baseline]:
    """Baselines by name, of what their step wrote: class indices of every row, of which some were measured.

    texts and true label are of the rows that were measured. Raises ValueError where these are other rows.
    """
    labels = tuple(told["labels"])
    targets = [_index(name, labels) for name in true]
    return {
        name: Baseline(
            fit=one["fit"],
            answers=packed_answers(texts, targets, one["predicted"][measured], labels),
            size=one.get("size"),
        )
        for name, one in told["baselines"].items()
    }


def _index(name: str, labels: Sequence[str]) -> int:
    found = index_of(name, labels)
    if found is None:
        raise ValueError(f"the label {name!r} is none of those that the baselines answer with: {', '.join(labels)}")
    return found
