"""Figures with the numbers that a test is about, and three of a real family's shape."""

from __future__ import annotations

from typing import Any

from zoosmith.cards.figures import Confusion, Curves, Pareto, Point, Role, Sample, Series

WORDS = {"title": "A title", "subtitle": "on epyc-2c, 1 thread", "text": "What it shows."}


def point(name: str = "fp32", ms: float = 6.8, value: float = 0.93, half: float = 0.01, **changed: Any) -> Point:
    made = {"name": name, "role": "sibling", "ms": ms, "value": value, "low": value - half, "high": value + half}
    return Point.model_validate(made | {"front": True} | changed)


def pareto(*points: Point, **changed: Any) -> Pareto:
    return Pareto(**WORDS, metric="names.macro_f1", points=points, **changed)


def curves(*series: Series) -> Curves:
    return Curves(**WORDS, x_label="tokens", y_label="ms at p50, bars up to p95", series=series)


def line(name: str, role: Role, *ys: float, p95: bool = True) -> Series:
    samples = [Sample(x=8 * 2**i, y=y, p95=y * 1.3 if p95 else None) for i, y in enumerate(ys)]
    return Series(name=name, role=role, samples=tuple(samples))


def confusion(labels: tuple[str, ...], counts: list[list[int]] | None = None) -> Confusion:
    counts = counts or [[90 if i == j else 3 for j in range(len(labels))] for i in range(len(labels))]
    return Confusion(**WORDS, labels=labels, counts=tuple(map(tuple, counts)))


FAMILY = pareto(
    point("fp32", 6.84, 0.9317, role="reference", front=False),
    point("torch-int8", 2.19, 0.9298),
    point("onnx-fp32", 3.12, 0.9317),
    point("onnx-int8", 0.88, 0.9298, role="this"),
)
LENGTHS = curves(line("onnx-int8", "this", 0.8, 1.0, 1.4, 2.3), line("fp32", "reference", 5.9, 7.5, 11.0, 18.0))
THREE = confusion(("no", "partial", "yes"), [[450, 17, 33], [4, 496, 0], [51, 0, 449]])
