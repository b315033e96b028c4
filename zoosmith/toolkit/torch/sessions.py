"""A transformers model as the session that its architecture answers with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.contract.session import Session
from zoosmith.toolkit.torch.forward import TorchForward

CAUSAL = "AutoModelForCausalLM"


def is_causal(architecture: str) -> bool:
    """Whether a transformers class is a causal language model, by the name that config.json gives."""
    return architecture.endswith("ForCausalLM")


def session(model: Any, folder: Path, device: str = "cpu") -> Session:
    """Of a causal language model with the tokenizer in `folder`; else of a classifier."""
    if is_causal(type(model).__name__):
        from zoosmith.toolkit.causal.torch_session import TorchCausal

        return TorchCausal(model, folder, device)
    return TorchForward(model, device)
