"""Where steps run: on this machine, or on a cluster at an address.

Addresses: `local`; `ray` starts a Ray cluster on this machine, `ray:auto` and `ray:HOST:PORT` join the one that this
machine is a node of, `ray://HOST:PORT` reaches one through its Ray Client server (https://docs.ray.io, "Ray Client").
"""

from __future__ import annotations

import re
from pathlib import Path

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.settings import settings

LOCAL = "local"
SECTION = "executor"
ADDRESS = re.compile(r"local|ray(:auto|:(//)?[^/:\s]+:\d{1,5})?")
KNOWN = "`local`, `ray`, `ray:auto`, `ray:HOST:PORT` and `ray://HOST:PORT`"


def executor_of(project: Path) -> str:
    """The address that `[executor]` of zoosmith.toml names, `local` where it names none. Raises ZooError."""
    found = settings(project)
    table = found.table(SECTION)
    for key in table.keys() - {"address"}:
        raise found.fault(f"{key!r} is not known{nearest(key, ('address',))}", key)
    address = table.get("address", LOCAL)
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise found.fault(f"{address!r} is no executor; there are {KNOWN}", "address")
    return address


def check_address(address: str) -> None:
    """Raise ZooError unless it is the address of an executor."""
    if not ADDRESS.fullmatch(address):
        raise ZooError(f"--executor: {address!r} is no executor; there are {KNOWN}")
