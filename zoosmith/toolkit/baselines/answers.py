"""Answers of each baseline: fitted to rows that builders may read, asked about the rows that are measured.

Similarities are those of RapidFuzz (https://github.com/rapidfuzz/RapidFuzz), of texts in small letters: 1 less the
Levenshtein distance over the longer length, and Jaro-Winkler's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from zoosmith.toolkit.baselines.bands import fitted

REQUIRES = ("rapidfuzz",)  # of those that compare two texts
BY_SIMILARITY = ("edit_distance", "jaro_winkler")
Texts = tuple[str, ...]


class Rows(NamedTuple):
    """Texts of each row, and the index of its class."""

    texts: list[Texts]
    targets: list[int]


class Answered(NamedTuple):
    """One class index a row, and in words what was fitted."""

    predicted: list[int]
    fit: str


def answered(name: str, fit: Rows, asked: Sequence[Texts], labels: Sequence[str]) -> Answered:
    """What a baseline answers to `asked`. Raises ValueError for no rows to fit to, or other than two texts a row."""
    if name == "majority":
        return _majority(fit, asked, labels)
    similarity = _similarity(name)
    bands = fitted([similarity(texts) for texts in fit.texts], fit.targets)
    words = [f"{labels[i]} {_begins(cut)}" for i, cut in zip(bands.order[1:], bands.cuts, strict=True)]
    told = ", ".join([labels[bands.order[0]], *words])
    return Answered([bands.answer(similarity(texts)) for texts in asked], told)


def _begins(cut: float) -> str:
    """Where a band of similarities begins, in words."""
    return "never" if cut > 1 else f"from {max(cut, 0.0):.3f}"


def _majority(fit: Rows, asked: Sequence[Texts], labels: Sequence[str]) -> Answered:
    counts = Counter(fit.targets)
    most = min(counts, key=lambda target: (-counts[target], target))
    share = counts[most] / len(fit.targets)
    return Answered([most] * len(asked), f"always {labels[most]}, {share:.3f} of the rows")


def _similarity(name: str) -> Callable[[Texts], float]:
    from rapidfuzz.distance import JaroWinkler, Levenshtein

    measure: Any = {"edit_distance": Levenshtein, "jaro_winkler": JaroWinkler}[name].normalized_similarity

    def similarity(texts: Texts) -> float:
        first, second = texts
        return float(measure(first.casefold(), second.casefold()))

    return similarity
