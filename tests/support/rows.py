"""Rows of toy artifacts, and registries of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from tests.support import records
from zoosmith.records.registry import Registry, Row, to_text
from zoosmith.records.rows import merged, row

NAMES = ["toy-fp32", "toy-int8", "toy-onnx-fp32", "toy-onnx-int8", "toy-10", "toy-9"]
NAME = "toy-onnx-int8"


def made(name: str = NAME, *, tree: str = "", hosts: Sequence[str] = ("epyc-2c",), seconds: float = 2.0) -> Row:
    """A row of `name` with the tree `tree`, measured on each host."""
    digest = records.sha(tree or name)
    latency = {"p50": seconds, "p95": 3.0, "p99": 4.0, "n": 100}
    measured = [
        records.measurement(name, tree_digest=digest, host=records.host(host), latency_ms=latency) for host in hosts
    ]
    return row(records.build(name, tree_digest=digest), measured, [], f"model_cards/{name}.md")


def book(*rows: tuple[str, Row]) -> Registry:
    return reduce(lambda registry, entry: merged(registry, *entry), rows, Registry())


EXPECTED = to_text(book(*((name, made(name)) for name in NAMES)))
