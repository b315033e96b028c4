"""Export to ONNX: dynamic shapes, pinned opset, nothing of the building machine, other architectures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, build, probe_logits, source, spec
from tests.support.zoo import write_tokenizer

CASE = Case(parents={"from": "finetune"})


def graph(out: Path) -> Any:
    import onnx

    return onnx.load(out / "model.onnx")


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("length", [3, 7, 31, 32])
def test_batch_and_sequence_are_dynamic(family: Family, batch: int, length: int) -> None:
    generator = np.random.default_rng(batch * 100 + length)
    ids = generator.integers(4, 27, size=(batch, length))
    mask = np.ones((batch, length), dtype=np.int64)
    mask[-1, length // 2 + 1 :] = 0  # one row is padded
    encoded = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    mine, theirs = family.made("onnx").session.classify(encoded), family.made("finetune").session.classify(encoded)
    assert mine.shape == (batch, 2)
    np.testing.assert_allclose(mine, theirs, atol=1e-4)


def test_inputs_and_output_are_named_and_their_sizes_free(family: Family) -> None:
    model = graph(family.made("onnx").out)
    assert [value.name for value in model.graph.input] == ["input_ids", "attention_mask", "token_type_ids"]
    assert [value.name for value in model.graph.output] == ["logits"]
    for value in model.graph.input:
        assert all(dim.dim_param for dim in value.type.tensor_type.shape.dim)


@pytest.mark.parametrize("opset", [18, 20])
def test_the_opset_is_pinned(family: Family, tmp_path: Path, opset: int) -> None:
    made = family.made("onnx") if opset == 20 else family.again("onnx", tmp_path, params={"opset": opset})
    versions = {entry.domain: entry.version for entry in graph(made.out).opset_import}
    assert versions[""] == opset == made.facts["opset"]


def test_no_metadata_is_left(family: Family) -> None:
    model = graph(family.made("onnx").out)
    assert len(model.metadata_props) == 0
    assert model.doc_string == ""
    for node in model.graph.node:
        assert len(node.metadata_props) == 0
        assert node.doc_string == ""


def test_attention_is_what_it_computes_and_no_more(family: Family) -> None:
    counted = family.made("onnx").facts["operators"]
    assert "IsNaN" not in counted, "sdpa guards against rows of which nothing may be seen: no text is one"
    assert counted["Transpose"] <= 4 * counted["Softmax"] and counted.get("Slice", 0) <= 1


def test_weights_are_inside_the_file(family: Family) -> None:
    made = family.made("onnx")
    assert sorted(path.name for path in made.out.glob("*onnx*")) == ["model.onnx"]
    assert (made.out / "model.onnx").stat().st_size > 4 * family.made("finetune").facts["parameters"]


def test_operators_are_counted(family: Family) -> None:
    made = family.made("onnx")
    assert sum(made.facts["operators"].values()) == len(graph(made.out).graph.node)
    assert list(made.facts["operators"]) == sorted(made.facts["operators"])


@pytest.mark.parametrize("architecture", ["DistilBert", "Roberta"])
def test_other_architectures_export(tmp_path: Path, architecture: str) -> None:
    made = build("onnx", {"from": other(tmp_path, architecture)}, tmp_path / "onnx")
    session_inputs = [value.name for value in graph(made.out).graph.input]
    assert session_inputs[:2] == ["input_ids", "attention_mask"]
    assert ("token_type_ids" in session_inputs) == (architecture != "DistilBert")
    theirs = build("checkpoint", {"from": source(tmp_path / "base")}, tmp_path / "again")
    np.testing.assert_allclose(probe_logits(made, TELLING), probe_logits(theirs, TELLING), atol=1e-4)


def other(tmp_path: Path, architecture: str) -> Any:
    """A checkpoint of another architecture as a parent."""
    import torch
    import transformers

    base = tmp_path / "base"
    base.mkdir()
    torch.manual_seed(0)
    sizes = {"vocab_size": write_tokenizer(base), "max_position_embeddings": 64, "pad_token_id": 0}
    if architecture == "DistilBert":
        config = transformers.DistilBertConfig(dim=32, n_layers=2, n_heads=2, hidden_dim=64, **sizes)
    else:
        config = transformers.RobertaConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, type_vocab_size=2, **sizes
        )
    getattr(transformers, f"{architecture}ForSequenceClassification")(config).save_pretrained(base)
    return build("checkpoint", {"from": source(base)}, tmp_path, task=spec()).parent
