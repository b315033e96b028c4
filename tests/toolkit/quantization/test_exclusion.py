"""Leaving sensitive layers out: as few as the budget needs, the worst first, and never more than allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.quantization.exclusion import Budget, Search

NAMES = [f"layer{i}" for i in range(6)]
PARENT = 1.0


def additive(harm: Sequence[float], asked: list[list[str]] | None = None) -> Any:
    """A loss to which each quantised layer adds its harm."""

    def loss(layers: Sequence[str]) -> float:
        if asked is not None:
            asked.append(list(layers))
        return PARENT + sum(harm[NAMES.index(name)] for name in layers)

    return loss


def search(tmp_path: Path, loss: Any) -> Search:
    return Search(loss, tmp_path / "losses.json", lambda *_: None)


@given(harm=st.lists(st.floats(0, 1), min_size=6, max_size=6), budget=st.floats(0, 3))
def test_the_worst_go_until_the_budget_holds_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, harm: list[float], budget: float
) -> None:
    searching = search(tmp_path_factory.mktemp("s"), additive(harm))
    limits = Budget(loss_budget=budget, max_excluded=0.99)
    order = sorted(range(6), key=lambda i: -harm[i])
    needed = next((k for k in range(6) if rise(harm, order[k:]) <= budget), None)
    if needed is None:
        with pytest.raises(BuildError, match="with 5 of 6 matrix products left in FP32"):
            searching.run(NAMES, PARENT, limits)
        return
    chosen = searching.run(NAMES, PARENT, limits)
    assert len(chosen) == 6 - needed
    assert chosen == [name for name in NAMES if name in chosen], "in the graph's order"
    gone = [harm[i] for i in range(6) if NAMES[i] not in chosen]
    assert min(gone, default=9) >= max((harm[NAMES.index(name)] for name in chosen), default=0)


def rise(harm: Sequence[float], left: Sequence[int]) -> float:
    """As the search adds it up, so that rounding is the same."""
    return additive(harm)([NAMES[i] for i in sorted(left)]) - PARENT


def test_within_the_budget_at_once_nothing_is_tried_alone(tmp_path: Path) -> None:
    asked: list[list[str]] = []
    searching = search(tmp_path, additive([0.1] * 6, asked))
    assert searching.run(NAMES, PARENT, Budget(loss_budget=0.7)) == NAMES
    assert asked == [NAMES]
    assert searching.sensitivity == {}


def test_sensitivity_is_the_loss_with_one_layer_alone(tmp_path: Path) -> None:
    searching = search(tmp_path, additive([0.0, 0.5, 0.0, 0.0, 0.3, 0.0]))
    assert searching.run(NAMES, PARENT, Budget(loss_budget=0.35)) == [name for name in NAMES if name != "layer1"]
    assert searching.sensitivity == pytest.approx(dict(zip(NAMES, [1, 1.5, 1, 1, 1.3, 1], strict=True)))


def test_what_is_told_to_stay_out_stays_out_and_counts(tmp_path: Path) -> None:
    limits = Budget(loss_budget=0.05, exclude=("layer0",), max_excluded=0.34)
    assert search(tmp_path, additive([0.0, 0.5, *[0.0] * 4])).run(NAMES, PARENT, limits) == NAMES[2:]
    with pytest.raises(BuildError, match="with 2 of 6"):
        search(tmp_path / "..", additive([0.0, 0.5, 0.5, *[0.0] * 3])).run(NAMES, PARENT, limits)


def test_a_budget_that_cannot_be_met_says_what_was_reached(tmp_path: Path) -> None:
    message = r"with 3 of 6 .* loss on `dev` is 1\.3000, 0\.3000 above the parent's 1\.0000; loss_budget is 0\.05"
    with pytest.raises(BuildError, match=message):
        search(tmp_path, additive([0.1] * 6)).run(NAMES, PARENT, Budget(loss_budget=0.05))


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="exclude names 'layer9', which is no matrix product; known: layer0"):
        search(tmp_path, additive([0.0] * 6)).run(NAMES, PARENT, Budget(exclude=("layer9",)))


def test_more_told_to_stay_out_than_may_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="exclude names 4 of 6 matrix products; max_excluded allows 3"):
        search(tmp_path, additive([0.0] * 6)).run(NAMES, PARENT, Budget(exclude=tuple(NAMES[:4])))


def test_a_search_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    whole: list[list[str]] = []
    harm = [0.1, 0.5, 0.1, 0.1, 0.3, 0.1]
    expected = search(tmp_path, additive(harm, whole)).run(NAMES, PARENT, Budget(loss_budget=0.45))
    (tmp_path / "losses.json").unlink()
    calls = 0

    def cut(layers: Sequence[str]) -> float:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return float(additive(harm)(layers))

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path, cut).run(NAMES, PARENT, Budget(loss_budget=0.45))
    rest: list[list[str]] = []
    assert search(tmp_path, additive(harm, rest)).run(NAMES, PARENT, Budget(loss_budget=0.45)) == expected
    assert len(rest) == len(whole) - 3


@pytest.mark.parametrize("wrong", [{"loss_budget": -0.1}, {"max_excluded": 1.0}, {"dev_rows": 0}])
def test_impossible_budgets_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Budget(**wrong)
