"""Links beside a card, and what is left of them where their files are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.cards.links import relative, without_dead

CARD = """\
![a plot: 0.93 at 2 ms](plots/toy-a/pareto.svg)
| [toy-b](toy-b.md) | **toy-a** | [hub](https://huggingface.co/org) | [below](#limits) |
[toy-b again](toy-b.md#limits) and `model.predict([("a", "b")])` and \\[no link\\](x.md) and [mail](mailto:a@b.c)
"""


def test_files_beside_it_each_once() -> None:
    assert relative(CARD) == ["plots/toy-a/pareto.svg", "toy-b.md"]


def test_words_stay_where_the_file_is_not() -> None:
    told = without_dead(CARD, {"plots/toy-a/pareto.svg"})
    assert told == CARD.replace("[toy-b](toy-b.md)", "toy-b").replace("[toy-b again](toy-b.md#limits)", "toy-b again")
    assert without_dead(CARD, {"toy-b.md"}).startswith("a plot: 0.93 at 2 ms\n")


def test_what_is_there_is_left_as_it_is() -> None:
    assert without_dead(CARD, relative(CARD)) == CARD


@pytest.mark.parametrize("target", ["https://a.b/c", "#here", "/etc/passwd", "//host/x", "data:text/html,x"])
def test_what_leads_elsewhere_is_not_ours(target: str) -> None:
    assert relative(f"[a]({target})") == []
    assert without_dead(f"[a]({target})", []) == f"[a]({target})"


@given(st.text("[]()!\\a.#/: \n", max_size=40))
def test_nothing_relative_is_left_dead(text: str) -> None:
    told = without_dead(text, [])
    while told != (again := without_dead(told, [])):
        told = again
    assert relative(told) == []
