"""Changes that must not change an answer: what they make of a pair, and what is counted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.support.job import PAIR, spec
from tests.support.zoo import ROOT
from zoosmith.contract.errors import BuildError
from zoosmith.predictor import bind
from zoosmith.stats.intervals import mcnemar_exact, proportion
from zoosmith.tasks._classification.encoding import Example
from zoosmith.tasks.invariance import scoring
from zoosmith.tasks.invariance.changes import CHANGES, changed
from zoosmith.tasks.invariance.encoding import Case, InvarianceTask, over
from zoosmith.tasks.text_pair_classification import scoring as pairs

LABELS = ("no", "yes")


@pytest.mark.parametrize(
    ("change", "pair", "expected"),
    [
        ("swapped", ("a", "b"), ("b", "a")),
        ("swapped", ("a", "a"), None),
        ("identical", ("a", "b"), ("a", "a")),
        ("case", ("Ana", "José"), ("Ana", "JOSÉ")),
        ("case", ("Ana", "JOSÉ"), ("Ana", "josé")),
        ("case", ("Ana", "ნინო"), ("ANA", "ნინო")),
        ("case", ("東京", "ნინო"), None),
        ("accents", ("José", "Søren Łukasz"), ("José", "Soren Lukasz")),
        ("accents", ("José", "Jose"), ("Jose", "Jose")),
        ("accents", ("Ana", "Йован"), None),
        ("accents", ("Ana", "がく"), None),
        ("spacing", ("a b", "c d"), ("a b", " c  d ")),
    ],
)
def test_what_a_change_makes_of_a_pair(change: str, pair: tuple[str, str], expected: tuple[str, str] | None) -> None:
    assert changed(change, pair) == expected


class OrderMatters:
    """Says yes where the first text is not after the second in the alphabet; counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def classify(self, pairs: list[tuple[str, str]]) -> Any:
        self.asked += 1
        return np.array([[0.0, 1.0] if one <= other else [1.0, 0.0] for one, other in pairs], dtype=np.float32)


class Own:
    """The artifact's own task without a tokenizer."""

    spec = spec(PAIR).model_copy(update={"labels": LABELS})
    auto_model = ""

    def example(self, row: Any) -> Example:
        return Example((row["first"], row["second"]), LABELS.index(row["label"]))

    def encode(self, examples: list[Example]) -> Any:
        return [example.texts for example in examples]


def task() -> InvarianceTask:
    return over(Own(), pairs)  # type: ignore[arg-type]


def case(first: str, second: str, **asked: Any) -> Case:
    return task().example({"first": first, "second": second, "label": "yes", "asked": {"same": "yes"} | asked})


def states(example: Case, session: Any = None) -> dict[str, int]:
    return {name: int(state[0]) for name, state in scoring.respond(session or OrderMatters(), task(), example).items()}


def test_answers_that_move_are_counted_and_pairs_that_stay_are_not() -> None:
    session = OrderMatters()
    assert states(case("a", "b"), session) == {
        "swapped": scoring.MOVED, "identical": scoring.KEPT, "case": scoring.MOVED, "accents": scoring.LEFT,
        "spacing": scoring.MOVED,
    }  # fmt: skip
    assert session.asked == 5, "the pair, and each change that makes another of it"


def test_equal_texts_are_held_to_the_label_that_the_recipe_gives() -> None:
    assert states(case("b", "b"))["identical"] == scoring.KEPT
    assert states(case("b", "b", same="no"))["identical"] == scoring.MOVED
    with pytest.raises(BuildError, match="`same` is 'yse', which is outside the set; did you mean 'yes'"):
        case("a", "b", same="yse")


def test_the_share_is_of_pairs_that_were_changed() -> None:
    examples = [case("a", "b", changes=["swapped", "accents"]), case("a", "a", changes=["swapped", "accents"])]
    answered = [scoring.respond(OrderMatters(), task(), example) for example in examples]
    outcomes = {name: np.concatenate([one[name] for one in answered]) for name in answered[0]}
    found = scoring.score(outcomes, examples, task())
    assert found["metrics"] == {"swapped": proportion(1, 1)}
    assert found["details"]["changes"] == {"swapped": [1, -1], "accents": [-1, -1]}


def test_the_difference_from_the_reference_is_paired() -> None:
    mine = {"swapped": np.array([1, 1, 1, 0, -1], np.int8)}
    theirs = {"swapped": np.array([0, 0, 1, 0, -1], np.int8)}
    value, p = scoring.compare(mine, theirs, [], task(), task())["delta"]["swapped"]
    assert (value.value, value.n, p) == (0.5, 4, mcnemar_exact(0, 2))
    assert scoring.METRICS["swapped"].better == "lower"


def test_logits_that_are_not_finite_are_no_answer() -> None:
    broken = SimpleNamespace(classify=lambda pairs: np.full((1, 2), np.nan, np.float32))
    outcomes = scoring.respond(broken, task(), case("a", "b"))
    assert scoring.suspicion(outcomes, [None], task()) == "NaN or infinite logits for 1 of 1 pairs"  # type: ignore[list-item]


def test_it_is_bound_over_the_artifacts_own_task(tmp_path: Path) -> None:
    bound = bind("invariance", spec(PAIR), tmp_path, ROOT)
    assert isinstance(bound, InvarianceTask)
    assert (bound.spec.kind, bound.scoring) == (PAIR, pairs)
    with pytest.raises(BuildError, match=r"checked on pairs of texts; text-classification takes text"):
        bind("invariance", spec("text-classification"), tmp_path, ROOT)
    with pytest.raises(BuildError, match="a kind of eval, not of a task"):
        bind("invariance", spec(PAIR).model_copy(update={"kind": "invariance"}), tmp_path, ROOT)


def test_a_language_model_that_answers_with_a_token_is_asked_by_its_own_task(tmp_path: Path) -> None:
    import transformers

    from tests.support.labelled import answering_llama, asked
    from zoosmith.tasks.label_token import scoring as tokens
    from zoosmith.toolkit.causal.torch_session import TorchCausal

    folder = answering_llama(tmp_path / "tiny", hidden=32)
    session = TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto"), folder)
    own = asked(folder)
    made = over(own, tokens)
    example = made.example(
        {"first": "Ann", "second": "Bo", "asked": {"changes": ["swapped", "identical"], "same": "yes"}}
    )
    found = {name: int(state[0]) for name, state in scoring.respond(session, made, example).items()}
    classes = [
        int(tokens.respond(session, own, Example(texts))["logits"].argmax())
        for texts in (("Ann", "Bo"), ("Bo", "Ann"), ("Ann", "Ann"))
    ]
    yes = own.spec.labels.index("yes")
    assert found == {"swapped": int(classes[0] != classes[1]), "identical": int(classes[2] != yes)}


def test_the_recipe_knows_every_change() -> None:
    from zoosmith.recipes import schema

    assert tuple(CHANGES) == schema.CHANGES
