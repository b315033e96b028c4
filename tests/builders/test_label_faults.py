"""What goes wrong with language models that are trained on label tokens, each told in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from builders.qlora import Params as QloraParams
from tests.support.label_task import base, build
from tests.support.zoo import ROOT
from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.job import Parent
from zoosmith.predictor import open_artifact

QUICK = {"epochs": 1, "learning_rate": 1e-3, "batch_size": 16, "autocast": "none"}


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return base(tmp_path_factory.mktemp("base"), hidden=64)


@pytest.fixture(scope="module")
def untied(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return base(tmp_path_factory.mktemp("untied"), hidden=64, tied=False)


@pytest.mark.parametrize("builder", ["lora", "qlora", "int8_recover"])
@pytest.mark.parametrize("target", ["lm_head", "embed_tokens", "model.embed_tokens"])
def test_targets_on_tied_embeddings(parent: Parent, tmp_path: Path, builder: str, target: str) -> None:
    wrong = f"target_modules: {target}: model.embed_tokens and lm_head are one matrix here"
    with pytest.raises(
        BuildError, match=rf"{wrong} \(tie_word_embeddings\), .*name linear layers of the body, as q_proj"
    ):
        build(builder, parent, tmp_path, **QUICK, target_modules=["q_proj", target])


def test_targets_on_an_output_matrix_of_its_own(untied: Parent, tmp_path: Path) -> None:
    with pytest.raises(
        BuildError, match=r"lm_head: model.embed_tokens and lm_head stay as they are; name linear layers"
    ):
        build("lora", untied, tmp_path, **QUICK, target_modules=["lm_head"])


def opened_over(made: Any, folder: Path) -> Any:
    return open_artifact(made.out, project=ROOT, needs={"from": folder})


def test_an_adapter_over_a_base_of_another_shape(parent: Parent, tmp_path: Path) -> None:
    made = build("lora", parent, tmp_path / "made", **QUICK, merge=False)
    wide = base(tmp_path / "wide", hidden=128)
    with pytest.raises(
        BuildError, match=r"the adapter is for another base: this one has no model.embed_tokens.weight, .* of its"
    ):
        made.opened({"from": wide.path})


def test_an_adapter_over_a_base_of_the_same_shape(parent: Parent, tmp_path: Path) -> None:
    """Nothing but the digest tells: it would open, and answer something else."""
    made = build("lora", parent, tmp_path / "made", **QUICK, merge=False)
    other = base(tmp_path / "other", hidden=64, seed=1)
    opened_over(made, parent.path)
    told = f"the adapter is for another base: it needs the tree {parent.digest[:16]}..., .* is {other.digest[:16]}"
    with pytest.raises(ZooError, match=told):
        opened_over(made, other.path)


def test_a_merge_into_a_4_bit_base(parent: Parent, tmp_path: Path) -> None:
    quantized = build("bnb_nf4", parent, tmp_path / "nf4", compute_dtype="fp32")
    for builder in ("lora", "finetune"):
        with pytest.raises(
            BuildError, match=r"quantization_config: the weights are quantised already \(bitsandbytes, 4"
        ):
            build(builder, quantized.parent, tmp_path / builder, **QUICK)
    with pytest.raises(ValidationError, match="merge: adapters merged into a 4-bit base would be rounded away"):
        QloraParams(merge=True)
    assert QloraParams(merge=False) == QloraParams()


@pytest.mark.parametrize("builder", ["finetune", "lora"])
def test_a_loss_that_is_no_number(tmp_path: Path, builder: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    broken = base(tmp_path / "base", hidden=64)
    stored = load_file(broken.path / "model.safetensors")
    stored["model.norm.weight"][:] = torch.inf
    save_file(stored, broken.path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BuildError, match="NaN or infinite logits for a probe before any training"):
        build(builder, broken, tmp_path, **QUICK)


def test_a_rate_that_makes_the_loss_no_number(parent: Parent, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="the loss became nan; lower learning_rate"):
        build("finetune", parent, tmp_path, **QUICK | {"learning_rate": 1e30, "max_grad_norm": 1e30})


def test_a_label_set_of_another_size(parent: Parent, tmp_path: Path) -> None:
    """What goes on from a model's own answers keeps its labels; a training may learn others."""
    for builder in ("int8_recover", "prune_layers"):
        with pytest.raises(BuildError, match=r"the checkpoint answers \['n', 'y'\], the task wants \['n', 'y', 'p'\]"):
            build(builder, parent, tmp_path / builder, labels=("n", "y", "p"))
    made = build("finetune", parent, tmp_path / "made", labels=("n", "y", "p"), **QUICK)
    assert made.again().shape[1] == 3


@pytest.mark.parametrize("builder", ["finetune", "lora", "qlora", "int8_recover"])
def test_fp16_on_a_cpu(parent: Parent, tmp_path: Path, builder: str) -> None:
    with pytest.raises(BuildError, match="fp16 is for GPUs, and this is a CPU; use bf16, or none for FP32"):
        build(builder, parent, tmp_path, **QUICK | {"autocast": "fp16"})


def test_a_checkpoint_without_its_output_matrix(untied: Parent, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "cut"
    shutil.copytree(untied.path, folder)
    stored = load_file(folder / "model.safetensors")
    del stored["lm_head.weight"]
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        BuildError, match=r"no trained head for label-token: lm_head.weight missing; take a whole check"
    ):
        build("finetune", Parent(folder, untied.manifest, "0" * 64, "family/cut"), tmp_path, **QUICK)


def test_a_merge_in_another_type_than_the_bases(tmp_path: Path) -> None:
    half = base(tmp_path / "half", hidden=64, dtype="bfloat16")
    with pytest.raises(
        BuildError, match="weights of family/base are bf16, and the merge would be saved as fp32: say `dt"
    ):
        build("lora", half, tmp_path / "wrong", **QUICK)
    made = build("lora", half, tmp_path / "made", **QUICK, dtype="bf16")
    assert made.manifest.precision == "bf16"
    assert json.loads((made.out / "config.json").read_text())["dtype"] == "bfloat16"
    size = (made.out / "model.safetensors").stat().st_size
    assert size == pytest.approx((half.path / "model.safetensors").stat().st_size, rel=0.01)
    assert abs(made.again() - made.own()).max() < 1e-3


def test_a_builder_that_trains_classifiers_alone(parent: Parent, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="this builder trains classifiers, and LlamaForCausalLM is a language model"):
        build("qat", parent, tmp_path, **QUICK)
