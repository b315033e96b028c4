"""manifest.json of a finished tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.common.canonical import pretty
from zoosmith.contract.manifest import PAYLOAD_MANIFEST, Manifest
from zoosmith.store.files import payload, sha256_settled


def write_manifest(out: Path, **fields: Any) -> Manifest:
    """Write the manifest over everything that lies below `out`; `fields` are those of `Manifest` but its files."""
    files = {path.as_posix(): sha256_settled(out / path) for path in payload(out)}
    manifest = Manifest(files=files, **fields)
    text = pretty(manifest.model_dump(mode="json", by_alias=True))
    (out / PAYLOAD_MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def write_source_manifest(out: Path) -> Manifest:
    """The manifest of a fetched base: files as they came, no task yet."""
    return write_manifest(out, format="source", precision="source")
