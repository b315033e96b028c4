"""INT8 by bitsandbytes: what is stored, what is kept, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, build, probe_logits
from tests.support.zoo import write_tokenizer
from zoosmith.contract.errors import BuildError

CASE = Case(parents={"from": "finetune"})
LINEARS = 2 * 6 + 1  # query, key, value, two outputs and one intermediate a layer; pooler


def test_the_body_is_int8_and_the_head_is_not(family: Family) -> None:
    from safetensors.numpy import load_file

    made = family.made("bnb_int8")
    tensors = load_file(made.out / "model.safetensors")
    assert len([name for name in tensors if name.endswith(".SCB")]) == LINEARS == made.facts["int8_layers"]
    assert tensors["bert.encoder.layer.0.attention.self.query.weight"].dtype == np.int8
    assert tensors["classifier.weight"].dtype == np.float32
    assert made.facts["parameters"] == family.made("finetune").facts["parameters"]


def test_stored_weights_are_the_parents_within_half_a_step(family: Family) -> None:
    """Row-wise absmax: w ~ int8 * SCB / 127."""
    from safetensors.numpy import load_file

    stored = load_file(family.made("bnb_int8").out / "model.safetensors")
    original = load_file(family.made("finetune").out / "model.safetensors")
    for layer in (name.removesuffix(".SCB") for name in stored if name.endswith(".SCB")):
        step = stored[f"{layer}.SCB"][:, None] / 127
        gap = np.abs(stored[f"{layer}.weight"] * step - original[f"{layer}.weight"])
        assert (gap <= 0.57 * step).all(), layer  # rounded to FP16 on the way: 127 / 2^11 of a step


def test_it_answers_nearly_as_its_parent(family: Family) -> None:
    mine, theirs = (probe_logits(family.made(name), TELLING) for name in ("bnb_int8", "finetune"))
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert 0 < np.abs(mine - theirs).max() < 0.5


@pytest.mark.parametrize(("skip", "layers"), [([], LINEARS + 1), (["classifier", "query"], LINEARS - 2)])
def test_what_is_skipped_can_be_said(family: Family, tmp_path: Path, skip: list[str], layers: int) -> None:
    made = family.again("bnb_int8", tmp_path, params={"skip_modules": skip})
    assert made.facts["int8_layers"] == layers
    opened = made.opened()
    found = [opened.session.classify(opened.task.encode([opened.task.unlabelled(text)]))[0] for text in TELLING]
    np.testing.assert_allclose(found, probe_logits(made, TELLING), atol=1e-5)


def test_an_unknown_module_to_skip_is_told_with_the_nearest(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"skip_modules: the model has no linear layer 'clasifier'.*classifier"):
        family.again("bnb_int8", tmp_path, params={"skip_modules": ["clasifier"]})


def test_nothing_left_to_quantise_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no linear layer is left to quantise beside bert, classifier"):
        family.again("bnb_int8", tmp_path, params={"skip_modules": ["bert", "classifier"]})


def test_a_model_without_linear_layers_is_refused(family: Family, tmp_path: Path) -> None:
    """FNet's layers aside, every encoder has some; a body of embeddings alone stands for one that has none."""
    import transformers

    base = tmp_path / "base"
    base.mkdir()
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(base), hidden_size=32, num_hidden_layers=0, num_attention_heads=2
    )
    transformers.BertForSequenceClassification(config).save_pretrained(base)
    from tests.support.job import source

    parent = build("checkpoint", {"from": source(base)}, tmp_path / "taken").parent
    with pytest.raises(BuildError, match="no linear layer is left to quantise"):
        build("bnb_int8", {"from": parent}, tmp_path / "made", params={"skip_modules": ["pooler", "classifier"]})
