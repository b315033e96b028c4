"""A torch model as a function: inputs that it takes, types that it gives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.support.job import Family
from zoosmith.toolkit.torch.forward import TorchForward

ENCODED = {
    "input_ids": np.array([[2, 5, 3], [2, 6, 3]]),
    "attention_mask": np.ones((2, 3), dtype=np.int64),
    "token_type_ids": np.zeros((2, 3), dtype=np.int64),
}


def test_torch_gets_only_what_its_forward_takes_and_is_in_evaluation_mode() -> None:
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(0.9)

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return SimpleNamespace(logits=self.dropout((input_ids * attention_mask).half()))

    logits = TorchForward(Model().train()).classify(ENCODED)
    assert logits.dtype == np.float32
    assert logits.tolist() == ENCODED["input_ids"].tolist()


def test_no_gradient_is_kept(family: Family) -> None:
    import torch

    made = family.made("checkpoint")
    made.session.classify(ENCODED)
    assert all(parameter.grad is None for parameter in made.model.parameters())
    assert torch.is_grad_enabled()
