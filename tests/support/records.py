"""Small records of builds and measurements, with the figures that a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoosmith.records.answers import Answers, packed_answers
from zoosmith.records.host import Host
from zoosmith.records.schema import BuildRecord, Measurement

LABELS = ("negative", "positive")


def sha(mark: str) -> str:
    """64 hex digits that tell one tree from another: those of `mark`, repeated."""
    return (mark.encode().hex() * 64)[:64]


def host(id: str = "epyc-2c") -> Host:
    return Host(id=id, cpu="AMD EPYC", isa=("avx2", "avx512f"), cores=2, memory_gb=24, os="Debian 12", python="3.11.7")


def bounded(value: float, half: float = 0.02, n: int = 400) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "n": n}


def difference(value: float, half: float = 0.01) -> dict[str, Any]:
    return {"value": value, "low": value - half, "high": value + half, "p": None}


def quality(
    accuracy: float = 0.9,
    *,
    n: int = 400,
    data: str = "toy",
    labels: Sequence[str] = LABELS,
    half: float = 0.02,
    answers: Answers | None = None,
) -> dict[str, Any]:
    """Scores of an eval in which every class does equally well."""
    classes = len(labels)
    each = {"precision": accuracy, "recall": accuracy, "f1": accuracy, "support": n / classes}
    return {
        "kind": "text-classification",
        "data": data,
        "split": "eval",
        "examples_total": n,
        "metrics": {"accuracy": bounded(accuracy, half, n), "macro_f1": bounded(accuracy - 0.01, half, n)},
        "details": {
            "kind": "classes",
            "per_class": dict.fromkeys(labels, each),
            "confusion": [[n // classes if i == j else 0 for j in range(classes)] for i in range(classes)],
            "labels": list(labels),
            "answers": answers and answers.model_dump(),
        },
    }


def answered(true: Sequence[int], predicted: Sequence[int], labels: Sequence[str] = LABELS) -> Answers:
    """Answers to the texts 0, 1, 2 ..."""
    return packed_answers([(str(i),) for i in range(len(true))], true, predicted, tuple(labels))


def versus(drop: float = 0.004, *, half: float = 0.01, agreement: float = 0.98) -> dict[str, Any]:
    """A paired comparison in which accuracy and macro F1 of the eval `toy` fall by `drop`."""
    delta = {"accuracy": difference(-drop, half), "macro_f1": difference(-drop, half)}
    apart = {"value": 0.5, "n": 400, "unit": "", "better": "lower"}
    divergence = {"agreement": {"value": agreement, "n": 400}, "max_abs_logit_diff": apart}
    return {"toy": {"delta": delta, "divergence": divergence, "lost": 6, "won": 2}}


def measurement(name: str = "toy-onnx-int8", **changed: Any) -> Measurement:
    """A quarter of the size of `toy-fp32`, three times as fast; `changed` replaces top-level fields."""
    latency = {"p50": 2.0, "p95": 3.0, "p99": 4.0, "n": 100}
    body = {
        "name": name,
        "suite": "quick",
        "suite_version": 1,
        "tree_digest": sha(name),
        "reference": "toy-fp32",
        "reference_digest": sha("toy-fp32"),
        "measured": "2026-01-02",
        "host": host(),
        "threads": 1,
        "load_average": 0.5,
        "packages": {"onnxruntime": "1.31.1"},
        "quality": {"toy": quality()},
        "versus": versus(),
        "latency_ms": latency,
        "reference_latency_ms": latency | {"p50": 6.0},
        "speedup": bounded(3.0, 0.25, 12),
        "memory_mb": {"load": 90, "peak": 110, "growth": 20},
        "size_own": 25_000_000,
        "size_total": 25_000_000,
        "reference_size_total": 100_000_000,
    }
    return Measurement.model_validate(body | changed)


def reference(**changed: Any) -> Measurement:
    """What was measured of the reference itself: nothing to compare with."""
    alone = {"versus": None, "reference_latency_ms": None, "speedup": None}
    return measurement("toy-fp32", size_own=100_000_000, size_total=100_000_000, **alone, **changed)


def build(name: str = "toy-onnx-int8", **changed: Any) -> BuildRecord:
    """How `name` of the recipe `toy` was made; its tree is that of `measurement(name)`."""
    body = {
        "name": name,
        "recipe": "toy",
        "artifact": name.removeprefix("toy-"),
        "builder": "onnx_int8",
        "params": {"per_channel": True},
        "seed": 42,
        "format": "onnx",
        "precision": "int8",
        "task": "text-classification",
        "labels": LABELS,
        "max_length": 32,
        "inputs": ("text",),
        "license": "apache-2.0",
        "tree_digest": sha(name),
        "action_key": sha(f"key of {name}"),
        "files": [{"path": "model.onnx", "size": 25_000_000, "sha256": sha("model")}],
        "parents": {"from": {"name": "toy/onnx-fp32", "digest": sha("toy-onnx-fp32")}},
        "bases": [{"name": "toy/encoder", "repo": "org/encoder", "revision": "c" * 40, "tree_digest": sha("encoder")}],
        "datasets": ["org/toy"],
        "packages": {"onnx": "1.23.2", "onnxruntime": "1.31.1"},
    }
    return BuildRecord.model_validate(body | changed)


def profile() -> dict[str, Any]:
    """What suite `full` measures beside the rest: latency grows with the tokens, throughput with the batch."""
    return {
        "by_length": [{"tokens": t, "p50": t / 8, "p95": t / 6, "n": 50} for t in (4, 8, 16)],
        "by_batch": [{"batch": b, "per_second": 400 + 50 * b, "n": 50} for b in (1, 2, 4)],
        "by_callers": [{"callers": c, "per_second": 400.5, "p95": 3.0 * c, "n": 50} for c in (1, 2)],
        "cold_start_ms": {"imports": 301.5, "load": 80.25, "first": 5.5, "n": 5},
        "weights": {"parameters": 1234567, "nonzero": 1234000, "multiply_adds": 340_000_000, "tokens": 16},
    }
