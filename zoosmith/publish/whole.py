"""Whether all of a bundle or an image is what its index and its registry say."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError
from zoosmith.publish import pointer
from zoosmith.publish.catalog import Version, check
from zoosmith.publish.opening import open_carried
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

SHOWN = 5


def verified(location: str) -> list[Version]:
    """The versions that it holds, every byte read. Raises ZooError naming what is not right."""
    catalog = open_carried(location, Cache())
    packed, versions = catalog.packed, list(catalog.versions())
    assert packed is not None
    for version in versions:
        check(version)
        for place in map(packed.below, version.row.locations):
            at = pointer.where(version, place, RetryPolicy())
            for file in version.row.files:
                if packed.digests.get(f"{place.inside}{at[file.path]}") != file.sha256:
                    raise ZooError(f"{version} in {packed.what}: {file.path} is not the file that its row tells of")
    if wrong := packed.wrong():
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ZooError(f"{packed.what} is damaged: SHA-256 of {', '.join(wrong[:SHOWN])}{more} differs from its index")
    return versions
