"""What is measured on the checkpoint is what llama.cpp's file shows, and nothing is left changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.support import causal, gguf
from zoosmith.tasks._language.scoring import divergence
from zoosmith.toolkit.gguf import header, imatrix, placement, quantize
from zoosmith.toolkit.gguf.session import GgufCausal
from zoosmith.toolkit.mixed import matrices
from zoosmith.toolkit.mixed.passes import _Moments
from zoosmith.toolkit.mixed.sensitivity import Sensitivity

TEXTS = [[1, 5, 9, 40, 77, 200, 311, 12], [3, 17, 256, 99, 31]]


def ready(checkpoint: Path, file: Path) -> tuple[Sensitivity, Any]:
    model = imatrix.load(checkpoint)
    names = matrices.modules(model, file, header.read(file).tensors)
    sums = imatrix.measured(model, TEXTS, matrices.linear(model, names))
    return Sensitivity(model, TEXTS, names, imatrix.means(sums)), model


@pytest.fixture(scope="module")
def tied(llama: Path, llama_f16: Path) -> tuple[Sensitivity, Any]:
    return ready(llama, llama_f16)


def test_every_matrix_has_its_module(tied: tuple[Sensitivity, Any], llama_f16: Path) -> None:
    _, model = tied
    names = matrices.modules(model, llama_f16, header.read(llama_f16).tensors)
    assert set(names.values()) == {one.name for one in placement.matrices(header.read(llama_f16).tensors)}
    assert names["lm_head"] == "token_embd.weight"


@pytest.mark.parametrize("types", [
    {"blk.0.attn_q.weight": "q4_0"}, {"blk.1.ffn_down.weight": "q4_k"}, {"blk.1.attn_v.weight": "iq4_nl"},
    {"token_embd.weight": "q5_1"}, {"blk.0.ffn_up.weight": "q3_k", "blk.1.attn_k.weight": "q8_0"},
])  # fmt: skip
def test_it_is_what_the_file_shows(
    tied: tuple[Sensitivity, Any], llama_f16: Path, tmp_path: Path, types: dict[str, str]
) -> None:
    sensitivity, _ = tied
    file, rest = tmp_path / "q.gguf", {one.name: "f16" for one in placement.matrices(header.read(llama_f16).tensors)}
    quantize.quantize(
        llama_f16, file, "q8_0", imatrix=sensitivity.importance, tensor_types=placement.patterns(rest | types)
    )
    whole, changed = GgufCausal(llama_f16, kv_type="f32"), GgufCausal(file, kv_type="f32")
    pairs = zip(whole.next_logprobs(TEXTS), changed.next_logprobs(TEXTS), strict=True)
    shown = float(np.concatenate([divergence(one, other) for one, other in pairs]).mean())
    assert sensitivity.divergence(types) == pytest.approx(shown, rel=0.05)


def test_fewer_bits_lose_more_and_none_nothing(tied: tuple[Sensitivity, Any]) -> None:
    sensitivity, _ = tied
    found = [sensitivity.divergence({"blk.0.ffn_gate.weight": kind}) for kind in ("q8_0", "q5_0", "q4_0", "q2_k")]
    assert found == sorted(found) and found[0] > 0
    assert sensitivity.divergence({}) == 0


def test_layers_that_are_skipped_change_nothing(tied: tuple[Sensitivity, Any]) -> None:
    sensitivity, _ = tied
    types = {"blk.1.attn_output.weight": "q4_0"}
    skipped, first = sensitivity.divergence(types), sensitivity._first["blk.1.attn_output.weight"]
    assert first == 1
    sensitivity._first["blk.1.attn_output.weight"] = 0
    try:
        assert sensitivity.divergence(types) == pytest.approx(skipped, rel=1e-5)
    finally:
        sensitivity._first["blk.1.attn_output.weight"] = first


def test_the_model_is_left_as_it_was(tied: tuple[Sensitivity, Any]) -> None:
    sensitivity, model = tied
    before = {name: value.clone() for name, value in model.state_dict().items()}
    expected = model(input_ids=torch.tensor([TEXTS[0]])).logits
    sensitivity.divergence({"token_embd.weight": "q4_0", "blk.1.ffn_down.weight": "q4_0"})
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(model(input_ids=torch.tensor([TEXTS[0]])).logits, expected)


def test_an_output_layer_of_its_own_counts_after_all_layers(tmp_path: Path) -> None:
    checkpoint = causal.tiny_llama(tmp_path / "llama", tied=False)
    sensitivity, _ = ready(checkpoint, gguf.converted(checkpoint, tmp_path / "f16.gguf"))
    assert (sensitivity._first["token_embd.weight"], sensitivity._first["output.weight"]) == (0, 2)
    assert sensitivity.divergence({"output.weight": "q4_0"}) > sensitivity.divergence({"output.weight": "q8_0"}) > 0
    assert "token_embd.weight" not in sensitivity.importance and "output.weight" in sensitivity.importance


@pytest.fixture(scope="module")
def compensating(llama: Path, llama_f16: Path) -> Sensitivity:
    model = imatrix.load(llama)
    names = matrices.modules(model, llama_f16, header.read(llama_f16).tensors)
    return Sensitivity(model, TEXTS, names, {}, compensate=True)


def test_what_makes_up_for_its_errors_loses_less(compensating: Sensitivity, tied: tuple[Sensitivity, Any]) -> None:
    for name in ("blk.0.ffn_up.weight", "blk.1.ffn_down.weight"):
        assert compensating.divergence({name: "q4_0"}) < 0.9 * tied[0].divergence({name: "q4_0"})
    assert not compensating.compensates("token_embd.weight", "q4_0")
    assert not compensating.compensates("blk.0.ffn_up.weight", "f16")


def test_moments_are_those_of_the_unchanged_model(compensating: Sensitivity, llama: Path) -> None:
    model, seen = imatrix.load(llama), []
    module = model.get_submodule("model.layers.1.mlp.down_proj")
    module.register_forward_pre_hook(lambda _, given: seen.append(given[0][0].double()))
    for ids in TEXTS:
        model(input_ids=torch.tensor([ids]))
    compensating.divergence(dict.fromkeys(compensating._first, "q4_0"))
    found = compensating._moments_of("blk.1.ffn_down.weight")
    np.testing.assert_allclose(found, sum(one.T @ one for one in seen).detach().numpy(), rtol=1e-4, atol=1e-4)


def test_modules_that_read_the_same_tensor_share_their_moments(compensating: Sensitivity) -> None:
    shared = [compensating._moments_of(f"blk.0.{name}.weight") for name in ("attn_q", "attn_k", "attn_v")]
    assert all(np.shares_memory(shared[0], one) for one in shared[1:])
    apart = compensating._moments_of("blk.0.attn_output.weight")
    assert apart.shape == shared[0].shape and not np.shares_memory(apart, shared[0])


def test_who_shares_a_tensor_in_one_text_shares_one_in_all() -> None:
    sums, one, other = _Moments(), torch.ones(1, 3), torch.ones(1, 3)
    for name in ("a", "b"):
        sums.adding(name)(None, (one,))
    assert np.shares_memory(*sums.by_name().values())
    sums.end_of_pass()
    with pytest.raises(ValueError, match="b shares its inputs with a in one text, and with b in another"):
        sums.adding("b")(None, (other,))
