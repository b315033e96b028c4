"""Item by item what lm-evaluation-harness finds: `oracle.json`, which `oracle.py` wrote in its environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.language import WRITING
from tests.support.zoo import ROOT
from tests.tasks.choices import oracle, rows
from zoosmith.predictor import bind
from zoosmith.tasks.multiple_choice import scoring
from zoosmith.toolkit.causal.torch_session import TorchCausal

MIRROR = ROOT.parent / "shared" / "mirror"
EXPECTED = json.loads(oracle.FILE.read_text(encoding="utf-8"))
CLOSE = 2e-4  # nats of a choice: it reads a choice with its context at once, and here the context is read once
each_task = pytest.mark.parametrize("task", sorted(rows.COLUMNS))


def opened(folder: Path) -> TorchCausal:
    """In float32, as the harness was told to."""
    import torch
    import transformers

    return TorchCausal(transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), folder)


def compared(session: Any, task: str, asked: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Every item has the log-likelihoods and the verdicts that were recorded."""
    assert len(asked) == len(expected) > 5
    questions = bind("multiple-choice", WRITING, Path(), ROOT)
    for row, one in zip(rows.mapped(task, asked), expected, strict=True):
        item = questions.example(row)
        response = scoring.respond(session, questions, item)  # type: ignore[arg-type]
        assert response["nats"].tolist() == pytest.approx(one["nats"], abs=CLOSE), item
        outcome = scoring.outcome(response, item)
        assert {name: int(outcome[name][0]) for name in oracle.METRICS} == {name: one[name] for name in oracle.METRICS}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchCausal]:
    yield opened(oracle.tiny(tmp_path_factory.mktemp("oracle") / "tiny"))


@each_task
def test_made_up_rows_on_a_random_model(tiny: TorchCausal, task: str) -> None:
    compared(tiny, task, rows.made_up()[task], EXPECTED["made up"][task])


@pytest.mark.skipif(
    not MIRROR.is_dir(), reason="needs the real data in ../shared/mirror, which is no part of the project"
)
@each_task
def test_real_rows_on_a_trained_model(task: str) -> None:
    compared(opened(MIRROR / rows.STORIES), task, rows.real(MIRROR)[task], EXPECTED["real"][task])


@pytest.mark.skipif(
    not MIRROR.is_dir(), reason="needs the real data in ../shared/mirror, which is no part of the project"
)
def test_films_are_read_alike_where_the_beginning_of_the_ending_is_no_column() -> None:
    questions = bind("multiple-choice", WRITING, Path(), ROOT)
    for row in rows.mapped("hellaswag", rows.real(MIRROR)["hellaswag"]):
        told = {name: value for name, value in row.items() if name != "opening"}
        assert questions.example(told) == questions.example(row)


def test_the_metrics_tell_items_apart() -> None:
    """Otherwise the comparison would show nothing."""
    found = [tuple(item[name] for name in oracle.METRICS) for tasks in EXPECTED["real"].values() for item in tasks]
    assert {(0, 1, 1), (1, 0, 0)} <= {*found}
