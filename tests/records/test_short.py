"""Short verdicts: the words and the interval that they stand beside say the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import records
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.short import of_figure, short
from zoosmith.records.verdicts import of_measurement, verdict

SHARE = Metric(value=0.89, low=0.87, high=0.91, n=872)


def said(value: float, low: float, high: float, metric: Metric = SHARE) -> str:
    change = Difference(value=value, low=low, high=high)
    return short(change, metric, verdict(change, metric), metric.n)


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ((-0.008, -0.018, 0.0002), "−0.8 points (−1.8 to +0.02); a loss over 1 point not excluded at n = 872"),
        ((-0.001, -0.004, 0.002), "−0.1 points (−0.4 to +0.2); no loss over 1 point"),
        ((-0.047, -0.0685, -0.0269), "−4.7 points (−6.9 to −2.7); a loss"),
        ((0.02, 0.01, 0.03), "+2.0 points (+1.0 to +3.0); a gain"),
        ((0.0, 0.0, 0.0), "+0.0 points (+0.0 to +0.0); no loss over 1 point"),
        ((-0.005, -0.01001, 0.0), "−0.5 points (−1.001 to +0.0); a loss over 1 point not excluded at n = 872"),
    ],
)
def test_the_words_of_each_verdict(figures: tuple[float, float, float], text: str) -> None:
    assert said(*figures) == text


def test_a_change_in_a_unit_of_its_own() -> None:
    lower = Metric(value=42.3, low=40.0, high=44.0, n=40, unit="", better="lower")
    assert said(0.33, 0.2, 0.46, lower) == "+0.33 (+0.2 to +0.46); a loss"
    assert said(-1e-05, -2e-05, 1e-06, lower).startswith("−1e-05 (−2e-05 to +1e-06)")
    assert said(0.1, -0.2, 0.4, lower) == "+0.1 (−0.2 to +0.4); no difference shown"


def test_a_divergence_is_its_own_figure_and_the_reference_has_none() -> None:
    measured = records.language(versus=records.text_versus(0.0051))
    assert of_figure(measured, "text.mean_kl") == "0.0051 nats (0.00459 to 0.00561); no loss over 0.01 nats"
    far = records.language(versus=records.text_versus(0.05))
    assert of_figure(far, "text.mean_kl") == "0.05 nats (0.045 to 0.055); a loss"
    assert of_figure(records.reference(), "toy.macro_f1") is None
    assert of_figure(measured, "text.nonsense") is None


def test_a_loss_that_another_eval_shows_is_told_too() -> None:
    quality = {"toy": records.quality(), "other": records.quality()}
    lossy = records.versus() | {"other": records.versus(0.021, half=0.019)["toy"]}
    told = of_figure(records.measurement(quality=quality, versus=lossy), "toy.macro_f1", counted=False)
    assert told == "−0.4 points (−1.4 to +0.6); a loss over 1 point not excluded; on other −2.1 points (−4.0 to −0.2)"
    unknown = records.versus() | {"other": records.versus(0.021, half=0.03)["toy"]}
    told = of_figure(records.measurement(quality=quality, versus=unknown), "toy.macro_f1", counted=False)
    assert told == "−0.4 points (−1.4 to +0.6); a loss over 1 point not excluded"


def test_the_number_of_examples_may_be_left_to_another_place() -> None:
    told = of_figure(records.measurement(), "toy.macro_f1", counted=False)
    assert told == "−0.4 points (−1.4 to +0.6); a loss over 1 point not excluded"


SHARES = st.floats(-0.1, 0.1).map(lambda value: round(value, 6))


@given(SHARES, st.floats(0, 0.05), st.floats(0, 0.05), st.sampled_from(["higher", "lower"]))
def test_the_interval_that_is_shown_carries_the_words(value: float, below: float, above: float, better: Any) -> None:
    low, high = round(value - below, 6), round(value + above, 6)
    metric = SHARE.model_copy(update={"better": better})
    change = Difference(value=value, low=low, high=high)
    text, kind = short(change, metric, verdict(change, metric), 872), verdict(change, metric).kind
    shown = re.fullmatch(r"(\S+) points \((\S+) to (\S+)\); (.*)", text)
    assert shown
    ends = sorted(metric.sign * float(shown[i].replace("−", "-")) for i in (2, 3))
    if kind == "undecided":
        assert ends[0] < -1 and shown[4] == "a loss over 1 point not excluded at n = 872"
    elif kind == "no_loss":
        assert ends[0] >= -1 and shown[4] == "no loss over 1 point"
    elif kind == "loss":
        assert ends[1] < 0 and shown[4] == "a loss"
    else:
        assert ends[0] > 0 and shown[4] == "a gain"


@given(st.floats(0, 0.1), st.floats(0.0001, 0.03))
@settings(deadline=None)
def test_of_a_measurement_it_is_the_verdict_of_that_measurement(drop: float, half: float) -> None:
    measured = records.measurement(versus=records.versus(drop, half=half))
    told, whole = of_figure(measured, "toy.macro_f1"), of_measurement(measured, "toy.macro_f1")
    assert told and whole
    words = {"loss": "; a loss", "gain": "; a gain", "no_loss": "; no loss over 1 point"}
    assert told.endswith(words.get(whole.kind, "; a loss over 1 point not excluded at n = 400"))
