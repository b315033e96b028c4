"""Pull from thousands of registries that mean harm.

    python -m benchmarks.hostile --inputs 10000 --seed 1 --json benchmarks/results/hostile.json

Names, paths, sizes, hashes, pointers, JSON, bytes and answers of a server are spoilt at random, links are planted where
the pull works, and versions get other trees than they had (see `tests/support/hostile.py`). Goals: no exception but
ours, nothing written outside the target, no wrong byte and no replaced version accepted, no connection kept alive.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from benchmarks._report import options, report
from tests.support.hostile import Case, Sandbox, cases, outcome, sandbox


def attack(box: Sandbox, inputs: int, number: int) -> Counter[str]:
    """Outcomes of so many inputs. Raises what the first bad one raises, made small by hypothesis."""
    seen: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(case=cases())
    def one(case: Case) -> None:
        seen[outcome(case, box)] += 1

    one()
    return seen


def main() -> int:
    given = options(__doc__, inputs=10_000, seed=1).parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/xdg"
        with sandbox(Path(name) / "box") as box:
            seen = attack(box, given.inputs, given.seed)
    found = {"inputs": sum(seen.values()), **seen, "seed": given.seed, "seconds": round(time.monotonic() - started, 1)}
    report(found, given.json)
    return 0 if seen["pulled"] and seen["refused"] else 1


if __name__ == "__main__":
    sys.exit(main())
