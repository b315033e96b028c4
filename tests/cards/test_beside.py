"""An artifact of another family on a card: what both cost, and which to take by the paired interval alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import records
from tests.support.cards import SUBJECT, card
from zoosmith.cards.beside import advice
from zoosmith.records.compare import compare
from zoosmith.records.family import Subject
from zoosmith.records.figures import of_measurement
from zoosmith.records.schema import Measurement

TRUE = [0, 1] * 50
GOOD = [*TRUE[:95], *(1 - t for t in TRUE[95:])]
WEAK = [*TRUE[:70], *(1 - t for t in TRUE[70:])]
NAME = "names-int8"
WHAT = "Showing what it costs."
SMALL: dict[str, Any] = {"size_own": 5_000_000, "size_total": 5_000_000}


def measured(mine: list[int], theirs: list[int], size: int | None = 5_000_000, name: str = "toy-a") -> Measurement:
    told: dict[str, Any] = {"fit": "nothing", "answers": records.answered(TRUE, theirs).model_dump()}
    told |= {} if size is None else {"size": size}
    quality = records.quality(n=100, answers=records.answered(TRUE, mine)) | {"baselines": {NAME: told}}
    return records.measurement(name, quality={"toy": quality})


def peer(**changed: Any) -> Subject:
    """Of 5 MB; twice as fast and less than half of the memory of the subject, whose p50 is 2 ms and peak 110 MiB."""
    cheap: dict[str, Any] = {
        "latency_ms": {"p50": 1.0, "p95": 1.5, "p99": 2.0, "n": 100},
        "memory_mb": {"load": 40, "peak": 50, "growth": 1},
    }
    return Subject(records.build(NAME), records.measurement(NAME, **SMALL | cheap | changed))


def said(mine: list[int], theirs: list[int], other: Subject | None = None, size: int = 5_000_000) -> str:
    subject = Subject(SUBJECT.build, measured(mine, theirs, size))
    [text] = advice(subject, {NAME: other} if other else {}, WHAT)["toy"]
    return text


def test_a_better_one_is_to_be_taken_and_what_this_one_is_for_is_told() -> None:
    text = said(WEAK, GOOD, peer())
    assert text.startswith(
        f"[{NAME}]({NAME}.md) answers the same 100 examples (it against this artifact on the same host: "
        "size 5.0 MB against 25.0 MB; p50 in ms 1.00 against 2.00; MiB at the peak 50 against 110)."
    )
    assert (
        f"**Take {NAME} for this question: its answers are better** (macro_f1 of this artifact minus its: -0.2" in text
    )
    assert text.endswith(f"paired). This artifact is for: {WHAT}")


def test_undecided_is_never_called_equal_and_costs_choose() -> None:
    text = said(GOOD, GOOD, peer())
    assert f"**Take {NAME} for this question**: which of the two answers better is not decided (macro_f1" in text
    assert f"and it has less of: size, time (p50), memory. This artifact is for: {WHAT}" in text
    assert "as well" not in text
    dear = said(GOOD, GOOD, size=50_000_000)
    assert "**Take this artifact for this question**: which of the two answers better is not decided" in dear
    assert dear.endswith("and it has less of: size.")


def test_undecided_with_costs_on_both_sides_or_none_prefers_neither() -> None:
    lean = peer(memory_mb={"load": 300, "peak": 400, "growth": 1})
    text = said(GOOD, GOOD, lean)
    assert f"{NAME} has less of: size, time (p50); this artifact of: memory: nothing measured prefers one" in text
    assert "**" not in text
    assert "nothing measured prefers one for certain" in said(GOOD, GOOD, size=25_000_000)


def test_a_worse_one_is_taken_only_for_what_it_has_less_of() -> None:
    text = said(GOOD, WEAK, peer())
    assert (
        "**Take this artifact for this question: its answers are better** (macro_f1 of this artifact minus its: +0.2"
        in text
    )
    assert text.endswith(f"{NAME} has less of: size, time (p50), memory; take it where that counts for more.")
    assert WHAT not in text
    assert said(GOOD, WEAK, size=50_000_000).endswith("paired).")


@pytest.mark.parametrize("other", [None, peer(size_total=6_000_000)])
def test_without_figures_of_what_answered_only_sizes_are_told(other: Subject | None) -> None:
    text = said(WEAK, GOOD, other)
    assert "answers the same 100 examples (it against this artifact: size 5.0 MB against 25.0 MB)." in text


def test_a_card_says_it_at_the_top_and_below_the_table() -> None:
    text = card(Subject(SUBJECT.build, measured(WEAK, GOOD)), peers={NAME: peer()})
    assert f"> **Does not beat an artifact of another family**: on toy, {NAME} (macro_f1 0.95" in text
    assert "takes no model" not in text
    assert text.index("Baselines on the same examples") < text.index(f"**Take {NAME} for this question")
    plain = card(Subject(SUBJECT.build, measured(WEAK, GOOD, size=None)))
    assert "**Does not beat a baseline that takes no model**" in plain
    assert "another family" not in plain
    assert "for this question" not in plain


def test_a_comparison_names_it_among_the_baselines() -> None:
    one, other = (
        of_measurement(measured(mine, GOOD, name=name), "t") for name, mine in (("toy-a", GOOD), ("toy-b", WEAK))
    )
    [note] = [note for note in compare([one], [other]).notes if "baseline" in note]
    assert note.startswith(f"baseline {NAME} on toy: macro_f1 0.9500 (")
    assert "toy-b -0.2" in note
