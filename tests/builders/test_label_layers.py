"""Layers left out of a language model that answers with label tokens: chosen on `dev`, opened, turned into GGUF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support import gguf
from tests.support.label_task import Made, answers, base, build, rows
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.split_loss import mean_loss


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return base(tmp_path_factory.mktemp("base"), hidden=64, layers=3)


def dev_loss(made: Made) -> float:
    examples = [made.job.task.example(row) for row in rows("dev")]
    return mean_loss(made.job, TorchForward(trainable(made.job, made.session.model)), examples)


@pytest.fixture(scope="module")
def cut(parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return build("prune_layers", parent, tmp_path_factory.mktemp("cut"), drop=1)


def test_the_layer_that_is_missed_least_goes(parent: Parent, cut: Made, tmp_path: Path) -> None:
    losses = {
        keep: dev_loss(build("prune_layers", parent, tmp_path / str(keep), keep=keep))
        for keep in ((0, 1), (0, 2), (1, 2))
    }
    assert tuple(cut.facts["kept_layers"]) == min(losses, key=lambda keep: losses[keep])
    assert cut.facts["layers"] == 2
    (table,) = cut.notes["dev_loss_without"]
    assert sorted(table.values()) == pytest.approx(sorted(losses.values()), abs=1e-4)


def test_it_opens_from_its_files_and_writes(cut: Made) -> None:
    np.testing.assert_allclose(cut.again(), cut.own(), atol=1e-5)
    opened = cut.opened()
    assert opened.model.config.num_hidden_layers == 2
    assert opened.generate(["the fox"], max_new_tokens=4) == cut.session.generate(["the fox"], max_new_tokens=4)


def test_recovery_trains_what_is_left(parent: Parent, tmp_path: Path) -> None:
    recovery = {"epochs": 3, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"}
    made = build("prune_layers", parent, tmp_path / "made", keep=(0, 2), recovery=recovery)
    losses = made.notes["training"]["loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert made.facts["recovery_examples"] == 96
    np.testing.assert_allclose(made.again(), made.own(), atol=1e-5)


def test_the_converter_takes_the_shorter_checkpoint(cut: Made, tmp_path: Path) -> None:
    made = gguf.build("gguf", tmp_path, params={"type": "f32", "kv_type": "f32"}, source=cut.parent)
    assert made.facts["parameters"] == cut.facts["parameters"]

    runtime = plugins.load("runtimes", "gguf", ROOT)
    opened = runtime.open(made.out, Manifest(format="gguf", precision="fp32", facts=made.facts), threads=1)
    np.testing.assert_allclose(answers(opened, cut.job.task), cut.own(), atol=1e-3)
