"""Registries of any size, as the gallery shows them: families over a few tasks, with figures that make sense."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.support.records import bounded, difference, sha
from zoosmith.records.registry import Entry, Registry, Row, to_text

ROOT = Path(__file__).parents[2]
BASES = {
    "sentence-transformers/all-MiniLM-L6-v2": (91.3, 7.0),
    "distilbert/distilbert-base-uncased": (267.8, 18.0),
    "google-bert/bert-base-uncased": (438.0, 36.0),
    "intfloat/e5-small-v2": (133.5, 13.0),
    "org/encoder-large": (1340.2, 118.0),
}
TASKS = {
    "text-classification": ("sst2.accuracy", 0.91),
    "text-pair-classification": ("names.macro_f1", 0.93),
    "token-classification": ("ner.macro_f1", 0.88),
}
# artifact: format, weights, size, latency, quality against the reference
KINDS = {
    "fp32": ("torch", "fp32", 1.0, 1.0, 0.0),
    "torch-int8": ("torch_int8", "int8", 0.65, 0.33, -0.004),
    "onnx-fp32": ("onnx", "fp32", 1.0, 0.5, 0.0),
    "onnx-int8": ("onnx", "int8", 0.26, 0.14, -0.003),
    "bnb-nf4": ("bnb", "nf4", 0.45, 1.7, -0.008),
    "pruned-50": ("torch", "fp32", 0.62, 0.6, -0.02),
    "distilled": ("torch", "fp32", 0.5, 0.5, -0.012),
    "distilled-int8": ("onnx", "int8", 0.13, 0.07, -0.016),
}


def registry(artifacts: int = 500, hosts: tuple[str, ...] = ("epyc-2c-24g-0a1b2c",), seed: int = 0) -> Registry:
    """`artifacts` artifacts in families of eight; the second host and those after it measured every third family."""
    generator = random.Random(seed)
    found = {}
    for number in range(-(-artifacts // len(KINDS))):
        base, (size, speed) = generator.choice(list(BASES.items()))
        task, (metric, best) = generator.choice(list(TASKS.items()))
        recipe = f"{base.rpartition('/')[2].lower()}-{task.split('-')[0]}-{number:02}"
        best += generator.gauss(0, 0.012)
        here = [host for place, host in enumerate(hosts) if place == 0 or number % 3 == 0]
        for kind in KINDS:
            if len(found) < artifacts:
                row = _row(recipe, kind, base, task, metric, (size, speed, best), here, generator)
                found[f"{recipe}-{kind}"] = Entry(latest=1, versions={"1": row})
    return Registry(artifacts=found)


def _row(
    recipe: str, kind: str, base: str, task: str, metric: str, about: tuple[float, float, float],
    hosts: list[str], generator: random.Random,
) -> Row:  # fmt: skip
    size, speed, best = about
    format, weights, part, share, loss = KINDS[kind]
    bytes_ = int(size * part * generator.uniform(0.97, 1.03) * 1e6)
    results = []
    for place, host in enumerate(hosts):
        p50 = round(speed * share * generator.uniform(0.9, 1.1) * (1 + place), 3)
        quality = round(best + loss + generator.gauss(0, 0.002), 6)
        eval_, _, bare = metric.partition(".")
        delta = {bare: difference(round(quality - best, 6))}
        versus = {eval_: {"delta": delta, "divergence": {"agreement": {"value": 0.99, "n": 1500}}}}
        results.append({
            "host": host, "suite": "quick", "threads": 1, "quality": {metric: bounded(quality, 0.013, 1500)},
            "versus": None if kind == "fp32" else versus,
            "latency_ms": {"p50": p50, "p95": round(p50 * 1.4, 3), "p99": round(p50 * 1.7, 3)},
            "speedup": None if kind == "fp32" else bounded(round(1 / share, 4), 0.2, 12),
            "memory_mb": {"load": int(size * part) + 80, "peak": int(size * part * 1.2) + 100},
        })  # fmt: skip
    return Row.model_validate({
        "recipe": recipe, "artifact": kind, "builder": kind.replace("-", "_"), "format": format, "precision": weights,
        "task": task, "license": "apache-2.0", "base": [base], "parents": {}, "reference": f"{recipe}-fp32",
        "needs": {}, "tree_digest": sha(f"{recipe}-{kind}"), "action_key": sha(f"key {recipe}-{kind}"),
        "files": [{"path": "model", "size": bytes_, "sha256": sha("model")}], "size_own": bytes_,
        "size_total": bytes_, "packages": {}, "results": results, "gates": {"passed": True, "checks": []},
        "card": f"model_cards/{recipe}-{kind}.md",
    })  # fmt: skip


def write(root: Path, book: Registry, *, card: str = "") -> Path:
    """A project that holds this registry, with the text `card` as the card of every artifact if it is given."""
    (root / "model_cards").mkdir(parents=True, exist_ok=True)
    (root / "registry.json").write_text(to_text(book), encoding="utf-8")
    shutil.copyfile(ROOT / "dodo.py", root / "dodo.py")
    (root / "recipes").mkdir(exist_ok=True)
    for name in book.artifacts if card else ():
        (root / "model_cards" / f"{name}.md").write_text(card.replace("NAME", name), encoding="utf-8")
    return root
