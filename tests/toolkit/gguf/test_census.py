"""Counts of types, real bits per weight, and which weights did not get the type that was asked for."""

from __future__ import annotations

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import census
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.gguf.types import TENSOR_TYPES


def tensor(name: str, kind: str, *shape: int) -> Tensor:
    stored, weights = TENSOR_TYPES[kind], 1
    for size in shape:
        weights *= size
    return Tensor(name, kind, shape, 0, weights // stored.block * stored.size)


def block(number: int, **kinds: str) -> list[Tensor]:
    return [tensor(f"blk.{number}.{name}.weight", kind, 256, 256) for name, kind in kinds.items()]


def test_bits_are_of_all_bytes_and_types_come_by_weights() -> None:
    found = census.census([tensor("a.weight", "Q4_0", 256, 256), tensor("b.weight", "F32", 256), tensor("c", "F32", 1)])
    assert found["tensors"] == {"Q4_0": 1, "F32": 2}
    assert found["weights"] == {"Q4_0": 65536, "F32": 257}
    assert list(found["weights"]) == ["Q4_0", "F32"]
    assert found["bits_per_weight"] == round((65536 * 4.5 + 257 * 32) / (65536 + 257), 3)


def test_wider_types_of_a_mix_are_no_fallback() -> None:
    mixed = block(0, attn_q="Q4_K", attn_v="Q6_K", ffn_down="Q6_K", ffn_up="Q4_K")
    around = [tensor("token_embd.weight", "Q8_0", 576, 100), tensor("output.weight", "Q6_K", 256, 100)]
    assert census.refuse_fallback(mixed + around, "q4_k_m") is None
    assert census.fallback(mixed + around, "q4_k_m").meant == 4 * 65536


def test_embedding_norms_and_routers_are_not_counted() -> None:
    aside = [
        tensor("token_embd.weight", "F16", 576, 100),
        tensor("blk.0.attn_norm.weight", "F32", 256, 2),
        tensor("blk.0.ffn_gate_inp.weight", "F32", 256, 8),
        tensor("blk.0.attn_q.bias", "F32", 256),
    ]
    assert census.matrices(aside) == []
    assert census.fallback(aside, "q4_k_m") == census.Fallback(0, 0, {})
    assert census.refuse_fallback(aside, "q4_k_m") is None


def test_a_tenth_is_the_limit() -> None:
    ten = [tensor(f"blk.{i}.attn_q.weight", "Q4_K", 256, 256) for i in range(9)]
    one = tensor("blk.9.attn_q.weight", "Q5_0", 256, 256)
    assert census.refuse_fallback([*ten, one], "q4_k_m") == {"share": 0.1, "got": {"Q5_0": 65536}}
    larger = tensor("blk.9.attn_q.weight", "Q5_0", 288, 256)
    with pytest.raises(BuildError, match=r"11% of the weights became Q5_0, for rows of 288 .* block of 256"):
        census.refuse_fallback([*ten, larger], "q4_k_m")


def test_half_precision_for_a_quantised_type_is_a_fallback() -> None:
    with pytest.raises(
        BuildError, match="100% of the weights became F16, for rows of 100 are no multiple of Q8_0's block of 32"
    ):
        census.refuse_fallback([tensor("blk.0.attn_q.weight", "F16", 100, 100)], "q8_0")


def test_a_type_that_no_matrix_has_was_not_got() -> None:
    with pytest.raises(BuildError, match="mxfp4_moe would be its name alone: 100% of the weights became Q8_0; take"):
        census.refuse_fallback(block(0, attn_q="Q8_0", ffn_up="Q8_0"), "mxfp4_moe")
    experts = block(0, ffn_up_exps="MXFP4", ffn_down_exps="MXFP4", attn_q="Q8_0")
    assert census.refuse_fallback(experts, "mxfp4_moe") is None


def test_a_pattern_changes_what_was_meant() -> None:
    mixed = block(0, attn_q="Q8_0", ffn_up="Q4_K")
    assert census.fallback(mixed, "q4_k_m").share == 0.5
    assert census.fallback(mixed, "q4_k_m", {"attn_": "q8_0"}).share == 0
    assert census.fallback(mixed, "q4_k_m", {"ffn": "q6_k", "attn_": "q8_0"}).share == 0.5
