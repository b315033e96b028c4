"""Limits: each only where a record or check holds it against the artifact."""

from __future__ import annotations

from typing import Any

from tests.support import records
from zoosmith.cards.caveats import limits
from zoosmith.recipes.schema import Gate
from zoosmith.records.family import Subject
from zoosmith.records.gates import evaluate

METRIC = "toy.macro_f1"
UNSTEADY = {"aa": records.bounded(1.04, 0.12, 12), "attempts": 3, "steady": False, "busy": 0.31}


def told(gates: dict[str, Gate] | None = None, build: Any = None, **changed: Any) -> list[str]:
    measured = records.measurement(**changed)
    return limits(Subject(build or records.build(), measured), evaluate(gates or {}, measured), METRIC)


def test_the_usual_ones() -> None:
    assert told(versus=records.versus(0.004, half=0.005)) == [
        "Quality on toy: 400 examples of toy; the interval is for such text, no other.",
        "Its scores are not the reference's (a logit differed by up to 0.5): set thresholds anew.",
        "Speeds are of epyc-2c; on other processors the ratios differ too.",
        "Text longer than 32 tokens is cut at the end.",
    ]


def test_warnings_come_first() -> None:
    assert told(warnings=("INT8 saturates here.", "And this."))[:2] == ["INT8 saturates here.", "And this."]


def test_what_is_not_decided() -> None:
    assert told()[0] == (
        "Whether it loses more than 1 point is not decidable with 400 examples, needs about 870 "
        "(toy.macro_f1 against toy-fp32)."
    )


def test_an_eval_that_was_only_sampled() -> None:
    part = records.quality() | {"examples_total": 5000}
    text = "400 examples of 5000, evenly spaced, of toy; the interval"
    assert any(text in line for line in told(quality={"toy": part}))


def test_the_most_frequent_error() -> None:
    quality = records.quality(confusion=[[190, 10], [3, 197]])
    line = "Its most frequent error on toy is **positive** for **negative**: 10 of 200 examples."
    assert line in told(quality={"toy": quality})
    assert not any("most frequent error" in line for line in told())


def test_a_class_with_few_examples() -> None:
    def few(*confusion: list[int]) -> list[str]:
        return [line for line in told(quality={"toy": records.quality(confusion=confusion)}) if "fewer" in line]

    assert few([371, 0], [4, 25]) == [
        "Classes with fewer than 30 examples in toy: **positive** (29). Intervals of F1 that count them are optimistic."
    ]
    assert few([370, 0], [5, 25]) == []
    assert few() == [], "nothing is known of the classes"


def test_a_host_that_was_not_steady() -> None:
    [line] = [line for line in told(steadiness=UNSTEADY) if "steady" in line]
    assert "after 3 tries the artifact against itself gave 1.040 (0.920 to 1.160), and others took 31 %" in line
    assert not any("steady" in line for line in told(steadiness=UNSTEADY | {"steady": True}))


def test_a_gate_for_other_hosts() -> None:
    gates = {"speed": Gate(min=2, hosts=("xeon-*",)), "size": Gate(max_ratio=0.3)}
    [line] = [line for line in told(gates=gates) if "gate" in line]
    assert line == "The gate speed was not applied: it is for xeon-*; this host is epyc-2c."


def test_lengths_that_were_not_measured() -> None:
    profile = records.profile()
    assert "Latency was measured up to 16 tokens only." in told(profile=profile)
    long = profile | {"by_length": [{"tokens": 32, "p50": 1.0, "p95": 2.0, "n": 9}]}
    assert not any("measured up to" in line for line in told(profile=long))


def test_the_reference_has_no_scores_to_compare() -> None:
    found = limits(Subject(records.build("toy-fp32"), records.reference()), [], METRIC)
    assert not any("scores" in line or "decidable" in line for line in found)


def test_what_was_chosen_on_examples_that_a_parent_had_learnt() -> None:
    subject = Subject(records.build(), records.measurement())
    found = limits(subject, [], METRIC, [("toy-student", "toy-fp32")])
    assert [line for line in found if "`dev`" in line] == [
        "toy-student chose what did best on `dev`, which toy-fp32 had learnt from: the choice may not be the best."
    ]


def test_zeros_are_of_the_weights_that_a_conversion_started_from() -> None:
    facts = {"nonzero_parameters": 700, "stored_bytes": 2_000_000, "compressed_bytes": 1_500_000}
    converted, pruned = (told(build=records.build(facts=facts, precision=precision)) for precision in ("int8", "fp32"))
    rest = "not zero; its weights take 2.0 MB, compressed (zlib) 1.5 MB."
    assert f"700 of the weights that it was made from were {rest}" in converted
    assert f"700 of its parameters are {rest}" in pruned
