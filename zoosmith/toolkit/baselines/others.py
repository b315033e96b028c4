"""Another model's answers as those of a baseline: rows as that model reads them, its classes as the eval's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.common.names import nearest, places_in
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zoosmith.toolkit.baselines.answers import Rows


def places(own: Sequence[str], labels: Sequence[str]) -> list[int]:
    """Index in `labels` of each label of the model, by its name. Raises ZooError where they are not the same names."""
    found = places_in(labels, own)
    if found is None:
        raise ZooError(difference(own, labels))
    return found


def difference(own: Sequence[str], labels: Sequence[str]) -> str:
    """Which label one of the two sets lacks, in words."""
    for name, others, whose in [*((n, own, "it") for n in labels), *((n, labels, "the eval") for n in own)]:
        if places_in([name], [n for n in others if n.casefold() == name.casefold()]) is None:
            return f"{whose} has no label {name!r}{nearest(name, others)}"
    return f"it answers with {', '.join(own)}, and the eval has {', '.join(labels)}"


def rows(asked: Rows, spec: TaskSpec, own: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Rows with the model's names for the texts, in their order, and for the label.

    own: index in the eval's labels of each of the model's. Raises ValueError for another number of texts.
    """
    names = {place: spec.labels[i] for i, place in enumerate(own)}
    for texts, target in zip(asked.texts, asked.targets, strict=True):
        yield {**dict(zip(spec.inputs, texts, strict=True)), "label": names[target]}


def classes(logits: NDArray[Any], own: Sequence[int]) -> list[int]:
    """The class of the eval that each row of logits (rows, classes) of the model answers with."""
    return [own[i] for i in logits.argmax(axis=1).tolist()]
