"""Where an artifact's work really ran, read from a profiler trace of one answer.

The trace is the Chrome trace JSON that `torch.profiler` exports (PyTorch Kineto; "Trace Event Format" for `ph`,
`ts`, `dur` in microseconds). What matters of it, by `cat`: "cpu_op" is an operator as it was called,
"cuda_runtime" and "cuda_driver" its kernel launches on the same thread, "kernel" what the device ran, tied to
the launch by `args.correlation`; "user_annotation" our own range around each layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from zoosmith.contract.errors import ZooError

LAYER = "layer:"
LAUNCHES = ("cuda_runtime", "cuda_driver")
IDLE = 0.001  # a fast GPU takes 0.6 % of an answer of a tiny model; the rest is Python under a profiler
NAMED = 8

# Operators that compute, and so launch a kernel wherever a device has the work; views and allocations do not.
WORK = frozenset(
    f"aten::{name}"
    for name in (
        "mm", "addmm", "bmm", "baddbmm", "addmv", "embedding", "index_select", "native_layer_norm", "_softmax", "gelu",
        "relu", "silu", "tanh", "sigmoid", "convolution", "rms_norm", "cumsum",
    )
)  # fmt: skip
WORK_PREFIXES = ("aten::_scaled_dot_product_", "aten::_fused_", "quantized::", "bitsandbytes::")

Event = Mapping[str, Any]


class Layer(NamedTuple):
    """A module by its dotted name: kernels that it launched, their microseconds, operators that ran on the CPU."""

    name: str
    kernels: int
    device_us: float
    on_cpu: tuple[str, ...]


class Residency(NamedTuple):
    """Layers that worked, in the order of their first work; the share of the trace that the device was at work."""

    layers: tuple[Layer, ...]
    busy: float


def residency(trace: Mapping[str, Any]) -> Residency:
    """Which layer's work ran where. Layers are ranges named "layer:NAME"; the innermost gets the work."""
    events = [event for event in trace["traceEvents"] if event.get("ph") == "X"]
    ranges = [event for event in events if event["cat"] == "user_annotation" and event["name"].startswith(LAYER)]
    kernels = {event["args"]["correlation"]: event for event in events if event["cat"] == "kernel"}
    launches = [e for e in events if e["cat"] in LAUNCHES and e.get("args", {}).get("correlation") in kernels]
    found: dict[str, Layer] = {}
    for operator in filter(_works, events):
        if not any(_within(launch, operator) for launch in launches):
            layer = _layer(operator, ranges, found)
            found[layer.name] = layer._replace(on_cpu=(*layer.on_cpu, operator["name"]))
    for launch in launches:
        layer, took = _layer(launch, ranges, found), kernels[launch["args"]["correlation"]]["dur"]
        found[layer.name] = layer._replace(kernels=layer.kernels + 1, device_us=layer.device_us + took)
    first = {event["name"].removeprefix(LAYER): event["ts"] for event in reversed(ranges)}
    ordered = sorted(found.values(), key=lambda layer: first.get(layer.name, 0.0))
    return Residency(tuple(ordered), _busy(kernels.values(), [*ranges, *kernels.values()]))


def check(device: str, found: Residency, before: int, vram: Mapping[str, int]) -> None:
    """Raise ZooError where `device` was asked for and did not do the work.

    before: MiB of the device in use before the artifact was opened; vram: its `load`, `peak` and `growth` in MiB.
    """
    strays = [layer for layer in found.layers if layer.on_cpu]
    if strays:
        listed = [f"{layer.name} ({', '.join(sorted(set(layer.on_cpu)))})" for layer in strays[:NAMED]]
        more = f" and {len(strays) - NAMED} more" if len(strays) > NAMED else ""
        raise ZooError(f"measured on {device}, but these layers ran on the CPU: {'; '.join(listed)}{more}")
    names = ", ".join(layer.name for layer in found.layers[:NAMED]) or "none was seen at work"
    if found.busy < IDLE:
        raise ZooError(f"measured on {device}, but it was idle: at work {found.busy:.2%} of an answer; layers: {names}")
    loaded, growth = vram["load"] - before, vram["growth"]
    if loaded <= 0 or growth < 0:
        raise ZooError(
            f"measured on {device}, but its memory does not show it: {loaded:+d} MiB by loading, {growth:+d} MiB by "
            f"answering; layers: {names}"
        )


def _works(event: Event) -> bool:
    return event["cat"] == "cpu_op" and (event["name"] in WORK or event["name"].startswith(WORK_PREFIXES))


def _within(inner: Event, outer: Event) -> bool:
    """Whether an event starts inside another one of the same thread."""
    same = (inner["pid"], inner["tid"]) == (outer["pid"], outer["tid"])
    return bool(same and outer["ts"] <= inner["ts"] <= outer["ts"] + outer["dur"])


def _layer(event: Event, ranges: Sequence[Event], found: Mapping[str, Layer]) -> Layer:
    around = [one for one in ranges if _within(event, one)]
    name = min(around, key=lambda one: one["dur"])["name"].removeprefix(LAYER) if around else "outside the model"
    return found.get(name, Layer(name, 0, 0.0, ()))


def _busy(kernels: Iterable[Event], all_: Sequence[Event]) -> float:
    """Kernel time over the time from the first event to the end of the last; kernels of one stream do not overlap."""
    if not all_:
        return 0.0
    span = max(event["ts"] + event["dur"] for event in all_) - min(event["ts"] for event in all_)
    return float(sum(kernel["dur"] for kernel in kernels) / span) if span else 0.0
