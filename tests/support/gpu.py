"""Whether this machine has a GPU that PyTorch can use."""

from __future__ import annotations


def gpus() -> int:
    """How many there are."""
    import torch

    return int(torch.cuda.device_count())
