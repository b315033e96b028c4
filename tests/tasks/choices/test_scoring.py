"""Choosing by likelihood and by letter: whose answer it is, what counts as right, and what failed or took long."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.language import WRITING
from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import Generation, LogLikelihood
from zoosmith.execution.arrays import joined
from zoosmith.stats.intervals import mcnemar_exact, paired_proportions, proportion
from zoosmith.tasks._choices.encoding import ItemTask
from zoosmith.tasks._choices.items import Item
from zoosmith.tasks.multiple_choice import scoring as by_likelihood
from zoosmith.tasks.multiple_choice_letter import scoring as by_letter

TASK = ItemTask(WRITING, Path())


class Says:
    """A model whose log-likelihoods, or text, are given; a token is a character."""

    def __init__(self, nats: Sequence[float] = (), text: str = "", chat_template: str | None = None) -> None:
        self.nats, self.text, self.chat_template = nats, text, chat_template
        self.asked: list[Any] = []

    def tokenize(self, text: str) -> list[int]:
        return list(map(ord, text))

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[LogLikelihood]:
        self.asked.append(list(requests))
        return [LogLikelihood(nats, False) for nats in self.nats]

    def generate(self, prompts: Sequence[str], **how: Any) -> list[Generation]:
        self.asked.append((list(prompts), how))
        return [Generation(self.text, 3, True)]


class Broken:
    """A model that cannot answer."""

    chat_template = None

    def loglikelihood(self, requests: Any) -> Any:
        raise ZooError("a continuation of 9000 tokens does not fit")

    def generate(self, prompts: Any, **how: Any) -> Any:
        raise MemoryError


def answered(scoring: Any, session: Any, item: Item) -> Any:
    return scoring.outcome(scoring.respond(session, TASK, item), item)


def outcome(scoring: Any, session: Any, item: Item) -> dict[str, int]:
    found = answered(scoring, session, item)
    assert {column.dtype for column in found.values()} == {np.dtype(np.int8)}
    return {name: int(column[0]) for name, column in found.items()}


def test_choices_follow_a_space_and_are_asked_about_together() -> None:
    session = Says([-1.0, -2.0])
    answered(by_likelihood, session, Item("It is", "", ("wet", "dry"), 0))
    assert session.asked == [[("It is", " wet"), ("It is", " dry")]]


@pytest.mark.parametrize(("answer", "right"), [(0, {"acc"}), (1, {"acc_norm", "acc_tokens"}), (2, {"acc_bytes"})])
def test_each_metric_divides_by_a_length_of_its_own(answer: int, right: set[str]) -> None:
    """3, 8 and 8 characters in 3, 8 and 16 bytes."""
    found = outcome(by_likelihood, Says([-3.0, -5.0, -5.5]), Item("a", "a", ("abc", "defghijk", "é" * 8), answer))
    assert {name for name in by_likelihood.SHARES if found[name]} == right
    assert found["chosen"] == 0


def test_of_equal_choices_the_first_is_taken() -> None:
    assert outcome(by_likelihood, Says([-2.0, -2.0]), Item("a", "a", ("b", "c"), 1))["chosen"] == 0


def test_a_choice_without_text_is_never_the_likeliest_for_its_length() -> None:
    found = outcome(by_likelihood, Says([-0.1, -9.0]), Item("a", "a", ("", "b"), 1))
    assert (found["acc"], found["acc_norm"], found["acc_bytes"]) == (0, 1, 1)


def test_tokens_are_those_beyond_the_context() -> None:
    session: Any = Says([-1.0, -1.0])
    response = by_likelihood.respond(session, TASK, Item("ab ", "", ("c", "de"), 0))
    assert response["tokens"].tolist() == [3, 4], "spaces at the end of the context belong to the choice"


@pytest.mark.parametrize("scoring", [by_likelihood, by_letter])
def test_a_failure_is_wrong_and_counted_and_told(scoring: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found = outcome(scoring, Broken(), Item("a", "What is wet?", ("b", "c"), 0))
    assert found == dict.fromkeys(found, 0) | {"failed": 1, "chosen": -1}
    assert "no answer to 'What is wet?': " in capsys.readouterr().err


@pytest.mark.parametrize("scoring", [by_likelihood, by_letter])
def test_what_took_long_is_counted_and_its_answer_too(scoring: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    item, session = Item("a", "a", ("b", "c"), 0), Says([-1.0, -2.0], "A")
    for seconds, slow in ((30.0, 0), (30.5, 1)):
        times = iter((100.0, 100.0 + seconds))
        monkeypatch.setattr("zoosmith.tasks._choices.asking.time.monotonic", lambda times=times: next(times))
        found = outcome(scoring, session, item)
        assert (found["acc"], found["slow"], found["failed"]) == (1, slow, 0)


def test_shares_have_intervals_over_all_items_also_those_that_failed() -> None:
    items = [Item("a", "a", ("b", "c"), 0)] * 3
    sessions = [Says([-1.0, -2.0]), Says([-2.0, -1.0]), Broken()]
    outcomes = joined(answered(by_likelihood, session, item) for session, item in zip(sessions, items, strict=True))
    found = by_likelihood.score(outcomes, items, TASK)
    assert found["metrics"]["acc"] == proportion(1, 3)
    assert found["metrics"]["failed"] == proportion(1, 3)
    assert set(found["metrics"]) == by_likelihood.METRICS.keys() - {"agreement", "slow"}
    outcomes["slow"][1] = 1
    assert by_likelihood.score(outcomes, items, TASK)["metrics"]["slow"] == proportion(1, 3)
    assert found["details"]["changes"]["acc"] == [1, 0, 0]


def column(**values: Sequence[int]) -> dict[str, Any]:
    return {name: np.array(value, np.int8) for name, value in values.items()}


def test_the_comparison_is_paired_item_by_item() -> None:
    mine = column(acc=[1, 1, 0, 0, 0], failed=[0] * 5, slow=[0] * 5, chosen=[0, 0, 1, 1, 1], odd=[0] * 5)
    theirs = column(acc=[1, 0, 1, 1, 0], failed=[0] * 5, slow=[1] * 5, chosen=[0, 1, 0, 0, 1], odd=[0] * 5)
    found = by_likelihood.compare(mine, theirs, [], TASK, TASK)
    assert found["delta"]["acc"] == (paired_proportions(1, 2, 1, 1), mcnemar_exact(2, 1))
    assert (found["lost"], found["won"], found["divergence"]["agreement"]) == (2, 1, 0.4)
    assert set(found["delta"]) == {"acc", "failed"}


def test_likelihoods_that_are_not_finite_end_the_measurement() -> None:
    item = Item("a", "a", ("b", "c"), 0)
    outcomes = answered(by_likelihood, Says([-1.0, float("nan")]), item)
    assert by_likelihood.suspicion(outcomes, [item], TASK) == "NaN or infinite likelihoods for 1 of 1 items"


def test_if_nothing_was_answered_the_measurement_ends() -> None:
    failed = column(failed=[1, 1], odd=[0, 0])
    assert "none of 2 items was answered" in (by_letter.suspicion(failed, [None, None], TASK) or "")  # type: ignore[list-item]
    assert by_letter.suspicion(column(failed=[1, 0], odd=[0, 0]), [None, None], TASK) is None  # type: ignore[list-item]


def test_the_letter_is_asked_for_below_the_choices() -> None:
    item = Item("Question: What is wet?\nAnswer:", "What is wet?", ("rain", "sand"), 0)
    session = Says(text="A")
    answered(by_letter, session, item)
    asked = "What is wet?\nA. rain\nB. sand\nAnswer with only the letter."
    assert session.asked == [([asked], {"max_new_tokens": 10, "chat": False})]
    spoken = Says(text="A", chat_template="{{ messages }}")
    answered(by_letter, spoken, item)
    assert spoken.asked[0][1]["chat"] is True


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("B", 1),
        (" b.", 1),
        ("The answer is C", 2),
        ("(D) because", 3),
        ("A man", 0),
        ("Because", None),
        ("E", None),
        ("", None),
        ("x" * 49 + " B", None),
        ("x" * 48 + " B", 1),
        ("BA D", 3),
        ("B_", None),
    ],
)
def test_the_answer_is_the_first_letter_that_stands_alone(text: str, place: int | None) -> None:
    assert by_letter.letter_in(text) == place


@pytest.mark.parametrize(("text", "acc", "malformed", "chosen"), [("C", 1, 0, 2), ("A", 0, 0, 0), ("no", 0, 1, -1)])
def test_a_malformed_answer_is_wrong_and_counted(text: str, acc: int, malformed: int, chosen: int) -> None:
    found = outcome(by_letter, Says(text=text), Item("a", "a", ("p", "q", "r", "s"), 2))
    assert found == {"acc": acc, "malformed": malformed, "failed": 0, "slow": 0, "chosen": chosen, "odd": 0}
