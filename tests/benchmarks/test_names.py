"""Measures of strings, thresholds, and goals that are missed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._name_pairs import Pair, edit_similarity, jaro_winkler, right, similarities, threshold
from benchmarks.names import by_kind, missed, on_real_pairs

texts = st.text("abcde ", max_size=8)


@pytest.mark.parametrize(
    ("a", "b", "expected"), [("MARTHA", "MARHTA", 0.9611), ("DIXON", "DICKSONX", 0.8133), ("DWAYNE", "DUANE", 0.84)]
)
def test_jaro_winkler_is_that_of_its_source(a: str, b: str, expected: float) -> None:
    assert jaro_winkler(a, b) == pytest.approx(expected, abs=1e-4)


@given(texts, texts)
def test_similarities_are_shares_and_1_for_equals(a: str, b: str) -> None:
    for similarity in (edit_similarity, jaro_winkler):
        assert 0 <= similarity(a, b) <= 1
        assert similarity(a, a) == similarity(a, a.upper()) == 1
    assert edit_similarity(a, b) == edit_similarity(b, a)


def test_a_threshold_is_the_best_of_its_pairs() -> None:
    pairs = [Pair("a", "a", "yes"), Pair("ab", "ac", "yes"), Pair("ab", "cd", "no"), Pair("abc", "xyc", "no")]
    scores = similarities(edit_similarity, pairs)
    cut = threshold(scores, pairs)
    assert cut == 0.5
    assert right(scores, cut, pairs) == [True] * 4
    assert right(scores, 0.9, pairs) == [True, False, True, True]


class Scoring:
    """Gives a pair of equal texts 0.3 for yes, which is less than what it gives no, and others 0.1."""

    def predict(self, pairs: list[tuple[str, str]]) -> list[SimpleNamespace]:
        return [SimpleNamespace(label="no", scores={"yes": 0.3 if a == b else 0.1}) for a, b in pairs]


def test_on_real_pairs_an_artifact_gets_a_threshold_as_its_baselines_do() -> None:
    pairs = [Pair("a", "a", "yes"), Pair("ab", "cd", "no")] * 20
    found = on_real_pairs(Scoring(), pairs, pairs)  # type: ignore[arg-type]
    assert found["accuracy"]["value"] == 1 and found["threshold"] == 0.3
    assert found["unfitted"]["accuracy"]["value"] == 0.5
    assert found["edit distance"]["above"]["value"] == 0
    assert found["unfitted"]["edit distance"]["above"]["value"] == -0.5


def figures(right: int, swapped: float = 0.0, low: float = 0.1) -> dict[str, Any]:
    rows = [{"kind": kind, "label": label} for kind in ("typo", "family") for label in ("yes", "no", "partial") * 20]
    found = [row["label"] if i < right else "no" for i, row in enumerate(rows)]
    above = {"above": {"value": low + 0.1, "low": low}}
    return by_kind(rows, found) | {
        "swapped": {"value": swapped},
        "identical": {"value": 1.0},
        "real": {"edit distance": above, "Jaro-Winkler": above},
    }


def test_goals_that_are_met_and_missed() -> None:
    good = figures(120)
    assert good["macro_f1"]["value"] == 1 and good["kinds"]["typo"]["n"] == 60
    assert missed({"fp32": good, "torch-int8": good}) == []
    told = missed({"fp32": good, "torch-int8": figures(80, swapped=0.05, low=-0.01)})
    assert [line.split(":")[1].split()[0] for line in told[:4]] == ["macro_f1", "worst_kind", "swapped", "int8_drop"]
    assert sum("not above" in line for line in told) == 2
