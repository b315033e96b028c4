"""AdamW with warm-up and linear decay, and the scaler that FP16 needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoosmith.contract.job import Job
from zoosmith.toolkit.training.training_state import OptimizerState

if TYPE_CHECKING:
    from zoosmith.toolkit.training.train import Hyperparameters


def moving(job: Job, model: Any, hyper: Hyperparameters, steps: int) -> OptimizerState:
    """Optimizer, schedule and scaler of a training of `steps` steps."""
    import torch

    optimizer = _optimizer(model, hyper)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _linear(step, steps, hyper.warmup))
    scaler = torch.amp.GradScaler(torch.device(job.device).type, enabled=hyper.autocast == "fp16")
    return OptimizerState(optimizer, schedule, scaler)


def _optimizer(model: Any, hyper: Hyperparameters) -> Any:
    import torch

    prefix = f"{model.base_model_prefix}."
    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays, head = parameter.ndim > 1, not name.startswith(prefix)
            groups.setdefault((decays, head), []).append(parameter)
    rates = {False: hyper.learning_rate, True: hyper.head_learning_rate or hyper.learning_rate}
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rates[head], "weight_decay": hyper.weight_decay if decays else 0.0}
            for (decays, head), parameters in groups.items()
        ],
        fused=True,
    )


def _linear(step: int, steps: int, warmup: float) -> float:
    rising = max(1, int(steps * warmup))
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))
