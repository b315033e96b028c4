"""What is carried by hand: a bundle, `FILE.zoosmith`, or an image layout of OCI, `oci:DIR`; each holds a registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.publish.packed import Packed

SUFFIX = ".zoosmith"
OCI = "oci:"
REGISTRY = "registry.json"


def names_one(text: str) -> bool:
    """Whether a word that may be the name of an artifact means something carried."""
    return text.startswith(OCI) or text.endswith(SUFFIX)


def is_carried(location: str) -> bool:
    """Whether a registry that is named so is a file or an image, and no folder or URL."""
    if names_one(location) or "://" in location:
        return names_one(location)
    return Path(location).is_file() and Path(location).name != REGISTRY


def files_of(location: str) -> Packed:
    """Its files, their names and sizes checked. Raises ZooError for what could do harm, and for one without a zoo."""
    if location.startswith(OCI):
        from zoosmith.publish import oci_read

        packed = oci_read.read(location.removeprefix(OCI))
    else:
        from zoosmith.publish import archive

        packed = archive.read(Path(location).expanduser())
    if REGISTRY not in packed.files:
        raise ZooError(f"{packed.what} holds no {REGISTRY}, so nothing can be pulled from it")
    return packed
