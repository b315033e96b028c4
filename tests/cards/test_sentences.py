"""Sentences of a card beside the intervals that they are made from: none says more than its numbers."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cards.test_advice import METRIC, REFERENCE, one, said
from tests.support.cards import card
from zoosmith.records.family import Subject
from zoosmith.records.verdicts import of_measurement

FIGURES = st.builds(
    lambda speed, half, drop, drop_half, agreement: {
        "speed": speed, "half": half * speed, "drop": drop, "drop_half": drop_half, "agreement": agreement,
    },
    st.floats(0.3, 9), st.floats(0.001, 0.6), st.floats(-0.05, 0.3), st.floats(0.001, 0.03),
    st.sampled_from([0.9, 0.9996, 0.99999, 1.0]),
)  # fmt: skip
TIMES = re.compile(r"([0-9.]+) times the speed of toy-fp32 \(([0-9.]+) to ([0-9.]+)\)")
UNKNOWN = re.compile(r"Speed not told apart from the speed of toy-fp32 \(([0-9.]+) times, ([0-9.]+) to ([0-9.]+)\)")


@given(FIGURES)
@settings(max_examples=40, deadline=None)
def test_the_first_line_says_what_its_intervals_say(figures: dict[str, Any]) -> None:
    subject = one(**figures)
    speed, verdict = subject.measured.speedup, of_measurement(subject.measured, METRIC)
    assert speed and verdict
    text = card(subject)
    [first] = [line for line in text.splitlines() if line.startswith("**")][:1]
    pattern = UNKNOWN if speed.low <= 1 <= speed.high else TIMES
    found = pattern.search(first)
    assert found and found.groups() == (f"{speed.value:.2f}", f"{speed.low:.2f}", f"{speed.high:.2f}")
    assert f"; quality: {verdict.text}** (toy.macro_f1 " in first
    assert "what carries over" not in text
    assert ("on 100.0% of the examples" in text) == (figures["agreement"] == 1.0)


@given(st.lists(FIGURES, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_what_is_called_first_or_better_is_apart_in_that_very_figure(found: list[dict[str, Any]]) -> None:
    family = [one(f"toy-a{i}", **figures) for i, figures in enumerate(found)]
    for subject in family:
        lines = said(subject, *[s for s in family if s is not subject], REFERENCE)
        others = [s for s in (*family, REFERENCE) if s is not subject]
        text = " ".join(lines)
        if "the highest speed of the family" in text:
            assert all(_speed(subject)[0] > _speed(other)[1] for other in others)
        if "the best quality of the family" in text:
            assert all(_gain(subject)[0] > _gain(other)[1] for other in others)
        if told := re.search(r"worse than the reference by more than ([0-9.]+) points", text):
            assert _gain(subject)[1] < -float(told[1]) / 100
        for line in lines:
            _holds(line, subject, {s.build.name: s for s in others})


def _holds(line: str, subject: Subject, others: dict[str, Subject]) -> None:
    """A preference for speed or quality needs intervals that are apart."""
    preferred = re.match(r"Prefer (\S+) for ", line)
    if preferred and "speed (" in line:
        assert _speed(others[preferred[1]])[0] > _speed(subject)[1]
    if preferred and "quality (" in line:
        assert _gain(others[preferred[1]])[0] > _gain(subject)[1]
    if own := re.search(r"; its toy.macro_f1 against the reference: (.*)\.$", line):
        assert preferred
        verdict = of_measurement(others[preferred[1]].measured, METRIC)
        assert verdict and verdict.text == own[1]


def _speed(subject: Subject) -> tuple[float, float]:
    speed = subject.measured.speedup
    return (speed.low, speed.high) if speed else (1.0, 1.0)


def _gain(subject: Subject) -> tuple[float, float]:
    change = subject.measured.change(METRIC)
    return (change.low, change.high) if change else (0.0, 0.0)
