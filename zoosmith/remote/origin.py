"""What a result's provenance says of where it came from."""

from __future__ import annotations

from typing import Any

from zoosmith.store.store import ActionResult

DOWNLOADED = "downloaded"  # name and URL of the cache, when, and who signed it
SIGNED = "signed"
NOT_TAKEN = "not_taken"  # why what a cache had was made here instead
MACHINE = "machine"  # threads and instruction sets that are in the key of a build that was made elsewhere
IMPORTS = "imports"  # versions of what a zoo's own modules import, in the key of a build
HOST = "host"  # the machine that made it; said by results that were sent, and by those that a cluster's node made


def origin(record: ActionResult) -> str | None:
    """Where a result came from, for people; None for one that was made here, and that no cache had."""
    came, refused = record.provenance.get(DOWNLOADED), record.provenance.get(NOT_TAKEN)
    if not isinstance(came, dict):
        return f"made here; {refused}" if refused else None
    host = record.provenance.get(HOST)
    built = host.get("id") if isinstance(host, dict) else None
    made = f", built on {built}" if built else ""
    signed = f", signed by {came[SIGNED]}" if SIGNED in came else ""
    return f"downloaded from {came.get('name')} ({came.get('url')}){signed}{made}"


def without_way(record: ActionResult) -> dict[str, Any]:
    """The provenance without what is said of the way to this machine alone."""
    return {name: value for name, value in record.provenance.items() if name not in (DOWNLOADED, NOT_TAKEN)}
