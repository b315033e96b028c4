"""The part of studies.md about language models on a GPU: study C beside the same shapes, out of results/gpu.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._gpu_case import QLORA
from benchmarks._gpu_shapes import SHAPES, TRAINED
from benchmarks._gpu_weights import KINDS as OURS
from benchmarks._published_language import KINDS, LATENCY, MEMORY, MODELS, Model
from benchmarks._study_gpu import FILE
from benchmarks._study_text import recorded, versions, wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import milliseconds

NOTE = """\
Written by `benchmarks/gpu.py` on shapes with random weights, which cost what the published ones cost and answer
nothing. Milliseconds are of ten new tokens after a prompt of 128, greedy, at batch 1, behind them the fastest and the
slowest of the answers; the study's are of its own prompts. Memory is what torch holds on the device, GB of 10^9 bytes:
after load, and at the peak while it answers."""
HEAD = ["shape", "type", "ms, published", "ms, ours", "GB, published", "GB after load, ours", "GB at the peak, ours"]


def section(root: Path) -> Iterator[str]:
    """Heading, remarks and tables; nothing where no GPU has measured language models of full size."""
    told = (recorded(root / FILE) or {}).get("language")
    if told is None or told["tiny"]:
        return
    yield "## Study C on a GPU: the shapes of four of its models\n"
    yield wrapped(NOTE) + "\n"
    yield f"Ours: {told['host']['gpu']}, {told['host']['cores']} cores, {versions(told['packages'])}.\n"
    yield markdown_table([HEAD, *(row for name in SHAPES for row in _shape(name, told["cases"]))]) + "\n"
    yield markdown_table([*_claims(told["against_fp16"])]) + "\n"
    yield from _training(told["cases"].get(f"{TRAINED}/{QLORA}", {}))


def _shape(name: str, cases: dict[str, Any]) -> Iterator[list[str]]:
    model = next(model for model in MODELS if model.name == SHAPES[name].published)
    for i, kind in enumerate(OURS):
        ms, memory = _published(model, i)
        mine = _ours(cases.get(f"{name}/{kind}", {"failed": "not run"}))
        yield ["" if i else model.name, KINDS[i], ms, mine[0], memory, *mine[1:]]


def _published(model: Model, i: int) -> tuple[str, str]:
    """Milliseconds of the first set that has any, and GB."""
    return next(iter(model.ms.values()))[i], model.memory_gb[i]


def _ours(case: dict[str, Any]) -> list[str]:
    if "failed" in case:
        return [case["failed"].replace("|", "/"), "", ""]
    ms = case["ms_of_ten_tokens"]
    span = f"{milliseconds(ms['median'])} ({milliseconds(ms['low'])} to {milliseconds(ms['high'])})"
    return [span, *(gigabytes(case["memory_mb"][field]) for field in ("load", "peak"))]


def gigabytes(mb: int) -> str:
    """MiB in GB of 10^9 bytes."""
    return f"{mb * 2**20 / 1e9:.2f}"


def _claims(against: dict[str, dict[str, float]]) -> Iterator[list[str]]:
    names = [name for name in SHAPES if any(key.startswith(f"{name}/") for key in against)]
    yield ["claim, of FP16's", "published", *names]
    for label, kind in zip(KINDS[1:], OURS[1:], strict=True):
        each = [against.get(f"{name}/{kind}", {}) for name in names]
        saved = [f"{one['load_percent']:+.0f} %" if "load_percent" in one else "" for one in each]
        slower = [f"{one['times_as_long']:.2f} times" if one else "" for one in each]
        yield [f"memory of {label} after load", MEMORY[label][0], *saved]
        yield [f"time of ten tokens in {label}", LATENCY[label][0], *slower]


def _training(case: dict[str, Any]) -> Iterator[str]:
    if "step_ms" not in case:
        return
    held = ", ".join(f"{gigabytes(case['memory_mb'][field])} GB {when}" for field, when in
                     (("load", "after load"), ("peak", "at the peak")))  # fmt: skip
    yield (
        wrapped(
            f"QLoRA of the shape of {SHAPES[TRAINED].published}, {case['trainable'] / 1e6:.1f} M of "
            f"{case['weights'] / 1e9:.2f} G weights trained, {case['rows']} row of {case['tokens']} tokens, "
            f"activations computed again: {milliseconds(case['step_ms']['median'])} ms a step, {held}."
        )
        + "\n"
    )
