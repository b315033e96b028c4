"""Python imports this first of all where its folder is on the path. Whatever measures then takes less time.

Suite quick starts each side four times, and each process that opens a model of torch imports it anew. Here a side is
started twice, from a process that has imported the modules named in ZOO_TEST_FORKS. Suite full takes no more turns, and
does not wait for a steady host.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, SimpleNamespace


def few_starts(measure: ModuleType) -> None:
    """Of zoosmith.bench.measure."""
    measure.QUICK = measure.FULL = measure.speed.Plan(starts=2, turns=2, block_s=0.05)  # type: ignore[attr-defined]
    measure.PROFILE_S = 0.05  # type: ignore[attr-defined]


def one_attempt(steadiness: ModuleType) -> None:
    """Of zoosmith.bench.steadiness."""
    steadiness.ATTEMPTS = 1  # type: ignore[attr-defined]


def few_tokens(generation: ModuleType) -> None:
    """Of zoosmith.bench.generation."""
    generation.QUICK = generation.Effort(0.3, 3, 256)  # type: ignore[attr-defined]


def forks(process: ModuleType) -> None:
    """Of zoosmith.bench.process."""
    if modules := os.environ.get("ZOO_TEST_FORKS"):
        from forking import Forked  # type: ignore[import-not-found]

        process.subprocess = SimpleNamespace(Popen=partial(Forked, modules.split()), PIPE=subprocess.PIPE)  # type: ignore[attr-defined]


CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "zoosmith.bench.measure": few_starts,
    "zoosmith.bench.steadiness": one_attempt,
    "zoosmith.bench.generation": few_tokens,
    "zoosmith.bench.process": forks,
}


class Brief:
    """Finds these modules where Python does, and changes them once they are there."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """What Python calls for every module that is imported."""
        spec = PathFinder.find_spec(name, path, target) if name in CHANGES else None
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def then(module: ModuleType) -> None:
                run(module)
                CHANGES[name](module)

            spec.loader.exec_module = then  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Brief)  # type: ignore[arg-type]
