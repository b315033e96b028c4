"""What a training is made of between two steps, written to `job.scratch` and read again after a kill."""

from __future__ import annotations

import resource
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


@dataclass
class State:
    """Where a training is. Everything but the tensors fits into the checkpoint as plain numbers.

    `seconds` and `peak_mb` add up over interruptions.
    """

    epoch: int = 0
    batch: int = 0
    best: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0
    peak_mb: int = 0
    losses: list[float] = field(default_factory=list)
    dev: list[float] = field(default_factory=list)


class OptimizerState(NamedTuple):
    """What changes beside the weights: optimizer, schedule of its rate, scaler of its gradients."""

    optimizer: Any
    schedule: Any
    scaler: Any


def weights(model: Any) -> dict[str, Any]:
    """What training changes: trainable parameters and buffers. Frozen bases, quantised ones too, are not copied."""
    trainable = {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}
    return trainable | dict(model.named_buffers())


def restore(model: Any, file: Path) -> None:
    """Put `weights` that were written to `file` back in place."""
    import torch

    _put(model, torch.load(file, weights_only=True, map_location="cpu"))


def _put(model: Any, saved: dict[str, Any]) -> None:
    for name, value in weights(model).items():
        value.copy_(saved[name])


def write(path: Path, value: Any) -> None:
    """Write with torch.save, then rename."""
    import torch

    temporary = path.with_suffix(".tmp")
    torch.save(value, temporary)
    temporary.replace(path)


def save(scratch: Path, state: State, model: Any, moving: OptimizerState) -> None:
    """Write everything that the next step depends on, and the random state."""
    import torch

    write(
        scratch / "checkpoint.pt",
        {
            "state": asdict(state),
            "model": weights(model),
            "moving": [part.state_dict() for part in moving],
            "random": [torch.get_rng_state(), *torch.cuda.get_rng_state_all()],
        },
    )


def resume(scratch: Path, model: Any, moving: OptimizerState) -> State:
    """The state of an interrupted run of the same action, or a new one."""
    import torch

    file = scratch / "checkpoint.pt"
    if not file.is_file():
        return State()
    saved = torch.load(file, weights_only=True, map_location="cpu")
    _put(model, saved["model"])
    for part, state in zip(moving, saved["moving"], strict=True):
        part.load_state_dict(state)
    host, *devices = saved["random"]
    torch.set_rng_state(host)
    torch.cuda.set_rng_state_all(devices)
    return State(**saved["state"])


def peak_memory_mb(device: str) -> int:
    """Most MiB taken so far: allocated on the GPU, or resident in this process. Source: getrusage(2)."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated(device)) // 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
