"""Pruning by weights and activations: the lowest contributions of each output go, and rows of `train` decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from builders.prune_wanda import Params, _mask
from tests.builders.test_prune_magnitude import linear
from tests.support.job import TELLING, Case, Family, probe_logits, task_rows
from tests.support.pruning import RECOVERY
from tests.support.training import weights
from zoosmith.contract.errors import BuildError

CASE = Case(parents={"from": "finetune"}, params={"rows": 32})


@settings(deadline=None)
@given(rows=st.integers(1, 140), columns=st.integers(1, 40), share=st.floats(0.01, 0.99), seed=st.integers(0, 99))
def test_of_each_output_exactly_the_share_with_the_lowest_scores_goes(
    rows: int, columns: int, share: float, seed: int
) -> None:
    import torch

    generator = torch.Generator().manual_seed(seed)
    weight = torch.rand(rows, columns, generator=generator) - 0.5
    norms = torch.rand(columns, generator=generator, dtype=torch.float64)
    scores, mask = weight.abs() * norms, _mask(weight, norms, share)
    assert (~mask).sum(dim=1).tolist() == [round(share * columns)] * rows
    for row, kept in zip(scores, mask, strict=True):
        assert max(row[~kept].tolist(), default=-1) <= min(row[kept].tolist(), default=2)


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_each_output_of_each_layer_loses_its_share(family: Family, tmp_path: Path, share: float) -> None:
    made = family.again("prune_wanda", tmp_path, params=CASE.params | {"share": share})
    mine, theirs = weights(made), weights(family.made("finetune"))
    assert len(linear(mine)) == 14
    for name, value in linear(mine).items():
        assert set((value == 0).sum(axis=1)) == {round(share * value.shape[1])}
        assert np.array_equal(value[value != 0], theirs[name][value != 0])
    assert made.facts["nonzero_parameters"] == sum(int(np.count_nonzero(value)) for value in mine.values())
    assert "size and speed are those of the same model unpruned" in made.facts["remarks"][0]


def test_scores_are_weights_times_the_norm_of_what_they_see(family: Family, tmp_path: Path) -> None:
    """By hand for the first layer's query, whose input are the embeddings."""
    import torch

    made, parent = family.again("prune_wanda", tmp_path, params=CASE.params | {"rows": 4}), family.made("finetune")
    model, train = parent.model, task_rows("text-classification", "train")
    squares = torch.zeros(32)
    for row in (train[i * len(train) // 4] for i in range(4)):
        ids = torch.from_numpy(made.job.task.encode([made.job.task.example(row)])["input_ids"])
        with torch.inference_mode():
            squares += model.bert.embeddings(ids)[0].square().sum(dim=0)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    scores = np.abs(weights(parent)[name]) * squares.sqrt().numpy()
    gone = weights(made)[name] == 0
    for row, lost in zip(scores, gone, strict=True):
        assert row[lost].max() <= row[~lost].min() * (1 + 1e-5)


def test_it_differs_from_magnitude_alone(family: Family) -> None:
    name = "bert.encoder.layer.1.output.dense.weight"
    by_both, by_size = (weights(family.made(one))[name] == 0 for one in ("prune_wanda", "prune_magnitude"))
    assert 0 < (by_both != by_size).mean() < 0.5


def test_zeros_stay_zero_while_the_rest_is_trained(family: Family, tmp_path: Path) -> None:
    made = family.again("prune_wanda", tmp_path, params=CASE.params | {"share": 0.5, "recovery": RECOVERY})
    for value in linear(weights(made)).values():
        assert set((value == 0).sum(axis=1)) == {round(0.5 * value.shape[1])}
    assert probe_logits(made, TELLING).argmax(axis=1).tolist() == [1] * 5 + [0] * 5


def test_only_rows_of_train_are_read_without_recovery(family: Family, tmp_path: Path) -> None:
    asked: list[str] = []

    def rows(split: str) -> Any:
        asked.append(split)
        return task_rows("text-classification", split)

    family.again("prune_wanda", tmp_path, data=rows)
    assert set(asked) == {"train"}


def test_an_empty_split_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="rows of `train`, which is empty"):
        family.again("prune_wanda", tmp_path, data=lambda split: [])


@pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1}, {"rows": 0}])
def test_impossible_params_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Params(**wrong)
