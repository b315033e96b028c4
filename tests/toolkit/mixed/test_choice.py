"""The knapsack: never above the budget, never worse than anything else that fits, and exact."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.mixed import choice
from zoosmith.toolkit.mixed.choice import Option, choose, loss, total, uniform

KINDS = ("q8_0", "q5_0", "q4_0")
LOSSES = st.floats(0.0, 10.0)


@st.composite
def problems(draw: st.DrawFn, most: int = 5) -> tuple[dict[str, list[Option]], int]:
    """Groups that offer some types each, and a budget that the smallest ones fit."""
    count, unit = draw(st.integers(1, most)), draw(st.sampled_from([1, 32, 6912]))
    options = {}
    for index in range(count):
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True))
        options[f"g{index}"] = [Option(kind, unit * draw(st.integers(1, 40)), draw(LOSSES)) for kind in kinds]
    smallest = sum(min(one.size for one in each) for each in options.values())
    return options, smallest + draw(st.integers(0, 200 * unit))


def best_of_all(options: dict[str, list[Option]], budget: int) -> float:
    """The least loss, by trying every combination."""
    mixes = (dict(zip(options, each, strict=True)) for each in product(*options.values()))
    return min(loss(mix) for mix in mixes if total(mix) <= budget)


@settings(deadline=None)
@given(problems())
def test_it_is_within_the_budget_and_loses_least(problem: tuple[dict[str, list[Option]], int]) -> None:
    options, budget = problem
    chosen = choose(options, budget)
    assert list(chosen) == list(options) or set(chosen) == set(options)
    assert all(option in options[group] for group, option in chosen.items())
    assert total(chosen) <= budget
    assert loss(chosen) == pytest.approx(best_of_all(options, budget), abs=1e-9)


@settings(deadline=None)
@given(problems(most=8))
def test_it_is_never_worse_than_one_type_for_all_however_coarse_the_units(
    problem: tuple[dict[str, list[Option]], int],
) -> None:
    options, budget = problem
    before, choice.UNITS = choice.UNITS, 3
    try:
        chosen = choose(options, budget)
    finally:
        choice.UNITS = before
    assert total(chosen) <= budget
    assert all(loss(chosen) <= loss(one) for one in uniform(options) if total(one) <= budget)


@given(problems())
def test_more_bytes_never_lose_more(problem: tuple[dict[str, list[Option]], int]) -> None:
    options, budget = problem
    assert loss(choose(options, budget + 1000)) <= loss(choose(options, budget)) + 1e-9


def test_of_equal_losses_the_smaller_is_taken() -> None:
    options = {"a": [Option("q8_0", 34, 0.5), Option("q4_0", 18, 0.5)]}
    assert choose(options, 1000)["a"].kind == "q4_0"


def test_bytes_go_where_they_save_most() -> None:
    cheap = [Option("q4_0", 10, 0.1), Option("q8_0", 20, 0.0)]
    dear = [Option("q4_0", 10, 0.9), Option("q8_0", 20, 0.0)]
    chosen = choose({"a": cheap, "b": dear, "c": cheap}, 40)
    assert {group: option.kind for group, option in chosen.items()} == {"a": "q4_0", "b": "q8_0", "c": "q4_0"}


def test_a_model_of_many_groups_is_solved_within_seconds() -> None:
    options = {
        f"g{index}": [
            Option(f"t{bits}", 6912 * (1 + index % 7) * bits, 2.0**-bits * (1 + index % 11)) for bits in range(3, 9)
        ]
        for index in range(210)
    }
    budget = sum(each[2].size for each in options.values())
    chosen = choose(options, budget)
    assert budget * 0.999 < total(chosen) <= budget
    assert loss(chosen) < loss({group: each[2] for group, each in options.items()})


def test_a_budget_below_the_smallest_types_is_refused() -> None:
    with pytest.raises(BuildError, match="the smallest types take 28 bytes, the budget is 27"):
        choose({"a": [Option("q4_0", 18, 0.1)], "b": [Option("q2_k", 10, 0.2)]}, 27)
