"""Causal language models of transformers that trim their prompts, as techniques.json of the tree says.

As the runtime `techniques`, but that a text without a prompt cannot be scored: neither rolling nor position by
position.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.session import Session
from zoosmith.runtimes import techniques as applied
from zoosmith.runtimes.bnb import DEVICES, EXTRA, REQUIRES, device_memory_mb, synchronize
from zoosmith.toolkit.causal import techniques
from zoosmith.toolkit.causal.trimmed_session import TrimmedCausal

__all__ = ["CAPABILITIES", "DEVICES", "EXTRA", "LIBRARY", "REQUIRES", "device_memory_mb", "open", "synchronize"]
LIBRARY = "transformers"
CAPABILITIES = ("loglikelihood", "last_logprobs", "generate")


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> Session:
    """Open the checkpoint in `path` on `device` with `threads` threads, and trim what it is asked.

    Raises ZooError where techniques.json says nothing of trimming, or what is not known here.
    """
    told = techniques.read(path)
    if told.trim is None:
        raise ZooError(
            f"{techniques.FILE} has no section `trim`, which the format {manifest.format!r} needs: pull it again"
        )
    return TrimmedCausal(applied.model(path, manifest, told, threads, device), path, told.trim, device)
