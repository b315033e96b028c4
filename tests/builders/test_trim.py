"""Trimmed prompts as an artifact: what it offers, that it opens as it was, and what it says of itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import opened
from tests.support import causal, gguf
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.errors import ZooError
from zoosmith.contract.job import Parent

TEXT = " ".join(causal.SENTENCES[:4])


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return gguf.parent(causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64), "torch")


@pytest.mark.parametrize("positions", ["renumbered", "kept"])
def test_it_opens_trimming_as_the_model_in_memory_does(parent: Parent, tmp_path: Path, positions: str) -> None:
    made = gguf.build("trim", tmp_path, params={"positions": positions}, source=parent)
    again, asked = opened(made, "trim"), [(TEXT, " one two"), (TEXT, " dog")]
    assert again.told.positions == positions
    assert again.loglikelihood(asked) == made.session.loglikelihood(asked)
    assert again.generate([TEXT], max_new_tokens=4) == made.session.generate([TEXT], max_new_tokens=4)
    plain = plugins.load("runtimes", "torch", ROOT).open(parent.path, parent.manifest, threads=1)
    assert abs(again.loglikelihood(asked)[0].nats - plain.loglikelihood(asked)[0].nats) > 1e-3


def test_what_cannot_be_consistent_is_not_offered() -> None:
    runtime = plugins.load("runtimes", "trimmed", ROOT)
    assert set(runtime.CAPABILITIES) == {"loglikelihood", "last_logprobs", "generate"}


def test_it_says_what_is_cut_and_what_it_costs(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("trim", tmp_path, params={"cut_share": 0.25}, source=parent)
    assert json.loads((made.out / "techniques.json").read_text())["trim"]["cut_share"] == 0.25
    (remark,) = made.facts["remarks"]
    assert "25 % of a prompt's tokens beyond its first 4 and last 10 %" in remark
    assert "goes through the model twice" in remark


def test_a_tree_that_says_nothing_of_trimming_is_refused(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("trim", tmp_path / "made", source=parent)
    moved: Any = gguf.parent(shutil.copytree(made.out, tmp_path / "moved"), "trimmed")
    (moved.path / "techniques.json").write_text('{"schema": 1}')
    runtime = plugins.load("runtimes", "trimmed", ROOT)
    with pytest.raises(ZooError, match=r"techniques\.json has no section `trim`, which the format 'trimmed' needs"):
        runtime.open(moved.path, moved.manifest, threads=1)


def test_next_tokens_after_each_beginning_load_back(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("trim", tmp_path, source=parent)
    ids = made.session.tokenize(TEXT)[:20]
    [mine], [theirs] = (list(one.next_logprobs([ids])) for one in (made.session, opened(made, "trim")))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)
