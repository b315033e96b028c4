"""Inside a measured process: the profiler's trace of one answer, with a range around each layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.bench.residency import LAYER
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.predictor import Predictor


def record(predictor: Predictor, value: Any, device: str, file: Path) -> None:
    """Write the Chrome trace of one `predict` on `device` to `file`.

    Raises ZooError for a session without a torch `model`: what it does on a device cannot be seen then.
    """
    import torch
    from torch.profiler import ProfilerActivity, profile

    model = getattr(predictor.session, "model", None)
    if not isinstance(model, torch.nn.Module):
        raise ZooError(f"a {predictor.manifest.format} artifact on {device}: its layers cannot be traced")
    predictor.predict([value])  # the first answer compiles kernels and fills caches
    activities = [ProfilerActivity.CPU] + ([] if device == "cpu" else [ProfilerActivity.CUDA])
    hooks = [hook for name, module in model.named_modules() for hook in _ranges(module, name or "model")]
    try:
        with profile(activities=activities) as profiler:
            predictor.predict([value])
            if device != "cpu":
                torch.cuda.synchronize(device)
    finally:
        for hook in hooks:
            hook.remove()
    profiler.export_chrome_trace(str(file))


def _ranges(module: Any, name: str) -> tuple[Any, Any]:
    """Hooks that open a range before a module's forward and close it after."""
    from torch.profiler import record_function

    opened: list[Any] = []

    def enter(*_: Any) -> None:
        opened.append(record_function(f"{LAYER}{name}"))
        opened[-1].__enter__()

    def leave(*_: Any) -> None:
        opened.pop().__exit__(None, None, None)

    return module.register_forward_pre_hook(enter), module.register_forward_hook(leave)
