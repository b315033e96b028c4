"""Parity with a parent that computes in half precision asks no more than that precision allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.build.parity import with_parent
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.output import Tolerance

STRICT, LOOSE = Tolerance(0.99, mean_kl=1e-4), Tolerance(0.3, mean_kl=1.5)


def parent(precision: str, format: str = "torch") -> Parent:
    return Parent(Path("x"), Manifest(format=format, precision=precision), "0" * 64)


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("fp32", STRICT), ("bf16", Tolerance(0.95, mean_kl=0.01)), ("fp16", Tolerance(0.98, mean_kl=0.001))],
)
def test_a_strict_claim_is_held_as_far_as_the_parent_can_tell(precision: str, expected: Tolerance) -> None:
    assert with_parent(STRICT, parent(precision)) == expected


def test_a_loose_claim_stays() -> None:
    assert with_parent(LOOSE, parent("bf16")) == LOOSE
    assert with_parent(None, parent("bf16")) is None
    assert with_parent(STRICT, None) == STRICT


def test_half_precision_files_of_llama_cpp_compute_as_their_children_do() -> None:
    assert with_parent(STRICT, parent("fp16", "gguf")) == STRICT


def test_claims_of_class_logits_are_not_touched() -> None:
    claimed = Tolerance(1.0, max_abs_logit_diff=1e-3)
    assert with_parent(claimed, parent("bf16")) == claimed
