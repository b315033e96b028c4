"""What is imported ahead."""

from __future__ import annotations

from zoosmith.toolkit.torch.imports import modules_of


def test_packages_that_nobody_knows_are_left_out() -> None:
    assert modules_of(("torch", "tensorflow", "transformers")) == ["torch", "transformers.modeling_utils"]
    assert modules_of(("tensorflow",)) == []
