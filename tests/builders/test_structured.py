"""A checkpoint whose layers were made smaller goes through every technique that takes PyTorch checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import LANGUAGE
from tests.support.job import LABELS, TELLING, TEXT, Made, build, probe_logits, source
from tests.support.zoo import ROOT, write_bert
from zoosmith import plugins

TRAINING = {"epochs": 1, "batch_size": 16, "autocast": "none"}
PARAMS: dict[str, dict[str, Any]] = {
    "finetune": TRAINING,
    "lora": TRAINING,
    "qlora": TRAINING,
    "int8_recover": TRAINING,
    "qat": TRAINING,
    "prune_heads": {"share": 0.5},
    "prune_layers": {"keep": [0]},
}
TAKERS = sorted(
    name
    for name in plugins.known("builders", ROOT)
    if "torch" in plugins.load("builders", name, ROOT).ACCEPTS.get("from", ()) and name not in LANGUAGE
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Half of the neurons and heads of each layer gone; that attention is narrower only structure.json can say."""
    folder = tmp_path_factory.mktemp("small")
    base = source(write_bert(folder / "base", labels=LABELS[TEXT], width=256, heads=4))
    taken = build("checkpoint", {"from": base}, folder / "taken")
    fewer = build("prune_ffn", {"from": taken.parent}, folder / "ffn", params={"share": 0.5})
    made = build("prune_heads", {"from": fewer.parent}, folder / "heads", params={"share": 0.5})
    assert (made.out / "structure.json").is_file()
    return made


@pytest.mark.parametrize("name", TAKERS)
def test_it_is_taken_and_its_result_opens(small: Made, tmp_path: Path, name: str) -> None:
    made = build(name, {"from": small.parent}, tmp_path, params=PARAMS.get(name, {}))
    session, task = made.opened().session, made.job.task
    found = [session.classify(task.encode([task.unlabelled((text,))]))[0] for text in TELLING]
    np.testing.assert_allclose(found, probe_logits(made, TELLING), atol=1e-4)


def test_nf4_leaves_rows_alone_that_no_longer_fill_blocks(tmp_path: Path) -> None:
    """128 inputs are two blocks of 64; one head less leaves 96. config.json still says 128."""
    base = source(write_bert(tmp_path / "base", labels=LABELS[TEXT], width=128, heads=4))
    taken = build("checkpoint", {"from": base}, tmp_path / "taken")
    narrowed = build("prune_heads", {"from": taken.parent}, tmp_path / "heads", params={"share": 0.25})
    made = build("bnb_nf4", {"from": narrowed.parent}, tmp_path / "nf4")
    kept = [name for name in made.notes["kept_in_fp32"] if "attention.output.dense" in name]
    assert len(kept) == 2
    assert made.facts["nf4_layers"] == 2 * 5 + 1
