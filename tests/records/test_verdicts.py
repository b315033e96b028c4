"""Verdicts: what an interval decides, said in words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoosmith.records.scores import Difference, Metric
from zoosmith.records.verdicts import Verdict, apart, verdict
from zoosmith.stats.intervals import paired_proportions, paired_score

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
            f"{UNDECIDED} 872 examples, needs about 2000",
        ),
    ],
)
def test_each_verdict_in_words(change: Difference, kind: str, text: str) -> None:
    assert judged(change, 872, 13) == (kind, text)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(200, 5000))
def test_exactly_what_the_interval_holds(lost: int, won: int, n: int) -> None:
    found = paired_proportions(n - lost - won, lost, won, 0)
    kind, text = judged(difference(found.value, found.low, found.high), n, lost + won)
    assert (kind == "loss") == (found.high < 0)
    assert (kind == "gain") == (found.low > 0)
    if kind == "no_loss":
        assert found.low >= -MARGIN
    if kind == "undecided":
        assert found.low < -MARGIN
        assert int(text.rsplit(" ", 1)[1]) > n


@given(st.integers(0, 30), st.integers(0, 30), st.integers(100, 2000))
@example(lost=6, won=1, n=872)
@example(lost=9, won=0, n=1000)
def test_the_n_it_asks_for_decides_at_the_same_shares_and_half_of_it_does_not(lost: int, won: int, n: int) -> None:
    found = paired_proportions(n - lost - won, lost, won, 0)
    kind, text = judged(difference(found.value, found.low, found.high), n, lost + won)
    if kind == "undecided":
        more = int(text.rsplit(" ", 1)[1])
        assert decides(lost * more / n, won * more / n, more)
        assert more // 2 <= n or not decides(lost * (more // 2) / n, won * (more // 2) / n, more // 2)


def decides(lost: float, won: float, n: int) -> bool:
    low, high = paired_score(lost, won, n)
    return low >= -MARGIN or high < 0


def test_a_small_loss_is_decided_by_whichever_comes_first() -> None:
    """5 of 500 lost net, 1 point: far nearer to a loss than to none over 1 point."""
    found = paired_proportions(489, 8, 3, 0)
    change = difference(found.value, found.low, found.high)
    needed = int(judged(change, 500, 11).text.rsplit(" ", 1)[1])
    assert 800 < needed < 1000, "3.84 * 11 / 5² = 1.7 times as many, not the thousands that tell 1.0 from 1.0"


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
    if found.kind == "undecided":
        half *= (n / int(found.text.rsplit(" ", 1)[1])) ** 0.5
        assert value + half <= MARGIN + 1e-9 or value - half >= -1e-9


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
