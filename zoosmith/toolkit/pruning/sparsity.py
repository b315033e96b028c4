"""What weights that are zero save in a file, and what they do not save."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.job import Job

LEVEL = 6


def pass_on(job: Job, parent: Mapping[str, Any], stored: Iterable[Path]) -> None:
    """For a conversion of sparse weights: what its own files take with and without compression.

    `parent` are the facts of the manifest it starts from; those of dense weights add nothing.
    """
    if "nonzero_parameters" not in parent:
        return
    for name in ("nonzero_parameters", "remarks"):
        job.fact(name, parent[name])
    report_bytes(job, stored)


def report_bytes(job: Job, stored: Iterable[Path]) -> None:
    """Bytes of the files as they are, and as zlib (RFC 1950) makes them."""
    files = list(stored)
    job.fact("stored_bytes", sum(file.stat().st_size for file in files))
    job.fact("compressed_bytes", sum(compressed_size(file) for file in files))


def compressed_size(file: Path) -> int:
    """Bytes of the file after zlib, read in pieces."""
    packer, size = zlib.compressobj(LEVEL), 0
    with file.open("rb") as source:
        while piece := source.read(1 << 20):
            size += len(packer.compress(piece))
    return size + len(packer.flush())
