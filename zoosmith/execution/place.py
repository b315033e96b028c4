"""Where steps run: on this machine, or on a cluster at an address.

Addresses: `local`; `ray` starts a Ray cluster on this machine, `ray:auto` and `ray:HOST:PORT` join the one that this
machine is a node of, `ray://HOST:PORT` reaches one through its Ray Client server (https://docs.ray.io, "Ray Client").
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.settings import settings

LOCAL = "local"
SECTION = "executor"
KEYS = ("address", "profile")
ADDRESS = re.compile(r"local|ray(:auto|:(//)?[^/:\s]+:\d{1,5})?")
KNOWN = "`local`, `ray`, `ray:auto`, `ray:HOST:PORT` and `ray://HOST:PORT`"


class Place(NamedTuple):
    """Where steps run, and the host class that keys of builds are made for; "" for that of this machine."""

    address: str
    profile: str


def place_of(project: Path) -> Place:
    """What `[executor]` of zoosmith.toml says, this machine alone where it says nothing. Raises ZooError."""
    found = settings(project)
    table = found.table(SECTION)
    for key in table.keys() - set(KEYS):
        raise found.fault(f"{key!r} is not known{nearest(key, KEYS)}", key)
    address, profile = table.get("address", LOCAL), table.get("profile", "")
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise found.fault(f"{address!r} is no executor; there are {KNOWN}", "address")
    if not isinstance(profile, str):
        raise found.fault(f"{profile!r} is no host class; `doit list --hosts` shows those of the cluster", "profile")
    return Place(address, profile)


def check_address(address: str) -> None:
    """Raise ZooError unless it is the address of an executor."""
    if not ADDRESS.fullmatch(address):
        raise ZooError(f"--executor: {address!r} is no executor; there are {KNOWN}")
