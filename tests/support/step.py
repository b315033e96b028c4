"""Step functions called in-process, as the worker calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.execution.worker import Step, prepare
from zoosmith.store.store import Store


def make_step(project: Path, inputs: dict[str, Any], run: dict[str, Any], key: str = "k" * 64) -> Step:
    """A step with fresh folders in the project's store."""
    step = Step(key, inputs, run, Store(project / "artifacts" / ".store"), project, lambda message: None)
    prepare(step)
    return step
