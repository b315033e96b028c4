"""Small records of builds and measurements, with the figures that a test is about."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from zoosmith.records.answers import Answers, packed_answers, packed_details
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
    confusion: Sequence[Sequence[int]] | None = None,
) -> dict[str, Any]:
    """Scores of an eval in which every class does equally well."""
    classes = len(labels)
    right = [[n // classes if i == j else 0 for j in range(classes)] for i in range(classes)]
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
            "confusion": right if confusion is None else confusion,
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


def kl(value: float, half: float, n: int = 2000) -> dict[str, Any]:
    """A divergence in nats."""
    return bounded(value, half, n) | {"unit": "nats", "better": "lower", "n_unit": "tokens"}


def documents(nats: float = 3.737, documents: int = 40, seed: int = 0) -> dict[str, Any]:
    """The details of documents of uneven length, about `nats` a token."""
    generator = random.Random(seed)
    tokens = [generator.randrange(20, 200) for _ in range(documents)]
    scores = [nats * n + generator.gauss(0, 2) for n in tokens]
    outcomes = {"nats": scores, "tokens": tokens, "bytes": [4 * n for n in tokens]}
    found = packed_details({"kind": "documents", "outcomes": outcomes}, [[str(i)] for i in range(documents)])
    assert found is not None
    return found


def text_quality(perplexity: float = 42.3, **changed: Any) -> dict[str, Any]:
    """Scores of a language model."""
    of = {"better": "lower", "n_unit": "documents"}
    metrics = {
        "nats_per_token": bounded(math.log(perplexity), 0.05, 40) | of | {"unit": "nats"},
        "perplexity": bounded(perplexity, 2.0, 40) | of | {"unit": ""},
        "bits_per_byte": bounded(1.35, 0.02, 40) | of | {"unit": "bits/byte"},
    }
    about = {"kind": "perplexity", "data": "org/text", "split": "eval", "examples_total": 40}
    return about | {"metrics": metrics, "details": documents()} | changed


def text_versus(mean_kl: float = 0.0051, same_top1: float = 0.958, up: float = 0.33) -> dict[str, Any]:
    """A language model against its reference: perplexity rises by `up`."""
    delta = {
        "nats_per_token": difference(up / 42, 0.003),
        "perplexity": difference(up, 0.13),
        "bits_per_byte": difference(up / 200, 0.001),
    }
    divergence = {
        "mean_kl": kl(mean_kl, mean_kl / 10),
        "p99_kl": {"value": 16 * mean_kl, "n": 2000, "n_unit": "tokens", "unit": "nats", "better": "lower"},
        "max_kl": {"value": 90 * mean_kl, "n": 2000, "n_unit": "tokens", "unit": "nats", "better": "lower"},
        "same_top1": bounded(same_top1, 0.009, 2000) | {"n_unit": "tokens"},
    }
    return {"text": {"delta": delta, "divergence": divergence}}


def generation() -> dict[str, Any]:
    """How fast a language model answers."""
    milliseconds = {"p50": 9.2, "p95": 9.9, "p99": 11.0, "n": 512}
    return {
        "prompt_tokens": 32,
        "prompt_per_s": 355.2,
        "ttft_ms": milliseconds | {"p50": 90.0, "p95": 95.0, "n": 16},
        "token_ms": milliseconds,
        "per_s": 108.7,
        "by_context": [
            {"tokens": t, "prompt_per_s": 340.0, "per_s": 100.0, "memory_mb": 300, "n": 64} for t in (512, 2048)
        ],
        "by_threads": [{"threads": t, "prompt_per_s": 300.0 * t, "per_s": 99.5 * t, "n": 64} for t in (1, 2)],
        "kv_type": "f16",
    }


def language(name: str = "toy-q8-0", **changed: Any) -> Measurement:
    """A language model as GGUF against `toy-fp32`."""
    told = {"quality": {"text": text_quality()}, "versus": text_versus(), "latency_of": "token"}
    return measurement(name, **(told | {"generation": generation()} | changed))


def language_reference(**changed: Any) -> Measurement:
    """The reference of `language`."""
    alone = {"versus": None, "speedup": None, "reference_latency_ms": None, "generation": None}
    return language("toy-fp32", **(alone | {"quality": {"text": text_quality(41.97)}} | changed))


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
