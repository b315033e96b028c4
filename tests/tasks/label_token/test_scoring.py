"""Judging answers of one token: what is asked, what is scored, what is refused, what is timed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.support.gguf_file import write_gguf
from tests.support.labelled import answering_llama, asked
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.output import Tolerance
from zoosmith.tasks._classification.encoding import Example
from zoosmith.tasks.label_token import scoring
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.gguf.session import GgufCausal

PAIR = Example(("Ann Lee", "A. Lee"), 2)
LABELS = ("no", "partial", "yes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return answering_llama(tmp_path_factory.mktemp("scored") / "tiny", hidden=32)


@pytest.fixture(scope="module")
def session(folder: Path) -> TorchCausal:
    import transformers

    return TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto"), folder)


def test_logits_are_the_log_probabilities_of_the_labels(folder: Path, session: TorchCausal) -> None:
    task = asked(folder)
    found = scoring.respond(session, task, PAIR)
    expected = next(session.next_logprobs([task.prompt_ids(PAIR)]))[-1]
    np.testing.assert_allclose(found["logits"], expected[list(task.answer_ids())], atol=1e-5)
    assert found["free"].tolist() == [expected.argmax()]
    assert found["free_label"].tolist() == [int(expected.argmax()) in task.answer_ids()]


def test_a_gguf_answers_with_its_own_tokenizer(folder: Path, session: TorchCausal, tmp_path: Path) -> None:
    opened = GgufCausal(write_gguf(folder, tmp_path / "model.gguf"), kv_type="f32")
    for example in (PAIR, Example(("Søren", "東京"))):
        mine, theirs = (scoring.respond(one, asked(at), example) for one, at in ((opened, tmp_path), (session, folder)))
        np.testing.assert_allclose(mine["logits"], theirs["logits"], atol=1e-3)
        assert mine["free"].tolist() == theirs["free"].tolist()
    opened.close()


def test_a_label_that_comes_first_is_a_free_label(folder: Path) -> None:
    task = asked(folder)
    no, partial, yes = task.answer_ids()

    def expecting(token: int) -> Any:
        logprobs = np.full(384, -9.0, np.float32)
        logprobs[token], logprobs[yes] = -0.1, -0.2
        return Expecting(task.reader, logprobs)

    told = [scoring.respond(expecting(token), task, PAIR) for token in (partial, 5, no)]
    assert [(one["free"].tolist(), one["free_label"].tolist()) for one in told] == [
        ([partial], [True]), ([5], [False]), ([no], [True])
    ]  # fmt: skip
    assert scoring.answer(expecting(5), task, PAIR.texts).label == "yes", "the likeliest of the labels"
    assert sum(scoring.answer(expecting(no), task, PAIR.texts).scores.values()) == pytest.approx(1)


class Expecting:
    """A session that always expects the same, and counts what it is asked."""

    def __init__(self, reader: Any, logprobs: Any) -> None:
        self._reader, self._logprobs = reader, logprobs
        self.asked: list[tuple[list[int], bool]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def last_logprobs(self, ids: Any, *, reuse: bool = True) -> Any:
        self.asked += [(list(one), reuse) for one in ids]
        return iter([self._logprobs for _ in ids])


def test_what_is_timed_reads_the_whole_prompt_each_time(folder: Path) -> None:
    task = asked(folder)
    session: Any = Expecting(task.reader, np.zeros(384, np.float32))
    watch = scoring.stopwatch(session, task, [("Ann", "A."), ("Bob", "B.")])
    for i in range(3):
        watch.prepare(i)()
    prompts = [task.prompt_ids(task.unlabelled(pair)) for pair in (("Ann", "A."), ("Bob", "B."))]
    assert session.asked == [(prompts[0], False), (prompts[1], False), (prompts[0], False)]


def test_a_prompt_beyond_the_context_is_told_with_its_row(folder: Path, session: TorchCausal) -> None:
    long = Example(("Ann Lee " * 30, "b"))
    with pytest.raises(ZooError, match=r"the prompt of \('Ann Lee .*: \d+ tokens do not fit into a context of 128"):
        scoring.respond(session, asked(folder, max_length=1000), long)


def outcomes(logits: Any, free: list[bool]) -> Any:
    responses = [
        {"logits": np.array(row, np.float32), "free": np.array([1]), "free_label": np.array([one])}
        for row, one in zip(logits, free, strict=True)
    ]
    parts = [scoring.outcome(response, PAIR) for response in responses]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_scores_are_those_of_classes_and_the_share_of_free_labels(folder: Path) -> None:
    task = asked(folder)
    answers = outcomes(np.eye(3)[[0, 1, 2, 2]], [True, False, False, True])
    found = scoring.score(answers, [Example(("a", "b"), target) for target in (0, 1, 2, 0)], task)
    assert found["metrics"].keys() <= scoring.METRICS.keys()
    assert found["metrics"]["accuracy"].value == 0.75
    share = found["metrics"]["free_label_share"]
    assert (share.value, share.n) == (0.5, 4)
    assert 0 < share.low < 0.5 < share.high < 1
    assert found["details"]["confusion"] == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_the_comparison_is_that_of_classes_and_of_free_labels_paired(folder: Path) -> None:
    task = asked(folder)
    mine = outcomes(np.eye(3)[[0, 1, 2, 2]], [True, False, False, True])
    theirs = outcomes(np.eye(3)[[0, 1, 2, 1]], [True, True, True, True])
    found = scoring.compare(mine, theirs, [Example(("a", "b"), target) for target in (0, 1, 2, 2)], task, task)
    assert found["divergence"]["agreement"] == 0.75
    assert (found["lost"], found["won"]) == (0, 1)
    change, p = found["delta"]["free_label_share"]
    assert (change.value, change.n, p) == (-0.5, 4, 0.5)


def responses(*logits: tuple[float, ...]) -> list[Any]:
    return [
        {"logits": np.array(row, np.float32), "free": np.array([0]), "free_label": np.array([True])} for row in logits
    ]


def test_parity_is_of_decisions_and_of_probabilities() -> None:
    theirs = responses((-1.0, -2.0, -3.0), (-4.0, -0.1, -5.0))
    mine = responses((-1.1, -2.0, -3.0), (-4.0, -0.1, -5.0))
    found = scoring.preserves(theirs, mine, Tolerance(agreement=0.99, mean_kl=0.01), (LABELS, LABELS))
    assert found["agreement"] == 1
    p, q = (np.exp(row) / np.exp(row).sum() for row in (np.array([-1.0, -2, -3]), np.array([-1.1, -2, -3])))
    assert found["mean_kl"] == pytest.approx((p * np.log(p / q)).sum() / 2, rel=1e-4)
    others = [{"logits": one["logits"][[2, 0, 1]]} for one in theirs]
    swapped = scoring.preserves(others, mine, Tolerance(mean_kl=0.01), (("yes", "no", "partial"), LABELS))
    assert swapped["mean_kl"] == pytest.approx(found["mean_kl"])
    with pytest.raises(
        BuildError, match=r"parity: the labels' probabilities are .* nats .* this technique claims 1e-09"
    ):
        scoring.preserves(theirs, mine, Tolerance(agreement=0.9, mean_kl=1e-9), (LABELS, LABELS))
    with pytest.raises(BuildError, match=r"parity: 50\.0% of 2 probes get the parent's label"):
        scoring.preserves(theirs, responses((-9, -2, -3), (-4, -0.1, -5)), Tolerance(agreement=0.9), (LABELS, LABELS))


def test_cards_tell_flips_and_what_is_written_freely() -> None:
    from zoosmith.tasks.label_token import reporting

    share = SimpleNamespace(value=0.988, n=500)
    versus = SimpleNamespace(
        divergence={"agreement": share, "max_abs_logit_diff": SimpleNamespace(value=0.25)}, lost=4, won=1
    )
    told = reporting.apart(versus, " of names")
    assert told.startswith("1.2% of its decisions of names flip against the reference (0.")
    assert "n = 500): 4 right answers lost,\n1 won; largest difference of a label's log-probability 0.25 nats." in told
    build = SimpleNamespace(labels=LABELS, inputs=("first", "second"), max_length=96)
    assert reporting.answers(build) == (
        "It answers **no**, **partial** or **yes** for first, second,\nput into a prompt of up to 96 tokens."
    )
    assert "none is cut" in reporting.length(build)

    def measured(value: float) -> Any:
        metrics = {"free_label_share": SimpleNamespace(value=value, n=200)}
        return SimpleNamespace(quality={"names": SimpleNamespace(metrics=metrics)})

    assert reporting.caveats(build, measured(0.99)) == []
    [warning] = reporting.caveats(build, measured(0.25))
    assert warning.startswith("Left free, it begins its answer to 75% of the prompts of names (n = 200) with")
