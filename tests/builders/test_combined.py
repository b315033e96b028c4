"""Several techniques at once: each is applied, each is said, and it answers as its parts one after another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from builders import combined
from tests.builders.test_language_contract import logprobs, opened
from tests.support import causal, gguf
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.output import accepts_of, output_of
from zoosmith.toolkit.quantization import activations, bnb

WIDTHS = {"early": 1, "late": 1, "compute_dtype": "fp32"}
TEXT = " ".join(causal.SENTENCES[:4])


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    return gguf.parent(causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64, layers=4), "torch")


def test_all_three_are_applied_and_said(parent: Parent, tmp_path: Path) -> None:
    made = gguf.build("combined", tmp_path, params={"layerwise": WIDTHS}, source=parent)
    assert set(json.loads((made.out / "techniques.json").read_text())) == {"schema", "int8", "activations", "trim"}
    assert made.facts["rounded_layers"] == 4 * 7
    assert [word in " ".join(made.facts["remarks"]) for word in ("fake", "rounded", "never read")] == [True] * 3
    again = opened(made, "combined")
    assert again.loglikelihood([(TEXT, " one two")]) == made.session.loglikelihood([(TEXT, " one two")])
    assert again.told == made.session.told
    assert sum(bool(module._forward_pre_hooks) for module in again.model.modules()) == 4 * 7
    kinds = [type(again.model.model.layers[layer].mlp.up_proj).__name__ for layer in range(4)]
    assert kinds == ["Linear8bitLt", "Linear4bit", "Linear4bit", "Linear"]


def test_two_without_trimming_answer_as_one_after_the_other(parent: Parent, tmp_path: Path) -> None:
    """layerwise, then rounding put on the model that it gives."""
    made = gguf.build("combined", tmp_path / "both", params={"layerwise": WIDTHS, "trim": None}, source=parent)
    first = gguf.build("layerwise", tmp_path / "first", params=WIDTHS, source=parent)
    activations.attach(first.session.model, activations.Activations())
    for mine, theirs in zip(logprobs(made.session), logprobs(first.session), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_quantised_parent_keeps_its_weights(parent: Parent, tmp_path: Path) -> None:
    kept = gguf.build("selective", tmp_path / "nf4", params={"keep": [0], "compute_dtype": "fp32"}, source=parent)
    made = gguf.build("combined", tmp_path / "made", params={"layerwise": None}, source=gguf.parent(kept.out, "bnb"))
    assert (made.out / "model.safetensors").read_bytes() == (kept.out / "model.safetensors").read_bytes()
    assert made.facts["parameters"] == bnb.parameters(made.session.model) == kept.facts["parameters"]
    assert "int8" not in json.loads((made.out / "techniques.json").read_text())


@pytest.mark.parametrize(
    ("given", "format", "precision", "takes"),
    [
        ({}, "trimmed", "mixed", ("torch",)),
        ({"trim": None}, "techniques", "mixed", ("torch",)),
        ({"layerwise": None}, "trimmed", "a8", ("torch", "bnb")),
        ({"activations": None}, "trimmed", "mixed", ("torch",)),
    ],
)
def test_format_and_parents_follow_what_is_put_together(
    given: dict[str, Any], format: str, precision: str, takes: tuple[str, ...]
) -> None:
    params = combined.Params(**given)
    assert output_of(combined, params)[:2] == (format, precision)
    assert accepts_of(combined, params) == {"from": takes}
    assert Manifest(format=format, precision=precision).format == format


@pytest.mark.parametrize("given", [{"trim": None, "activations": None}, {"layerwise": None, "trim": None}])
def test_one_alone_is_no_combination(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="use the builder of one by itself"):
        combined.Params(**given)
