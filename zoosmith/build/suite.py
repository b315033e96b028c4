"""The code that makes a suite's figures, as one digest.

Measuring keys hold the suite's version instead of this code, so that a refactoring of `bench` measures nothing again.
The digest of the code that the version stands for is kept beside it; a test fails when it moves, and whoever moved it
says whether figures can differ.
"""

from __future__ import annotations

from zoosmith.build.codehash import code_digests, own_digest
from zoosmith.common.canonical import digest
from zoosmith.plugins import PACKAGE

STATS = "zoosmith.stats."


def suite_code() -> str:
    """Digest of all of `bench` and what it takes of `stats`. The rest of what it imports stores and records figures."""
    files = sorted((PACKAGE / "bench").glob("*.py"))
    taken = [name.removeprefix(STATS) for name in code_digests(*files) if name.startswith(STATS)]
    files += [PACKAGE / "stats" / f"{name}.py" for name in taken]
    return digest(sorted(filter(None, map(own_digest, files))))
