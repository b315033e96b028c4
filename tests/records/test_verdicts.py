"""Verdicts: what an interval decides, said in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoosmith.records.scores import Difference, Metric
from zoosmith.records.verdicts import EDGE, Verdict, apart, verdict
from zoosmith.records.words import amount
from zoosmith.stats.intervals import mcnemar_exact, paired_proportions, paired_score

MARGIN = 0.01
UNDECIDED = "whether it loses more than 1 point is not decidable with"


def difference(value: float, low: float, high: float) -> Difference:
    return Difference(value=value, low=low, high=high)


def judged(change: Difference, n: int, discordant: int) -> Verdict:
    return verdict(change, Metric(value=0.9, low=0.88, high=0.92, n=n), n, discordant)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (difference(0.001, -0.004, 0.006), "no_loss", "no loss over 1 point shown"),
        (difference(-0.02, -0.031, -0.009), "loss", "loss of 0.9 to 3.1 points"),
        (difference(0.02, 0.009, 0.031), "gain", "gain of 0.9 to 3.1 points"),
        (
            difference(-0.005, -0.0135, 0.0035),
            "undecided",
            f"{UNDECIDED} 872 examples, needs about 2400",
        ),
    ],
)
def test_each_verdict_in_words(change: Difference, kind: str, text: str) -> None:
    assert judged(change, 872, 13) == (kind, text)


counts = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(200, 5000))


def of_counts(lost: int, won: int, n: int) -> tuple[Difference, Verdict]:
    """The difference of accuracies with so many answers lost and won of n, and what is said of it."""
    found = paired_proportions(n - lost - won, lost, won, 0)
    change = Difference(value=found.value, low=found.low, high=found.high, p=mcnemar_exact(lost, won))
    return change, judged(change, n, lost + won)


@given(counts)
@example((30, 16, 872))  # an interval that ends just below 0, where McNemar's p is above 0.05
@example((31, 17, 872))
def test_sentence_and_interval_say_the_same(told: tuple[int, int, int]) -> None:
    change, (kind, text) = of_counts(*told)
    half = (change.high - change.low) / 2
    if kind in ("loss", "gain"):
        worse, better = (-change.high, -change.low) if kind == "loss" else (change.low, change.high)
        assert worse > EDGE * half
        assert change.p is not None and change.p <= 0.05
        assert text == f"{kind} of {amount(worse, better, 'share')}"
        least, most = (float(each) for each in re.findall(r"[0-9.]+(?:e-[0-9]+)?", text))
        assert 0 < least <= most, "a bound that excludes 0 never reads as 0"
        assert (least, most) == pytest.approx((100 * worse, 100 * better), abs=0.0501)
    elif kind == "no_loss":
        assert change.low >= -MARGIN
    else:
        assert change.low < -MARGIN and (change.high >= -EDGE * half or (change.p or 0) > 0.05)
        assert "whether it loses more than 1 point" in text, "and what is needed is needed for that"
        assert (asked(text) or told[2] + 1) > told[2]


def asked(text: str) -> int | None:
    """The examples that a sentence asks for; None where it says that none would do."""
    found = re.search(r"needs about (\d+)$", text)
    return int(found[1]) if found else None


@given(st.integers(0, 30), st.integers(0, 30), st.integers(100, 2000))
@example(lost=6, won=1, n=872)
@example(lost=9, won=0, n=1000)
@example(lost=8, won=4, n=500)
def test_the_n_it_asks_for_answers_its_question_at_the_same_shares_and_half_of_it_does_not(
    lost: int, won: int, n: int
) -> None:
    _, (kind, text) = of_counts(lost, won, n)
    if kind == "undecided" and (more := asked(text)):
        assert beside(lost * more / n, won * more / n, more)
        assert more // 2 <= n or not beside(lost * (more // 2) / n, won * (more // 2) / n, more // 2)


def beside(lost: float, won: float, n: int) -> bool:
    """Whether the interval leaves the margin on one side: 0 has nothing to do with it."""
    low, high = paired_score(lost, won, n)
    return low >= -MARGIN or high < -MARGIN


def test_what_is_needed_is_needed_to_tell_it_from_the_margin_and_not_from_0() -> None:
    """4 of 500 lost net, 0.8 points: 900 examples would tell that from 0, and thousands from 1 point."""
    needed = asked(of_counts(8, 4, 500)[1].text)
    assert needed is not None and needed > 10_000


def test_a_value_on_the_margin_is_never_told_from_it() -> None:
    assert of_counts(8, 3, 500)[1].text == (f"{UNDECIDED} 500 examples, nor with a million, as near to that as it is")


def test_the_edge_of_an_interval_is_no_loss_shown() -> None:
    """As one was recorded: -0.0328 to -0.0000 of macro F1, and of accuracy McNemar's p is 0.0649."""
    for change in (
        Difference(value=-0.0159, low=-0.0328, high=-0.00004),
        Difference(value=-0.0161, low=-0.0329, high=-0.0002, p=0.0649),
        Difference(value=-0.0161, low=-0.0329, high=-0.002, p=0.0649),
    ):
        assert judged(change, 872, 46).text.startswith(f"{UNDECIDED} 872 examples, needs about ")
        assert judged(change.turned, 872, 46).text == "no loss over 1 point shown"


