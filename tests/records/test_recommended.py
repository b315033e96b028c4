"""One recommendation: never dominated, the same whatever the order, and of rows that may be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.records.figures import Figures, of_measurement
from zoosmith.records.recommended import gain_of, pace, recommended
from zoosmith.records.scores import Bounded, Difference, Versus

METRIC = "toy.macro_f1"
REFERENCE = of_measurement(records.reference(), "text-classification")
TEXT = "text.mean_kl"


def one(
    name: str, speed: float = 3.0, drop: float = 0.0, half: float = 0.005, size: int = 10**7, **changed: Any
) -> Figures:
    bounds = Bounded(value=speed, low=speed * 0.9, high=speed * 1.1, n=12)
    measured = records.measurement(name, speedup=bounds, versus=records.versus(drop, half=half), size_total=size)
    return replace(of_measurement(measured, "text-classification"), **changed)


def said(*rows: Figures) -> tuple[str | None, str | None, str | None]:
    found = recommended([REFERENCE, *rows], METRIC)
    return found.fastest, found.smallest, found.safest


def test_the_fastest_within_the_margin_the_smallest_and_the_safest() -> None:
    quick, lossy = one("toy-quick", 9.0, 0.008, 0.01), one("toy-lossy", 12.0, 0.02, size=1)
    safe, small = one("toy-safe", 2.0, 0.001), one("toy-small", 1.5, 0.009, 0.01, size=10**6)
    assert said(quick, lossy, safe, small) == ("toy-quick", "toy-small", "toy-safe")
    found = recommended([REFERENCE, quick, lossy, safe, small], METRIC)
    assert found.ranked == ("toy-quick", "toy-safe", "toy-small", "toy-fp32", "toy-lossy")
    assert (found.host, found.metric, found.of) == ("epyc-2c", METRIC, 5)


def test_where_everything_loses_or_is_slower_the_reference_is_recommended() -> None:
    assert said(one("toy-slow", 0.5, size=10**9), one("toy-lossy", 9.0, 0.03)) == ("toy-fp32", "toy-fp32", "toy-fp32")


def test_without_the_reference_nothing_need_qualify() -> None:
    found = recommended([one("toy-lossy", 9.0, 0.03)], METRIC)
    assert (found.fastest, found.smallest, found.safest) == (None, None, None)
    assert found.ranked == ("toy-lossy",)


def test_what_was_not_measured_by_the_metric_is_not_recommended() -> None:
    assert said(one("toy-other", 9.0, versus={}))[0] == "toy-fp32"


def on_two(name: str, speed: float, drop: float, drop_elsewhere: float, half: float) -> Figures:
    """Measured on `toy` and on `other`, where it lost so much."""
    bounds = Bounded(value=speed, low=speed * 0.9, high=speed * 1.1, n=12)
    versus = records.versus(drop) | {"other": records.versus(drop_elsewhere, half=half)["toy"]}
    quality = {"toy": records.quality(), "other": records.quality()}
    measured = records.measurement(name, speedup=bounds, versus=versus, quality=quality)
    return of_measurement(measured, "text-classification")


@pytest.mark.parametrize(
    ("elsewhere", "half", "fastest"),
    [
        (0.0, 0.01, "toy-quick"), (0.021, 0.019, "toy-safe"),
        (0.021, 0.03, "toy-quick"),  # which shows nothing
        (0.008, 0.002, "toy-quick"),  # which is shown, and is less than a point
        (-0.03, 0.01, "toy-quick"),
    ],
)  # fmt: skip
def test_what_another_eval_shows_to_lose_more_is_not_recommended(elsewhere: float, half: float, fastest: str) -> None:
    found = recommended(
        [REFERENCE, on_two("toy-quick", 9.0, 0.002, elsewhere, half), on_two("toy-safe", 2.0, 0.001, 0.001, 0.005)],
        METRIC,
    )
    assert found.fastest == fastest
    assert (found.ranked[-1] == "toy-quick") == (fastest == "toy-safe")


def test_a_host_that_was_not_steady_weakens_a_speed() -> None:
    assert said(one("toy-a", 3.0), one("toy-b", 3.1))[0] == "toy-b"
    assert said(one("toy-a", 3.0), one("toy-b", 3.1, steady=False))[0] == "toy-a"


@pytest.mark.parametrize("changed", [{"host": "elsewhere"}, {"threads": 2}, {"device": "cuda"}])
def test_rows_of_several_hosts_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of one host alone"):
        recommended([REFERENCE, one("toy-a", **changed)], METRIC)
    with pytest.raises(ValueError, match="of 0"):
        recommended([], METRIC)


def test_milliseconds_decide_where_not_every_row_has_a_ratio_to_one_tree() -> None:
    first, second = one("toy-a", 9.0, p50_ms=4.0), one("toy-b", 2.0, p50_ms=1.0)
    assert said(first, second)[0] == "toy-a"
    assert said(replace(first, reference_tree="f" * 64), second)[0] == "toy-b"
    assert said(replace(first, speedup=None), second)[0] == "toy-b"


def test_a_divergence_is_held_against_its_margin() -> None:
    near, far = (
        of_measurement(records.language(f"toy-{name}", versus=records.text_versus(kl), speedup=speed), "perplexity")
        for name, kl, speed in (("q8", 0.005, records.bounded(2.0, 0.1)), ("q4", 0.05, records.bounded(4.0, 0.1)))
    )
    reference = of_measurement(records.language_reference(), "perplexity")
    found = recommended([reference, near, far], TEXT)
    assert (found.fastest, found.safest) == ("toy-q8", "toy-q8")
    assert found.ranked[-1] == "toy-q4"
    same = gain_of(near, "text.same_top1")
    assert same is not None and same.value == pytest.approx(0.958 - 1), "sameness of 1 is no gain"


ROWS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 1.5, 2.0, 3.0]), st.sampled_from([-0.01, 0.0, 0.005, 0.01, 0.02]),
        st.sampled_from([0.0, 0.004, 0.02]), st.sampled_from([1, 2, 3]), st.sampled_from([5, 6]), st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


def family(told: list[tuple[float, float, float, int, int, bool]], paired: bool) -> list[Figures]:
    rows = [
        one(f"toy-{i}", speed, drop, half, size, memory_peak=peak, steady=steady, p50_ms=6 / speed)
        for i, (speed, drop, half, size, peak, steady) in enumerate(told)
    ]
    return [REFERENCE, *(rows if paired else [replace(row, speedup=None) for row in rows])]


def figures_of(row: Figures, rows: list[Figures]) -> list[float]:
    """What counts, each the better the more."""
    gain = gain_of(row, METRIC) or Difference(value=-1, low=-1, high=-1)
    faster = sum(pace(rows)(row) <= pace(rows)(other) for other in rows)
    return [faster, -row.size, gain.value, gain.low, -row.memory_peak]


def dominates(one: list[float], other: list[float]) -> bool:
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


@given(ROWS, st.booleans())
def test_nothing_recommended_is_dominated(told: list[Any], paired: bool) -> None:
    rows = family(told, paired)
    by_name = {row.name: figures_of(row, rows) for row in rows}
    found = recommended(rows, METRIC)
    for name in (found.fastest, found.smallest, found.safest):
        assert name is not None
        assert not [other for other, its in by_name.items() if dominates(its, by_name[name])]


@given(ROWS, st.booleans(), st.randoms())
def test_the_order_of_the_rows_changes_nothing(told: list[Any], paired: bool, chance: Any) -> None:
    rows = family(told, paired)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert recommended(shuffled, METRIC) == recommended(rows, METRIC)
    assert recommended(rows, METRIC).ranked[0] == recommended(rows, METRIC).fastest


@given(ROWS)
def test_the_recommended_is_within_the_margin_and_the_safest_surely_so(told: list[Any]) -> None:
    rows = {row.name: row for row in family(told, paired=True)}
    found = recommended(list(rows.values()), METRIC)
    assert found.fastest and found.safest
    fastest, safest = gain_of(rows[found.fastest], METRIC), gain_of(rows[found.safest], METRIC)
    assert fastest and safest and fastest.value >= -0.01 and safest.low >= -0.01


def test_versus_without_the_metric_is_no_gain() -> None:
    assert gain_of(one("toy-a", versus={"toy": Versus()}), METRIC) is None
