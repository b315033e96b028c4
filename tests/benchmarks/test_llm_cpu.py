"""The shapes that benchmarks/llm_cpu.py measures are those of the models that they are named after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _llm_shapes as shapes
from benchmarks.llm_cpu import answer, figures, slower
from zoosmith.recipes.schema import Recipe

MILLIONS = {"qwen2-0.5b": 494.0, "llama-3.2-1b": 1235.8}
"""Parameters, as the cards of both models give them."""


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_a_shape_has_as_many_parameters_as_its_model(shape: str) -> None:
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    family, sizes = shapes.SHAPES[shape]
    with torch.device("meta"):
        config = getattr(transformers, f"{family}Config")(**sizes, tie_word_embeddings=True)
        model = getattr(transformers, f"{family}ForCausalLM")(config)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(MILLIONS[shape], abs=0.1)


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_its_recipes_are_valid_and_have_what_is_timed(shape: str) -> None:
    assert set(Recipe.model_validate(shapes.recipe(shape)).artifacts) == set(shapes.VARIANTS)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> str:
    """A shape of the same kind that is written in a second."""
    family, sizes = shapes.SHAPES["qwen2-0.5b"]
    less: dict[str, Any] = {"vocab_size": 1_000, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
                            "num_attention_heads": 4}  # fmt: skip
    monkeypatch.setitem(shapes.SHAPES, "small", (family, sizes | less))
    return "small"


def test_a_model_has_a_token_for_each_embedding_and_writes_what_it_reads(small: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shapes.write_model(tmp_path / small, small)
    assert len(AutoTokenizer.from_pretrained(tmp_path / small)) == 1_000
    model = AutoModelForCausalLM.from_pretrained(tmp_path / small)
    ids = AutoTokenizer.from_pretrained(tmp_path / small)("one two three", return_tensors="pt")["input_ids"]
    assert model(ids).logits.argmax(-1).tolist() == ids.tolist()


@pytest.mark.parametrize("shape", shapes.SHAPES)
def test_its_tokenizer_reads_as_that_of_its_family_in_transformers(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which every build of it makes sure of, at the full size of the vocabulary too."""
    from tokenizers import Tokenizer
    from transformers import AutoConfig

    from zoosmith.toolkit.torch import tokenizer_facts

    family, sizes = shapes.SHAPES[shape]
    less = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4}
    monkeypatch.setitem(shapes.SHAPES, shape, (family, sizes | less | {"num_key_value_heads": 2}))
    shapes.write_model(tmp_path / shape, shape)
    tokenizer = Tokenizer.from_file(str(tmp_path / shape / "tokenizer.json"))
    tokenizer_facts.check(tokenizer, tmp_path / shape, AutoConfig.from_pretrained(tmp_path / shape), special=False)


def test_a_turn_opens_the_artifact_and_times_its_tokens(small: str, tmp_path: Path) -> None:
    shapes.write_model(tmp_path / small, small)
    about = {"format": "torch", "precision": "bf16", "task": {"kind": "text-generation", "inputs": ["text"]}}
    (tmp_path / small / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    found = answer({"folder": str(tmp_path / small), "project": str(tmp_path), "threads": 1, "prompt": 4, "steps": 3})
    assert 0 < found["ms"] < 60_000
    assert 50 < found["memory_mb"] < 24_000


def test_a_ratio_is_to_fp32_of_the_same_round() -> None:
    took = {"fp32": [10.0, 20.0], "q8_0": [5.0, 10.0], "bnb-int8": [20.0, 40.0]}
    found = figures(took, {name: [100.0, 90.0] for name in took})
    assert found["q8_0"]["times_fp32"]["value"] == 2.0
    assert found["fp32"] == {"ms_per_token": 15.0, "peak_mb": 100}
    assert slower({"s": {"threads": {1: found}}}) == ["s, 1 threads: bnb-int8 is 0.5 times as fast as FP32"]