def test_an_interval_twice_as_wide_needs_four_times_as_many() -> None:
    found = paired_proportions(860, 8, 4, 0)
    wide = difference(found.value, 2 * found.low - found.value, 2 * found.high - found.value)
    narrow, wider = (
        int(judged(each, 872, 12).text.rsplit(" ", 1)[1])
        for each in (difference(found.value, found.low, found.high), wide)
    )
    assert wider / narrow == pytest.approx(4, rel=0.06)


def test_a_handful_of_examples_decides_nothing_and_does_no_harm() -> None:
    found = paired_proportions(0, 0, 2, 0)
    assert judged(difference(found.value, found.low, found.high), 2, 2).kind == "undecided"


KL = {"unit": "nats", "better": "lower", "n_unit": "tokens", "n": 2000}
PERPLEXITY = Metric(value=42.0, low=40.0, high=44.0, n=50, n_unit="documents", unit="", better="lower")
NATS = Metric(value=3.7, low=3.6, high=3.8, n=50, n_unit="documents", unit="nats", better="lower")
BETTER = [
    (NATS, difference(0.0135, 0.012, 0.015), "loss", "loss of 0.012 to 0.015 nats"),
    (NATS, difference(-0.0135, -0.015, -0.012), "gain", "gain of 0.012 to 0.015 nats"),
    (NATS, difference(0.001, -0.004, 0.006), "no_loss", "no loss over 0.01 nats shown"),
    (PERPLEXITY, difference(0.3, 0.2, 0.4), "loss", "loss of 0.2 to 0.4"),
    (PERPLEXITY, difference(0.1, -0.2, 0.4), "undecided", "no difference shown"),
]


@pytest.mark.parametrize(("metric", "change", "kind", "text"), BETTER)
def test_less_is_better_in_the_metrics_own_unit(metric: Metric, change: Difference, kind: str, text: str) -> None:
    assert verdict(change, metric) == (kind, text)


def test_a_metric_brings_its_own_margin() -> None:
    wide = NATS.model_copy(update={"margin": 0.1})
    assert verdict(difference(0.03, -0.02, 0.08), wide).text == "no loss over 0.1 nats shown"


def test_without_answers_that_are_right_or_wrong_the_interval_says_how_many_are_needed() -> None:
    """A half width of 0.02 around 0 must shrink to 0.01: four times as many documents."""
    found = verdict(difference(0.0, -0.02, 0.02), NATS)
    assert found.text == "whether it loses more than 0.01 nats is not decidable with 50 documents, needs about 200"


@given(st.floats(-0.05, 0.05), st.floats(0.011, 0.2), st.integers(2, 5000))
def test_the_n_from_an_interval_decides_at_its_width(value: float, half: float, n: int) -> None:
    found = verdict(difference(value, value - half, value + half), NATS.model_copy(update={"n": n}))
    if more := asked(found.text):
        half *= (n / more) ** 0.5
        assert value + half <= MARGIN + 1e-9 or value - half >= MARGIN - 1e-9


@pytest.mark.parametrize(
    ("told", "kind", "text"),
    [
        ({"value": 5e-6, "low": 4e-6, "high": 6e-6}, "no_loss", "no loss over 0.01 nats shown"),
        ({"value": 0.0135, "low": 0.012, "high": 0.015}, "loss", "loss of 0.012 to 0.015 nats"),
        ({"value": 0.408, "low": 0.36, "high": 0.45, "margin": 0.5}, "no_loss", "no loss over 0.5 nats shown"),
    ],
)
def test_a_divergence_is_never_nothing_and_held_against_its_margin_first(
    told: dict[str, float], kind: str, text: str
) -> None:
    assert apart(Metric.model_validate(KL | told)) == (kind, text)


def test_a_share_of_sameness_is_lost_in_points() -> None:
    same = Metric(value=0.958, low=0.949, high=0.966, n=2000, n_unit="tokens")
    assert apart(same) == ("loss", "loss of 3.4 to 5.1 points")


def test_a_divergence_without_an_interval_is_not_judged() -> None:
    assert apart(Metric.model_validate(KL | {"value": 1.2})) is None
