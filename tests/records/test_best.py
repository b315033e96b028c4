"""The choice within a budget: nothing that is allowed is faster, and whatever is excluded misses a limit by name."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.contract.errors import ZooError
from zoosmith.records.best import (
    Budget,
    Candidate,
    Choice,
    Held,
    choose,
    common_evals,
    common_host,
    on_evals,
    told_apart,
    worst_drop,
)
from zoosmith.records.figures import Figures, of_measurement, of_result
from zoosmith.records.recommended import pace
from zoosmith.records.rows import row
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Bounded, Difference, Metric, Versus

HOSTS = ("epyc-2c", "elsewhere")


def figures(name: str = "toy-a", **changed: Any) -> Figures:
    made = row(records.build(name), [records.measurement(name)], [], "card.md")
    return dataclasses.replace(of_result(name, made, made.results[0]), **changed)


def drop(value: float, half: float = 0.01) -> dict[str, Versus]:
    return {"toy": Versus(delta={"accuracy": Difference(value=-value, low=-value - half, high=-value + half)})}


@st.composite
def figured(draw: st.DrawFn, name: str) -> Figures:
    value = draw(st.floats(0.5, 1))
    return figures(
        name,
        host=draw(st.sampled_from(HOSTS)),
        p50_ms=draw(st.floats(0.1, 10)),
        p95_ms=draw(st.floats(0.1, 20)),
        size=draw(st.integers(1, 10**8)),
        memory_peak=draw(st.integers(1, 1000)),
        versus=draw(st.one_of(st.just({}), st.floats(-0.05, 0.05).map(drop))),
        scores={"toy.accuracy": Metric(value=value, low=value - 0.02, high=value + 0.02, n=100)},
    )


@st.composite
def zoo(draw: st.DrawFn) -> dict[str, list[Figures]]:
    names = [f"toy-{i}" for i in range(draw(st.integers(1, 8)))]
    return {name: draw(st.lists(figured(name), max_size=3)) for name in names}


BUDGETS = st.builds(
    Budget,
    max_drop=st.none() | st.floats(0, 0.05),
    max_size=st.none() | st.floats(0, 10**8),
    max_p95_ms=st.none() | st.floats(0, 20),
    max_memory_mb=st.none() | st.floats(0, 1000),
    minima=st.just({}) | st.floats(0, 1).map(lambda least: {"accuracy": least}),
    sure=st.booleans(),
)


def meets(one: Figures, budget: Budget) -> bool:
    """The limits once more, written another way."""
    drops = [-(change.low if budget.sure else change.value) for change in one.delta.values()]
    score = one.scores["toy.accuracy"]
    return all(
        [
            budget.max_drop is None or (bool(drops) and max(drops) <= budget.max_drop),
            budget.max_size is None or one.size <= budget.max_size,
            budget.max_p95_ms is None or one.p95_ms <= budget.max_p95_ms,
            budget.max_memory_mb is None or one.memory_peak <= budget.max_memory_mb,
            all((score.low if budget.sure else score.value) >= least for least in budget.minima.values()),
        ]
    )


@given(zoo(), BUDGETS, st.sampled_from(HOSTS))
def test_nothing_that_meets_the_limits_beats_the_best(
    measured: dict[str, list[Figures]], budget: Budget, host: str
) -> None:
    found = choose(measured, budget, host, ["toy"])
    assert {one.name for one in [*found.meeting, *found.excluded]} == set(measured)
    allowed = {name: own[0] for name, own in here(measured, host).items() if meets(own[0], budget)}
    assert {one.name for one in found.meeting} == set(allowed)
    if found.best:
        assert found.best.figures is not None
        speed = pace(list(allowed.values()))
        assert all(speed(found.best.figures) <= speed(one) for one in allowed.values())
    for one in found.excluded:
        assert one.misses
        assert all(held.limit == "host" or held.limit in named(budget) for held in one.misses)


def here(measured: dict[str, list[Figures]], host: str) -> dict[str, list[Figures]]:
    own = {name: [one for one in each if one.host == host] for name, each in measured.items()}
    return {name: each for name, each in own.items() if each}


def named(budget: Budget) -> set[str]:
    limits = ("max_drop", "max_size", "max_p95_ms", "max_memory_mb")
    given = {limit.replace("_", "-") for limit in limits if getattr(budget, limit) is not None}
    return given | {f"min-{metric}" for metric in budget.minima}


@given(zoo(), BUDGETS, st.sampled_from(HOSTS))
def test_the_nearest_miss_exceeds_least(measured: dict[str, list[Figures]], budget: Budget, host: str) -> None:
    found = choose(measured, budget, host, ["toy"])
    near = found.nearest_miss
    known = [one for one in found.excluded if all(held.found is not None for held in one.held)]
    assert (near is None) == (not known)
    if near:
        assert worst(near) == min(worst(one) for one in known)


def worst(one: Candidate) -> float:
    return max(held.excess for held in one.misses)


@given(zoo(), BUDGETS)
def test_a_wider_budget_excludes_nobody_else(measured: dict[str, list[Figures]], budget: Budget) -> None:
    wider = dataclasses.replace(budget, max_size=None, minima={})
    before, after = (choose(measured, each, HOSTS[0], ["toy"]) for each in (budget, wider))
    assert {one.name for one in before.meeting} <= {one.name for one in after.meeting}


@pytest.mark.parametrize(
    ("held", "excess"),
    [
        (Held("max-size", 50e6, 60e6), 0.2),
        (Held("min-accuracy", 0.9, 0.81), 0.1),
        (Held("max-drop", 0.0, 0.01), float("inf")),
        (Held("max-drop", 0.01, None), float("inf")),
    ],
)
def test_excess_is_relative_to_the_limit(held: Held, excess: float) -> None:
    assert held.excess == pytest.approx(excess)


def chosen(budget: Budget, *rows: Figures) -> Choice:
    return choose({one.name: [one] for one in rows}, budget, HOSTS[0], ["toy"])


def test_sure_holds_the_bound_of_the_interval() -> None:
    one = figures(versus=drop(0.004))
    assert chosen(Budget(max_drop=0.01), one).best
    [excluded] = chosen(Budget(max_drop=0.01, sure=True), one).excluded
    assert excluded.misses == [Held("max-drop", 0.01, pytest.approx(0.014), "toy.accuracy")]


def test_the_reference_drops_by_nothing_and_what_was_not_compared_is_not_known() -> None:
    reference, alone = figures("toy-fp32", versus={}), figures("toy-a", versus={})
    found = chosen(Budget(max_drop=0.0), reference, alone)
    assert [one.name for one in found.meeting] == ["toy-fp32"]
    assert found.excluded[0].misses[0].found is None
    assert found.nearest_miss is None


def test_the_ratio_to_one_reference_decides_before_milliseconds() -> None:
    """As cards and the gallery say it: both sides of a ratio ran in turn, milliseconds of two runs did not."""
    slow, quick = figures("toy-a", p50_ms=4.0), figures("toy-b", p50_ms=5.0)
    first, second = (
        replace(slow, speedup=Bounded(**records.bounded(2.0))),
        replace(quick, speedup=Bounded(**records.bounded(3.0))),
    )
    measured = {one.name: [one] for one in (first, second)}
    best = choose(measured, Budget(), HOSTS[0], ["toy"]).best
    assert best is not None and best.name == "toy-b"
    other = {**measured, "toy-b": [replace(second, reference_tree="f" * 64)]}
    best = choose(other, Budget(), HOSTS[0], ["toy"]).best
    assert best is not None and best.name == "toy-a"


def test_the_fuller_suite_of_a_host_counts() -> None:
    quick, full = figures(p50_ms=1.0), figures(p50_ms=2.0, suite="full")
    best = choose({"toy-a": [quick, full]}, Budget(), HOSTS[0], ["toy"]).best
    assert best is not None
    assert best.figures is full


def test_the_host_is_the_one_with_most_artifacts() -> None:
    far = figures(host="elsewhere")
    measured = {"toy-a": [figures(), far], "toy-b": [figures("toy-b")]}
    assert common_host(measured) == "epyc-2c"
    assert common_host(measured, "elsewhere") == "elsewhere"
    with pytest.raises(ZooError, match="did you mean 'elsewhere'"):
        common_host(measured, "elsewhere2")
    with pytest.raises(ZooError, match="none of these"):
        common_host({"toy-a": []})


def test_artifacts_of_different_questions_are_not_mixed() -> None:
    other = figures("toy-b", scores={"news.accuracy": Metric(value=0.9, low=0.8, high=1.0, n=9)})
    measured = {"toy-a": [figures()], "toy-b": [other]}
    with pytest.raises(ZooError, match="say which they are for by --data: news, toy"):
        common_evals(measured)
    assert common_evals(measured, "news") == ["news"]
    assert on_evals(measured, ["news"]) == {"toy-b": [other]}
    with pytest.raises(ZooError, match="did you mean 'news'"):
        common_evals(measured, "new")


def test_speeds_are_told_apart_by_intervals_over_one_reference() -> None:
    def faster(value: float, **changed: Any) -> Figures:
        return figures(speedup=Bounded(value=value, low=value - 0.2, high=value + 0.2, n=12), **changed)

    assert told_apart(faster(3.0), faster(3.3)) is False
    assert told_apart(faster(3.0), faster(3.5)) is True
    assert told_apart(faster(3.0), faster(3.0, reference="other-fp32")) is None


def test_the_reference_under_another_name_has_lost_nothing() -> None:
    alone = records.measurement("toy-again", versus=None, speedup=None, reference_latency_ms=None)
    made = row(records.build("toy-again"), [alone], [], "card.md")
    again = of_result("toy-again", made, made.results[0])
    found = choose({"toy-again": [again]}, Budget(max_drop=0.0), "epyc-2c", ["toy"])
    assert found.best is not None
    unknown = choose({"toy-a": [figures(versus={})]}, Budget(max_drop=0.0), "epyc-2c", ["toy"])
    assert unknown.best is None, "compared, but not on any metric"


def language(name: str, measured: Measurement, p50: float) -> Figures:
    made = of_measurement(measured, "perplexity", name)
    return replace(made, p50_ms=p50)


def test_a_file_that_loses_the_answers_is_not_the_best_of_those_within_a_divergence() -> None:
    lossy = records.language("toy-q4-0", versus=records.text_versus(mean_kl=0.408, same_top1=0.656))
    measured = {
        "toy-fp32": [language("toy-fp32", records.language_reference(), 54.2)],
        "toy-q8-0": [language("toy-q8-0", records.language(), 9.2)],
        "toy-q4-0": [language("toy-q4-0", lossy, 6.3)],
    }
    assert choose(measured, Budget(), "epyc-2c", ["text"]).best.name == "toy-q4-0"  # type: ignore[union-attr]
    found = choose(measured, Budget(maxima={"mean_kl": 0.01}), "epyc-2c", ["text"])
    assert [one.name for one in found.meeting] == ["toy-q8-0", "toy-fp32"], "the reference is not apart from itself"
    assert [(held.limit, held.found) for held in found.excluded[0].misses] == [("max-mean_kl", 0.408)]
    same = choose(measured, Budget(minima={"text.same_top1": 0.96}), "epyc-2c", ["text"])
    assert [one.name for one in same.meeting] == ["toy-fp32"]
    sure = choose(measured, Budget(maxima={"mean_kl": 0.0055}, sure=True), "epyc-2c", ["text"])
    assert [one.name for one in sure.meeting] == ["toy-fp32"], "its upper bound is beyond"


def test_the_most_of_a_metric_is_held_by_its_largest_eval() -> None:
    scores = {f"{id}.perplexity": Metric(value=v, n=9, unit="", better="lower") for id, v in (("a", 20.0), ("b", 30.0))}
    [one] = choose({"x": [figures(scores=scores)]}, Budget(maxima={"perplexity": 25.0}), "epyc-2c", ["a", "b"]).excluded
    assert [(held.what, held.found) for held in one.misses] == [("b.perplexity", 30.0)]


def test_a_drop_is_of_shares_whichever_direction_is_better() -> None:
    error = Metric(value=0.1, low=0.09, high=0.11, n=100, better="lower")
    worse = {"toy": Versus(delta={"error": Difference(value=0.03, low=0.02, high=0.04)})}
    one = figures(scores={"toy.error": error}, versus=worse)
    assert worst_drop(one, ["toy"]) == (0.03, "toy.error")
    assert worst_drop(one, ["toy"], sure=True) == (0.04, "toy.error")
    assert worst_drop(language("toy-q8-0", records.language(), 9.2), ["text"]) is None, "nats are no share"
