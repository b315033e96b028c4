"""Records of cross-validations: their means, what they are of, and which one is shown."""

from __future__ import annotations

import math

import pytest

from tests.support import records
from tests.support.crossval import crossval, fold
from zoosmith.records.crossval import CrossValidation, best_founded, means
from zoosmith.records.scores import Metric


def test_the_mean_has_spread_and_interval_to_six_digits() -> None:
    found = crossval().mean["accuracy"]
    half = 2.776445105 * math.sqrt(0.001 / 4) / math.sqrt(5)
    assert (found.value, found.sd, found.folds) == (0.86, round(math.sqrt(0.001 / 4), 6), 5)
    assert (found.low, found.high) == (pytest.approx(0.86 - half, abs=1e-6), pytest.approx(0.86 + half, abs=1e-6))


def test_the_interval_of_a_share_ends_at_0_and_1_and_that_of_others_does_not() -> None:
    apart = [{"kl": Metric(value=value, n=32, unit="nats", better="lower")} for value in (0.1, 0.9)]
    share = means([fold(1, 0.1), fold(2, 0.9)])["accuracy"]
    assert (share.low, share.high) == (0.0, 1.0)
    kl = means([fold(i + 1, 0.5, metrics=metrics) for i, metrics in enumerate(apart)])["kl"]
    assert kl.low < 0


def test_a_metric_that_a_fold_lacks_has_no_mean() -> None:
    more = {"accuracy": Metric(value=0.8, n=32), "kl": Metric(value=0.1, n=32, unit="nats", better="lower")}
    assert list(means([fold(1, 0.9), fold(2, 0.8, metrics=more)])) == ["accuracy"]
    both = means([fold(1, 0.9, metrics=more), fold(2, 0.8, metrics=more)])
    assert (both["kl"].unit, both["kl"].better) == ("nats", "lower")


def test_it_reads_what_it_wrote() -> None:
    found = crossval(group=("person",), learnt_before=("toy-fp32",))
    assert CrossValidation.model_validate_json(found.model_dump_json(by_alias=True)) == found


@pytest.mark.parametrize(
    "changed",
    [{"builder": "lora"}, {"params": {"epochs": 9}}, {"seed": 7}, {"parents": {"from": "0" * 64}},
     {"splits": {"train": "0" * 64}}],
)  # fmt: skip
def test_it_is_of_one_recipe_and_of_no_other(changed: dict[str, object]) -> None:
    assert crossval().is_of(records.build())
    assert not crossval(**changed).is_of(records.build())


def test_rows_of_the_build_are_its_own() -> None:
    data = {"splits": {"train": {"rows": 96, "sha256": "a" * 64}, "dev": {"rows": 32, "sha256": "b" * 64}}}
    build = records.build(data=data)
    assert crossval(splits={"train": "a" * 64, "dev": "b" * 64}).is_of(build)
    assert not crossval(splits={"train": "a" * 64, "dev": "a" * 64}).is_of(build)


def test_more_rows_count_before_more_folds() -> None:
    few, more, whole = crossval(rows=80, k=10), crossval(rows=160, k=3), crossval(rows=160, k=5)
    assert best_founded([few, more, whole]) is whole
    assert best_founded([]) is None
