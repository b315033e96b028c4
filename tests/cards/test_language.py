"""The card of a language model: what it is apart from its reference, how it generates, what its weights are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import records
from tests.support.cards import card, tables
from zoosmith.cards.advice import advice
from zoosmith.cards.card import plots
from zoosmith.cards.caveats import limits
from zoosmith.cards.figures import Pareto
from zoosmith.cards.kinds import CLASSES, TEXT, words_of
from zoosmith.records.family import Subject

FACTS = {
    "tensor_types": {"Q8_0": {"tensors": 211, "weights": 134_400_000}, "F32": {"tensors": 61, "weights": 35_136}},
    "bits_per_weight": 8.5016,
    "origin": {"file": "model.Q4_1.gguf", "types": {"Q4_1": 210, "Q8_0": 1}, "note": "The original was never seen."},
}


def built(name: str = "toy-q8-0", **changed: Any) -> Any:
    about = {
        "task": "perplexity",
        "labels": (),
        "inputs": (),
        "max_length": 8192,
        "format": "gguf",
        "precision": "q8_0",
    }
    return records.build(name, **(about | {"facts": FACTS} | changed))


def subject(name: str = "toy-q8-0", **changed: Any) -> Subject:
    return Subject(built(name), records.language(name, **changed))


REFERENCE = Subject(built("toy-fp32", format="torch", precision="fp32"), records.language_reference())
LOSSY = subject("toy-q4-0", versus=records.text_versus(0.408, 0.656, 13.0), speedup=records.bounded(9.0, 0.2, 12))


def language_card(one: Subject | None = None, *others: Subject, **changed: Any) -> str:
    one = one or subject()
    siblings = [REFERENCE, *others] + ([one] if one is not REFERENCE else [])
    return card(one, siblings=siblings, words=TEXT, checks=[], **changed)


def test_the_first_line_has_the_divergence_in_its_unit() -> None:
    text = language_card()
    first = tables(text)[0]
    assert first[0][:3] == ["artifact", "text.mean_kl, nats", "against toy-fp32"]
    assert first[2][:3] == [
        "**toy-q8-0** (recommended)", "0.0051 (0.00459 to 0.00561)",
        "0.0051 nats (0.00459 to 0.00561); no loss over 0.01 nats",
    ]  # fmt: skip
    assert "; n = 2000 tokens; brackets are 95 % intervals." in text
    assert "It continues text and says how likely a text is, with up to 8,192 tokens of both." in text
    own = language_card(REFERENCE)
    assert "**the reference of its family**" in own
    assert tables(own)[0][2][:3] == ["**toy-fp32**", "41.97 (39.97 to 43.97)", "reference"]


def test_the_family_stands_side_by_side_by_its_divergence() -> None:
    family = tables(language_card(subject(), LOSSY))[1]
    assert family[0][1] == "text.mean_kl, nats"
    assert family[2][1:3] == ["0", "reference"]
    assert family[3][1:3] == ["0.408", "0.408 nats (0.3672 to 0.4488); a loss"]
    assert family[4][1:3] == [
        "0.0051 (0.00459 to 0.00561)", "0.0051 nats (0.00459 to 0.00561); no loss over 0.01 nats",
    ]  # fmt: skip


def test_every_metric_and_divergence_has_a_row_and_no_test_of_answers() -> None:
    text = language_card()
    assert "### text: org/text, split eval, 40 documents" in text
    [metrics] = [table for table in tables(text) if table[0][0] == "metric"]
    assert metrics[0] == ["metric", "value (95 % interval)", "against toy-fp32"]
    rows = {row[0]: row[1:] for row in metrics[2:]}
    assert rows["perplexity"] == ["42.3 (40.3 to 44.3)", "+0.33 (+0.2 to +0.46); a loss"]
    assert {"bits_per_byte, bits/byte", "nats_per_token, nats"} < set(rows)
    assert rows["p99_kl, nats"] == ["0.0816", "-"]
    assert rows["same_top1"] == ["0.9580 (0.9490 to 0.9670)", "a loss"]
    assert "confusion" not in text and "McNemar" not in text and "examples" not in text.partition("## How it")[0]


def test_how_far_it_is_from_the_reference_is_a_sentence() -> None:
    assert (
        "Its next token is apart from the reference's by a mean KL divergence of 0.0051 nats (0.00459 to 0.00561), "
        "0.082 nats at the 99th percentile, 0.46 nats at most. "
        "The most likely token is the same on 95.8% of 2,000 tokens."
    ) in language_card()


def test_generation_by_context_and_threads() -> None:
    text = language_card()
    section = text.partition("## Generation\n")[2].partition("\n## ")[0]
    assert "a prompt of 32 tokens; keys and values are cached as f16" in section
    speeds, contexts, threads = tables(section)
    assert speeds[2:] == [
        ["prompt read", "355 tokens a second"],
        ["first token after", "90.00 ms at p50, 95.00 ms at p95"],
        ["generated", "109 tokens a second"],
        ["a token", "9.20 ms at p50, 9.90 ms at p95 (512 tokens)"],
    ]
    assert contexts[2:] == [["512", "340", "100", "300"], ["2,048", "340", "100", "300"]]
    assert threads[2:] == [["1", "300", "99.5"], ["2", "600", "199"]]
    assert "batch 1, milliseconds of one generated token; n = " in text
    assert "## Generation" not in language_card(REFERENCE)


def test_the_census_of_its_tensors_and_what_it_came_from() -> None:
    text = language_card()
    assert "8.50 bits per weight, counted over all tensors" in text
    [census] = [table for table in tables(text) if table[0][:2] == ["type", "tensors"]]
    assert census[2:] == [["F32", "61", "35,136"], ["Q8_0", "211", "134,400,000"]]
    assert (
        "- Its weights come from `model.Q4_1.gguf`, which holds them as Q4_1, Q8_0. The original was never seen."
        in text
    )
    assert "## Weights" not in card()


def test_its_use_and_its_limits_are_those_of_text() -> None:
    text = language_card()
    assert '\nzoosmith run toy-q8-0 "What is the capital of France?"\n```' in text
    assert "## In Python" not in text
    assert "model.predict" not in text
    assert "It sees 8,192 tokens at once" in text and "is cut at the end" not in text
    assert "Quality on text: 40 documents of org/text" in text


def test_nothing_is_recommended_for_speed_that_loses_the_answers() -> None:
    mild = subject("toy-q6-k", versus=records.text_versus(0.0133, 0.924, 0.7), speedup=records.bounded(5.0, 0.2, 12))
    family = [REFERENCE, subject(), mild, LOSSY]
    told = advice(family[1], family, "text.mean_kl")
    assert not any("toy-q4-0" in line for line in told)
    loss = "0.0133 nats (0.01197 to 0.01463); a loss"
    assert any(line.startswith("Prefer toy-q6-k for speed") and loss in line for line in told)
    own = advice(LOSSY, family, "text.mean_kl")
    assert own[0] == (
        "It is the fastest (9.00 times the reference's speed) of the 4 measured on epyc-2c, and loses more than "
        "0.1 nats (0.408 nats (0.3672 to 0.4488); a loss): do not choose it for that."
    )
    assert any(line.startswith("Prefer toy-fp32 for quality (text.mean_kl 0 against 0.408)") for line in own)


def test_less_is_better_in_advice_and_on_the_front() -> None:
    better = subject("toy-a", versus=records.text_versus(0.002), speedup=records.bounded(4.0, 0.1, 12))
    worse = subject("toy-b", versus=records.text_versus(0.008), speedup=records.bounded(3.0, 0.1, 12))
    family = [REFERENCE, better, worse]
    assert advice(worse, family, "text.mean_kl")[0].startswith(
        "**toy-a is faster, no larger and with no higher value**"
    )
    figure = plots(_given(worse, family))["pareto"]
    assert isinstance(figure, Pareto)
    assert {point.name: point.front for point in figure.points} == {"fp32": True, "a": False, "b": False}
    assert (figure.better, figure.unit) == ("lower", "nats")


def _given(one: Subject, family: list[Subject]) -> Any:
    from tests.support.cards import given

    return given(one, siblings=family, words=TEXT)


def test_a_task_brings_words_of_its_own() -> None:
    reporting = SimpleNamespace(
        HEADLINE=("perplexity",), EXAMPLE='"Once upon a time"', answers=lambda build: "It tells stories.",
        caveats=lambda build, measured: ["It knows no facts."],
    )  # fmt: skip
    words = words_of(reporting, built())
    text = card(subject(), siblings=[REFERENCE, subject()], words=words, checks=[])
    assert " It tells stories. Format **gguf**" in text
    assert tables(text)[0][2][1] == "42.3 (40.3 to 44.3)"
    assert "; n = 40 documents; brackets" in text
    assert 'zoosmith run toy-q8-0 "Once upon a time"' in text
    assert text.partition("## Limits\n")[2].partition("\n\n")[0].endswith("- It knows no facts.")
    assert "It sees 8,192 tokens" in text, "what it does not bring is that of its kind"


def test_the_kind_follows_what_was_built() -> None:
    assert words_of(SimpleNamespace(), records.build()) == CLASSES
    assert words_of(SimpleNamespace(), built()) == TEXT


@pytest.mark.parametrize("facts", [{}, {"tensor_types": FACTS["tensor_types"]}])
def test_facts_that_are_not_there_are_not_told(facts: dict[str, Any]) -> None:
    text = card(Subject(built(facts=facts), records.language()), siblings=[REFERENCE], words=TEXT, checks=[])
    assert "bits per weight" not in text and "come from" not in text
    assert limits(Subject(built(facts=facts), records.language()), [], "text.mean_kl", (), TEXT)


def test_several_evals_are_named() -> None:
    two = {"text": records.text_quality(), "more": records.text_quality()}
    versus = {id: records.text_versus(kl)["text"] for id, kl in (("text", 0.005), ("more", 0.006))}
    text = language_card(subject(quality=two, versus=versus))
    assert "apart from the reference's of text by a mean KL" in text and "apart from the reference's of more by" in text
