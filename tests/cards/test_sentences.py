"""Sentences of a card beside the intervals that they are made from: none says more than its numbers."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cards.test_advice import METRIC, REFERENCE, one, said
from tests.support.cards import card, tables
from zoosmith.records.family import Subject
from zoosmith.records.short import of_figure
from zoosmith.records.verdicts import of_measurement

FIGURES = st.builds(
    lambda speed, half, drop, drop_half, agreement: {
        "speed": speed, "half": half * speed, "drop": drop, "drop_half": drop_half, "agreement": agreement,
    },
    st.floats(0.3, 9), st.floats(0.001, 0.6), st.floats(-0.05, 0.3), st.floats(0.001, 0.03),
    st.sampled_from([0.9, 0.9996, 0.99999, 1.0]),
)  # fmt: skip
TIMES = re.compile(r"([0-9.]+)x \(([0-9.]+) to ([0-9.]+)\)(, not told apart)?")


@given(FIGURES)
@settings(max_examples=40, deadline=None)
def test_the_first_line_says_what_its_intervals_say(figures: dict[str, Any]) -> None:
    subject = one(**figures)
    speed, verdict = subject.measured.speedup, of_measurement(subject.measured, METRIC)
    assert speed and verdict
    text = card(subject)
    first = dict(zip(*(tables(text)[0][row] for row in (0, 2)), strict=True))
    found = TIMES.fullmatch(first["speed"])
    assert found and found.groups()[:3] == (f"{speed.value:.2f}", f"{speed.low:.2f}", f"{speed.high:.2f}")
    assert (found[4] is not None) == (speed.low <= 1 <= speed.high)
    words = {"loss": "a loss", "gain": "a gain", "no_loss": "no loss over 1 point"}
    decided = words.get(verdict.kind, "a loss over 1 point not excluded at n = 400")
    assert first["against toy-fp32"].partition("; ")[2] == decided
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
        if "fastest (" in text:
            assert all(_speed(subject)[0] > _speed(other)[1] for other in others)
        if "best (" in text:
            assert all(_gain(subject)[0] > _gain(other)[1] for other in others)
        if " measured on " in text:
            assert f"of the {len(others) + 1} measured on epyc-2c" in text
        if told := re.search(r"loses more than ([0-9.]+) points", text):
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
    if own := re.search(r"; its quality: (.*)\.$", line):
        assert preferred and own[1] == of_figure(others[preferred[1]].measured, METRIC)
    if own := re.search(r"; quality: (.*)\.$", line):
        assert own[1] == of_figure(subject.measured, METRIC)


def _speed(subject: Subject) -> tuple[float, float]:
    speed = subject.measured.speedup
    return (speed.low, speed.high) if speed else (1.0, 1.0)


def _gain(subject: Subject) -> tuple[float, float]:
    change = subject.measured.change(METRIC)
    return (change.low, change.high) if change else (0.0, 0.0)
