"""Techniques on architectures other than Llama: biases, partial rotation, sliding windows, untied output matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.builders.test_language_contract import logprobs, opened
from tests.support import causal, gguf
from tests.toolkit.causal.test_trimmed_session import by_hand
from zoosmith.contract.job import Parent
from zoosmith.toolkit.causal.techniques import Trim

KINDS: dict[str, dict[str, Any]] = {
    "Qwen2": {"tie_word_embeddings": True},
    "Phi": {"num_key_value_heads": 4, "partial_rotary_factor": 0.5, "tie_word_embeddings": False},
    "Mistral": {"sliding_window": 8, "tie_word_embeddings": False},
}
WIDTHS = {"early": 1, "late": 1, "compute_dtype": "fp32"}
PARAMS: dict[str, dict[str, Any]] = {
    "act_quant": {},
    "layerwise": WIDTHS,
    "selective": {"keep": [1], "compute_dtype": "fp32"},
    "combined": {"layerwise": WIDTHS},
}
PROMPT = list(range(20, 60))
each_kind = pytest.mark.parametrize("kind", KINDS)


def write(folder: Path, kind: str) -> Path:
    """A tiny checkpoint with random weights, biases among them."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    causal.write_tokenizer(folder)
    config = getattr(transformers, f"{kind}Config")(
        **{"vocab_size": causal.VOCABULARY, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
           "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128, "bos_token_id": 1,
           "eos_token_id": 3, "pad_token_id": 0} | KINDS[kind]
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.mul_(4.0) if weight.dim() > 1 else weight.add_(0.05 if name.endswith("bias") else 0.0)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parent]:
    root = tmp_path_factory.mktemp("kinds")
    return {kind: gguf.parent(write(root / kind, kind), "torch") for kind in KINDS}


@each_kind
@pytest.mark.parametrize("builder", PARAMS)
def test_what_is_made_opens_as_it_was_near_its_parent(
    parents: dict[str, Parent], tmp_path: Path, kind: str, builder: str
) -> None:
    made = gguf.build(builder, tmp_path, params=PARAMS[builder], source=parents[kind])
    again = opened(made, builder)
    for mine, theirs in zip(logprobs(again), logprobs(made.session), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    if builder != "combined":  # which trims
        plain = opened(SimpleNamespace(out=parents[kind].path, facts={}), "from_gguf")
        for mine, theirs in zip(logprobs(again), logprobs(plain), strict=True):
            assert 0 < (np.exp(theirs) * (theirs - mine)).sum(axis=1).mean() < 0.5


@each_kind
def test_int8_layers_keep_their_biases(parents: dict[str, Parent], tmp_path: Path, kind: str) -> None:
    from safetensors.numpy import load_file

    made = gguf.build("layerwise", tmp_path, params=WIDTHS, source=parents[kind])
    whole, int8 = load_file(parents[kind].path / "model.safetensors"), load_file(made.out / "int8.safetensors")
    biases = [name for name in whole if name.startswith("model.layers.0.") and name.endswith("_proj.bias")]
    assert {name for name in int8 if name.endswith(".bias")} >= set(biases)
    assert bool(biases) == (kind != "Mistral")
    for name in biases:
        np.testing.assert_array_equal(int8[name], whole[name])


@each_kind
@pytest.mark.parametrize("positions", ["renumbered", "kept"])
def test_prompts_are_trimmed_as_by_hand(parents: dict[str, Parent], tmp_path: Path, kind: str, positions: Any) -> None:
    made = gguf.build("trim", tmp_path, params={"positions": positions}, source=parents[kind])
    session: Any = opened(made, "trim")
    (found,) = session.last_logprobs([PROMPT])
    wanted: Sequence[Any] = by_hand(session.model, PROMPT, [], Trim(positions=positions))
    if kind == "Mistral" and positions == "kept":
        assert np.isfinite(found).all()  # a window counts the tokens that are left, by hand those of the text
    else:
        np.testing.assert_allclose(found, wanted[0], atol=1e-4)
