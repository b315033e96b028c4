"""Gates: each kind of limit, on either side of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.recipes.schema import Gate
from zoosmith.records.answers import pack
from zoosmith.records.gates import Check, evaluate, table
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Difference
from zoosmith.stats.intervals import paired_proportions, paired_score

REFERENCE_NOTE = "the reference is not compared with itself"


def check(name: str, measured: Measurement | None = None, **gate: Any) -> Check:
    [made] = evaluate({name: Gate.model_validate(gate)}, measured or records.measurement())
    return made


# What `records.measurement()` holds: accuracy 0.9 ± 0.02, a drop of 0.004 ± 0.01, a quarter of 100 MB, 3 ± 0.25
# times as fast, p95 of 3 ms, peak of 110 MiB, agreement 0.98.
SIDES = [
    ("toy.accuracy", {"min": 0.9}, True, 0.9),
    ("toy.accuracy", {"min": 0.901}, False, 0.9),
    ("toy.accuracy", {"max": 0.9}, True, 0.9),
    ("toy.accuracy", {"max": 0.899}, False, 0.9),
    ("toy.macro_f1", {"min": 0.89}, True, 0.89),
    ("toy.accuracy", {"max_drop": 0.004}, True, 0.004),
    ("toy.accuracy", {"max_drop": 0.0039}, False, 0.004),
    ("size", {"max_ratio": 0.25}, True, 0.25),
    ("size", {"max_ratio": 0.249}, False, 0.25),
    ("size", {"min_ratio": 0.26}, False, 0.25),
    ("size", {"max": 25}, True, 25.0),
    ("size", {"max": 24.9}, False, 25.0),
    ("latency_p95_ms", {"max": 3}, True, 3.0),
    ("latency_p95_ms", {"max": 2.9}, False, 3.0),
    ("memory_mb", {"max": 110}, True, 110.0),
    ("memory_mb", {"max": 109}, False, 110.0),
    ("agreement", {"min": 0.98}, True, 0.98),
    ("agreement", {"min": 0.981}, False, 0.98),
]


@pytest.mark.parametrize(("name", "gate", "passed", "value"), SIDES, ids=[f"{case[0]} {case[1]}" for case in SIDES])
def test_either_side_of_a_limit(name: str, gate: dict[str, float], passed: bool, value: float) -> None:
    made = check(name, **gate)
    assert (made.gate, made.passed, made.note) == (name, passed, "")
    assert made.value == pytest.approx(value)


def test_a_gain_is_a_negative_drop() -> None:
    made = check("toy.accuracy", records.measurement(versus=records.versus(-0.03)), max_drop=0)
    assert made.passed
    assert made.value == pytest.approx(-0.03)


def test_the_interval_of_a_drop_is_turned_round() -> None:
    versus = {"toy": {"delta": {"accuracy": {"value": -0.01, "low": -0.03, "high": 0.005}}}}
    made = check("toy.accuracy", records.measurement(versus=versus), max_drop=0.02)
    assert (made.value, made.low, made.high) == (0.01, -0.005, 0.03)


@pytest.mark.parametrize(
    ("gate", "plain", "sure"),
    [
        ({"min": 0.89}, True, False),  # the interval is 0.88 to 0.92
        ({"min": 0.87}, True, True),
        ({"max": 0.91}, True, False),
        ({"max": 0.93}, True, True),
        ({"max_drop": 0.005}, True, False),  # the drop's is -0.006 to 0.014
        ({"max_drop": 0.015}, True, True),
        ({"min": 0.95}, False, False),
    ],
)
def test_sure_compares_the_bound(gate: dict[str, float], plain: bool, sure: bool) -> None:
    assert check("toy.accuracy", **gate).passed is plain
    assert check("toy.accuracy", **gate, sure=True).passed is sure


def counted(lost: int, won: int, n: int) -> Difference:
    """The difference of accuracies with so many answers lost and won of n."""
    found = paired_proportions(n - lost - won, lost, won, 0)
    return Difference(value=found.value, low=found.low, high=found.high)


def test_what_a_sure_drop_says_it_needs_is_what_settles_it_for_its_own_eval() -> None:
    two = {"toy": records.quality(), "hard": records.quality(n=1200)}
    versus = {
        id: {"delta": {"accuracy": counted(lost, won, n).model_dump()}, "lost": lost, "won": won}
        for id, lost, won, n in (("toy", 6, 4, 400), ("hard", 22, 16, 1200))
    }
    both = records.measurement(quality=two, versus=versus)
    for eval_, lost, won, n in (("toy", 6, 4, 400), ("hard", 22, 16, 1200)):
        note = check(f"{eval_}.accuracy", both, max_drop=0.01, sure=True).note
        found = re.fullmatch(rf"about (\d+) examples would settle it at the same shares; there are {n}", note)
        assert found
        more = int(found[1])
        assert paired_score(lost * more / n, won * more / n, more)[0] >= -0.01 - 1e-6
        assert paired_score(lost * 0.98 * more / n, won * 0.98 * more / n, 0.98 * more)[0] < -0.01, "and no fewer do"


def test_a_regression_is_what_a_metric_is_worse_by_whichever_direction_is_better() -> None:
    worse = check("toy.accuracy", records.measurement(versus=records.versus(0.03)), max_regression=0.02)
    assert (worse.passed, worse.value, worse.limit) == (False, pytest.approx(0.03), "max_regression 0.02")
    told = check("text.perplexity", records.language(), max_regression=0.4)
    assert (told.passed, told.value, told.low, told.high) == (True, 0.33, 0.2, 0.46)
    assert check("text.perplexity", records.language(), max_regression=0.4, sure=True).passed is False
    assert check("text.perplexity", records.language(), max_regression=0.3).passed is False


DIVERGENCES = [
    ("text.mean_kl", {"max": 0.01}, True),
    ("text.mean_kl", {"max": 0.005}, False),
    ("text.mean_kl", {"max": 0.0055, "sure": True}, False),
    ("text.same_top1", {"min": 0.95}, True),
    ("text.same_top1", {"min": 0.96}, False),
    ("text.p99_kl", {"max": 0.1}, True),
    ("text.perplexity", {"max": 50}, True),
    ("text.perplexity", {"max": 40}, False),
]


@pytest.mark.parametrize(("name", "gate", "passed"), DIVERGENCES, ids=[f"{case[0]} {case[1]}" for case in DIVERGENCES])
def test_a_divergence_is_held_as_any_metric_is(name: str, gate: dict[str, float], passed: bool) -> None:
    assert check(name, records.language(), **gate).passed is passed


def test_a_small_divergence_is_told_with_its_digits() -> None:
    versus = {"text": {"divergence": {"mean_kl": records.kl(4.6e-6, 1e-7)}}}
    made = check("text.mean_kl", records.language(versus=versus), max=1e-5)
    assert (made.passed, made.found, made.interval) == (True, "4.6e-06", "4.5e-06 to 4.7e-06")
    assert "4.6e-06" in table([made])


def test_the_reference_does_not_diverge_from_itself() -> None:
    assert check("text.mean_kl", records.language(versus=None), max=0.01).note == REFERENCE_NOTE


def test_the_gate_on_agreement_holds_the_eval_that_agrees_least() -> None:
    two = records.versus(agreement=0.99)
    both = records.measurement(versus=two | {"hard": records.versus(agreement=0.9)["toy"]})
    assert check("agreement", both, min=0.95).value == 0.9


def test_a_sure_value_tells_how_many_examples_it_needs() -> None:
    # The bound is 0.02 away and may be 0.01: half the width, four times the examples.
    for limit in ({"min": 0.89}, {"max": 0.91}):
        note = check("toy.accuracy", **limit, sure=True).note
        assert note.endswith("there are 400")
        assert int(note.split()[1]) == pytest.approx(1600, abs=1)


def test_the_need_comes_from_the_side_that_misses() -> None:
    accuracy = {"value": 0.9, "low": 0.86, "high": 0.92, "n": 400}
    measured = records.measurement(quality={"toy": records.quality() | {"metrics": {"accuracy": accuracy}}})
    needed = [
        check("toy.accuracy", measured, **limit, sure=True).note.split()[1] for limit in ({"min": 0.89}, {"max": 0.91})
    ]
    assert [int(n) for n in needed] == pytest.approx([6400, 1600], abs=1)


def test_only_a_sure_gate_that_is_missed_has_a_need() -> None:
    assert check("toy.accuracy", min=0.87, sure=True).note == ""
    assert check("toy.accuracy", min=0.95).note == ""


@pytest.mark.parametrize("gate", [{"max_drop": 0.003}, {"min": 0.95}, {"max": 0.8}])
def test_no_number_of_examples_mends_a_value_beyond_the_limit(gate: dict[str, float]) -> None:
    made = check("toy.accuracy", **gate, sure=True)
    assert (made.passed, made.note) == (False, "")


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        ({"min": 2.5}, True),
        ({"min": 3.2}, True),  # above the value, within 2.75 to 3.25
        ({"min": 3.3}, False),
        ({"min_ratio": 3.2}, True),
        ({"min_ratio": 3.3}, False),
        ({"max": 2.8}, True),
        ({"max": 2.7}, False),
    ],
)
@pytest.mark.parametrize("sure", [False, True])
def test_speed_fails_only_when_its_interval_excludes_the_limit(
    gate: dict[str, float], passed: bool, sure: bool
) -> None:
    assert check("speed", **gate, sure=sure).passed is passed


HOSTS = [
    (["epyc-2c"], True),
    (["epyc-*"], True),
    (["xeon-*", "epyc-?c"], True),
    (["epyc-[0-9]c"], True),
    (["epyc"], False),
    (["EPYC-*"], False),
]


@pytest.mark.parametrize(("patterns", "applies"), HOSTS)
def test_hosts(patterns: list[str], applies: bool) -> None:
    made = check("speed", min=9, hosts=patterns)
    assert made.passed is (False if applies else None)
    assert made.note == ("" if applies else f"for {', '.join(patterns)}; this host is epyc-2c")


REFERENCE = [
    ("toy.accuracy", {"max_drop": 0}),
    ("agreement", {"min": 1}),
    ("speed", {"min": 2}),
    ("size", {"max_ratio": 0.3}),
    ("size", {"min_ratio": 3}),
]


@pytest.mark.parametrize(("name", "gate"), REFERENCE, ids=[f"{name} {gate}" for name, gate in REFERENCE])
def test_the_reference_is_not_compared_with_itself(name: str, gate: dict[str, float]) -> None:
    made = check(name, records.reference(), **gate)
    assert (made.passed, made.value) == (None, None)
    assert made.note == REFERENCE_NOTE


def test_the_reference_keeps_limits_of_its_own() -> None:
    assert check("toy.accuracy", records.reference(), min=0.95).passed is False
    assert check("size", records.reference(), max=99).passed is False
    assert check("memory_mb", records.reference(), max=200).passed is True


UNMEASURED = [("toy.f2", {"min": 0.1}), ("hard.accuracy", {"max_drop": 0.5}), ("speed", {"min": 0.1})]


@pytest.mark.parametrize(("name", "gate"), UNMEASURED, ids=[case[0] for case in UNMEASURED])
def test_what_was_not_measured_does_not_pass(name: str, gate: dict[str, float]) -> None:
    made = check(name, records.measurement(speedup=None), **gate)
    assert (made.passed, made.note) == (False, "was not measured; build it again")


def test_gates_keep_the_recipes_order() -> None:
    gates = {name: Gate(max=1e9) for name in ("size", "memory_mb", "toy.accuracy")}
    assert [made.gate for made in evaluate(gates, records.measurement())] == ["size", "memory_mb", "toy.accuracy"]
    assert evaluate({}, records.measurement()) == []


@given(st.floats(0.01, 0.99), st.floats(0.0, 0.2), st.floats(0.01, 0.99), st.sampled_from(["min", "max"]))
def test_whoever_is_sure_passes_the_plain_gate_too(accuracy: float, half: float, limit: float, kind: str) -> None:
    measured = records.measurement(quality={"toy": records.quality(accuracy, half=half)})
    if check("toy.accuracy", measured, **{kind: limit}, sure=True).passed:
        assert check("toy.accuracy", measured, **{kind: limit}).passed


def test_table() -> None:
    checks = evaluate(
        {
            "toy.accuracy": Gate(min=0.95),
            "size": Gate(max_ratio=0.3),
            "speed": Gate(min=2, hosts=("xeon-*",)),
        },
        records.measurement(),
    )
    assert table(checks).splitlines() == [
        "  gate          limit          value   95 % interval     verdict",
        "  toy.accuracy  min 0.95       0.9000  0.8800 to 0.9200  MISSED",
        "  size          max_ratio 0.3  0.2500  -                 passed",
        "  speed         min 2          -       -                 not applied: for xeon-*; this host is epyc-2c",
    ]


def test_a_change_that_touches_no_pair_is_told_as_such() -> None:
    changes = {"swapped": pack([1, 2], 3), "accents": pack([0, 0], 3)}
    told = {
        "kind": "invariance", "data": "toy", "split": "eval", "examples_total": 2,
        "details": {"kind": "changes", "changes": changes, "n": 2, "rows": "0" * 64},
        "metrics": {"swapped": records.bounded(0.5, 0.4, 2) | {"better": "lower"}},
    }  # fmt: skip
    measured = records.measurement(quality={"toy": records.quality(), "checks": told})
    assert check("checks.swapped", measured, max=0.5).passed
    made = check("checks.accents", measured, max=0.5)
    assert made.passed is False
    assert made.note.startswith("accents changes none of the 2 pairs that were measured")
