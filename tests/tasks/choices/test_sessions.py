"""Items asked of opened models: torch and llama.cpp answer alike, and what choices share is computed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.language import WRITING, write_llama_cpp, write_torch
from tests.support.zoo import ROOT
from tests.tasks.choices import rows
from zoosmith.predictor import bind, open_artifact
from zoosmith.tasks._choices.items import Item
from zoosmith.tasks.multiple_choice import scoring as by_likelihood
from zoosmith.tasks.multiple_choice_letter import scoring as by_letter
from zoosmith.toolkit.causal.torch_session import TorchSequence

CONTEXT = 512
ITEM = Item("one two three four five", "which?", (" the quick brown fox", "12345", "sea shells"), 1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    torch = write_torch(tmp_path_factory.mktemp("choices") / "zoo", context=CONTEXT)
    yield {"torch": torch, "gguf": write_llama_cpp(torch)}


def opened(folder: Path) -> Any:
    return open_artifact(folder, project=ROOT).session


def items() -> list[Item]:
    questions = bind("multiple-choice", WRITING, Path(), ROOT)
    return [questions.example(row) for task, asked in rows.made_up().items() for row in rows.mapped(task, asked)]


def test_torch_and_llama_cpp_find_the_same_likelihoods(folders: dict[str, Path]) -> None:
    sessions = [opened(folder) for folder in folders.values()]
    for item in items():
        one, other = (by_likelihood.respond(session, None, item) for session in sessions)  # type: ignore[arg-type]
        assert one["nats"].tolist() == pytest.approx(other["nats"].tolist(), rel=1e-3), item
        assert one["tokens"].tolist() == other["tokens"].tolist()


@pytest.mark.parametrize("format", ["torch", "gguf"])
def test_both_write_a_letter_or_something_else(folders: dict[str, Path], format: str) -> None:
    session = opened(folders[format])
    for item in items()[:3]:
        found = by_letter.outcome(by_letter.respond(session, None, item), item)  # type: ignore[arg-type]
        assert found["failed"].tolist() == [0]
        assert found["malformed"].tolist() == [int(found["chosen"][0] == -1)]


def test_what_the_choices_share_goes_through_the_model_once(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, fed = opened(folders["torch"]), []
    feed = TorchSequence._feed

    def counted(self: TorchSequence, ids: Sequence[int], keep: int) -> Any:
        fed.append(len(ids))
        return feed(self, ids, keep)

    monkeypatch.setattr(TorchSequence, "_feed", counted)
    response = by_likelihood.respond(session, None, ITEM)  # type: ignore[arg-type]
    shared = len(session.tokenize(ITEM.context))
    assert fed == [shared, *(int(tokens) - 1 for tokens in response["tokens"])]


def test_an_item_that_does_not_fit_is_one_that_failed(folders: dict[str, Path]) -> None:
    session, long = opened(folders["torch"]), ITEM._replace(choices=("a", "12345 " * CONTEXT))
    for scoring in (by_likelihood, by_letter):
        for item, failed in ((long, 1), (ITEM, 0)):
            found = scoring.outcome(scoring.respond(session, None, item), item)
            assert found["failed"].tolist() == [failed]
