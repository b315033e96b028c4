"""Removing what was found, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.publish.removal import Gone
    from zoosmith.transfer.cache import Cache

SHOWN = 20


def removed(found: Sequence[Gone], cache: Cache, *, dry_run: bool, as_json: bool) -> None:
    """Remove all of it unless it is a dry run, and print what and how much."""
    from zoosmith.common.text import show, show_json
    from zoosmith.publish.removal import remove

    for each in found:
        if not dry_run:
            remove(each, cache)
        if as_json:
            show_json({"path": str(each.path), "kind": each.kind, "size": each.size, "removed": not dry_run})
    if as_json:
        return
    for each in found[:SHOWN]:
        show(f"{each.kind}  {sized(each.size)}  {each.path}")
    if len(found) > SHOWN:
        show(f"and {len(found) - SHOWN} more")
    verb = "would be freed (--dry-run)" if dry_run else "freed"
    show(f"{sized(sum(each.size for each in found))} {verb}" if found else "nothing to remove")
