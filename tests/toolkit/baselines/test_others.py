"""Rows as another model reads them, and its classes as the eval's."""

from __future__ import annotations

import numpy as np
import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.toolkit.baselines import others
from zoosmith.toolkit.baselines.answers import Rows

LABELS = ("no", "partial", "yes")


def test_labels_are_found_by_name_whatever_their_order_and_case() -> None:
    own = others.places(("Yes", "no", "PARTIAL"), LABELS)
    assert own == [2, 0, 1]
    assert others.classes(np.array([[0.1, 0.7, 0.2], [3.0, 0.0, 0.0]]), own) == [0, 2]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (("yes", "no"), "it has no label 'partial'"),
        (("yes", "no", "partial", "never"), "the eval has no label 'never'"),
        (("yes", "no", "partiall"), "it has no label 'partial'; did you mean 'partiall'"),
    ],
)
def test_other_labels_are_told(own: tuple[str, ...], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        others.places(own, LABELS)


def test_texts_go_to_the_columns_of_the_model_in_their_order() -> None:
    spec = TaskSpec(kind="text-pair-classification", inputs=("left", "right"), labels=("Yes", "No"), max_length=32)
    own = others.places(spec.labels, ("no", "yes"))
    [row] = others.rows(Rows([("a", "b")], [1]), spec, own)
    assert row == {"left": "a", "right": "b", "label": "Yes"}
    with pytest.raises(ValueError, match=r"shorter|longer"):
        list(others.rows(Rows([("a",)], [1]), spec, own))
