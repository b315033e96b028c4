"""What a result's provenance says of where it came from."""

from __future__ import annotations

from zoosmith.store.store import ActionResult

DOWNLOADED = "downloaded"  # name and URL of the cache, and when
MACHINE = "machine"  # threads and instruction sets that are in the key of a build that was made elsewhere
HOST = "host"  # the machine that made it; said by results that were sent, and by those that a cluster's node made


def origin(record: ActionResult) -> str | None:
    """Where a result came from, for people; None for one that was made here."""
    came = record.provenance.get(DOWNLOADED)
    if not isinstance(came, dict):
        return None
    host = record.provenance.get(HOST)
    built = host.get("id") if isinstance(host, dict) else None
    made = f", built on {built}" if built else ""
    return f"downloaded from {came.get('name')} ({came.get('url')}){made}"
