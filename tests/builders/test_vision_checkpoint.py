"""A model that sees, taken as it is, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import causal, llava
from tests.support.job import build, source
from zoosmith.contract.errors import BuildError


@pytest.mark.parametrize(("dtype", "stored"), [("fp32", "float32"), ("fp16", "float16"), ("bf16", "bfloat16")])
def test_weights_are_stored_in_the_type_that_is_asked_for(tmp_path: Path, dtype: str, stored: str) -> None:
    from safetensors import safe_open

    made = llava.checkpoint(tmp_path, dtype=dtype)
    with safe_open(made.out / "model.safetensors", framework="pt") as file:
        types = {str(file.get_tensor(name).dtype) for name in file.keys()}  # noqa: SIM118  # it is no dict
    assert types == {f"torch.{stored}"}
    assert made.manifest.precision == dtype


def test_a_model_without_eyes_is_refused(tmp_path: Path) -> None:
    blind = source(causal.tiny_llama(tmp_path / "llama"))
    with pytest.raises(BuildError, match=r"model_type: 'llama' is no image-text-to-text model.*use `checkpoint`"):
        build("vision_checkpoint", {"from": blind}, tmp_path, task=llava.TASK)


def test_a_processor_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = llava.tiny_llava(tmp_path / "base")
    for name in ("preprocessor_config.json", "processor_config.json"):
        (folder / name).unlink()
    with pytest.raises(BuildError, match=r"neither preprocessor_config\.json nor processor_config\.json"):
        build("vision_checkpoint", {"from": source(folder)}, tmp_path, task=llava.TASK)


def test_weights_that_are_missing_are_named(tmp_path: Path) -> None:
    folder = llava.tiny_llava(tmp_path / "base")
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] = 3
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(BuildError, match=r"it lacks .*layers\.2\."):
        build("vision_checkpoint", {"from": source(folder)}, tmp_path, task=llava.TASK)
