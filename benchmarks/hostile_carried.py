"""Pull thousands of bundles and images that mean harm, and check thousands of signatures and indexes.

    python -m benchmarks.hostile_carried --inputs 10000 --json benchmarks/results/hostile_carried.json

Bytes are flipped, cut, put in and moved; headers of the archive get other names, types and sizes; values of JSON are
replaced (see `tests/support/hostile_carried.py` and `hostile_signed.py`). Of ten inputs four are bundles, and two each
are image layouts, signatures and signed indexes. Goals: no exception but ours, nothing written outside the target, no
wrong byte accepted, nothing passed that the key did not sign.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._report import options, report
from tests.support.hostile_carried import Box, fuzz_bundle, fuzz_image
from tests.support.hostile_signed import fuzz_index, fuzz_signature, made


def main() -> int:
    given = options(__doc__, inputs=10_000).parse_args()
    started, part = time.monotonic(), given.inputs // 5
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/xdg"
        places = [Path(name) / each for each in ("bundles", "images", "signed")]
        for place in places:
            place.mkdir()
        seen = {
            "bundles": fuzz_bundle(Box(places[0]), given.inputs - 3 * part),
            "images": fuzz_image(Box(places[1]), part),
            "signatures": fuzz_signature(made(places[2]), part),
            "indexes": fuzz_index(places[2], part),
        }
    counts = {kind: dict(found) for kind, found in seen.items()}
    total = sum(sum(found.values()) for found in seen.values())
    report({"inputs": total, **counts, "seconds": round(time.monotonic() - started, 1)}, given.json)
    return 0 if all(len(found) == 2 for found in seen.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
