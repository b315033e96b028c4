"""Parents' weights, looked at before a builder runs: whole files, finite numbers, none that the result cannot hold."""

from __future__ import annotations

from collections.abc import Mapping

from zoosmith.contract.job import Parent
from zoosmith.contract.output import Output
from zoosmith.toolkit.torch import finite, stored


def check(parents: Mapping[str, Parent], made: Output) -> None:
    """Raise BuildError, naming parent, file and tensor, where nothing sound can be made of them.

    Headers of all parents are read. Weights are, of fetched bases, which nobody here has computed with, and of all
    where they become FP16; in a GGUF vectors stay FP32, so that its builder looks at the matrices alone.
    """
    half = made.precision == "fp16" and made.format != "gguf"
    for parent in parents.values():
        stored.check_whole(parent.path, parent.name)
        if half or parent.manifest.format == "source":
            finite.check(parent.path, parent.name, half=half)
