"""Where steps run: on this machine, or on a cluster at an address.

Addresses: `local`; `ray` starts a Ray cluster on this machine, `ray:auto` and `ray:HOST:PORT` join the one that this
machine is a node of. Ray Client (`ray://HOST:PORT`) refuses tasks that tell something while they run
(`num_returns="streaming"`, ray/util/client/worker.py of Ray 2.60), and a step tells its driver how it gets on.
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
ADDRESS = re.compile(r"local|ray(:auto|:[^/:\s]+:\d{1,5})?")
KNOWN = "`local`, `ray`, `ray:auto` and `ray:HOST:PORT`"
CLIENT = "ray://"


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
    if wrong := _wrong(address):
        raise found.fault(wrong, "address")
    if not isinstance(profile, str):
        raise found.fault(f"{profile!r} is no host class; `doit list --hosts` shows those of the cluster", "profile")
    return Place(address, profile)


def check_address(address: str) -> None:
    """Raise ZooError unless it is the address of an executor."""
    if wrong := _wrong(address):
        raise ZooError(f"--executor: {wrong}")


def _wrong(address: object) -> str:
    """Why it is no address of an executor; "" for one that is."""
    if isinstance(address, str) and address.startswith(CLIENT):
        return (
            f"{address!r} is an address of Ray Client, through which no step can tell how it gets on; run doit on a "
            "machine of the cluster with `ray:auto` (on Kubernetes, in the head's pod: docs/scale-out.md)"
        )
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        return f"{address!r} is no executor; there are {KNOWN}"
    return ""
