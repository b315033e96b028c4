"""What a node announces of itself when it joins, and how two differ."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from zoosmith.execution.action import Action
from zoosmith.execution.resources import memory_mb
from zoosmith.plugins import KINDS, PACKAGE
from zoosmith.toolkit.torch import processor


@dataclass(frozen=True)
class Profile:
    """Facts of a machine that decide what a step computes there, and whether it can.

    code: SHA-256 over zoosmith's own sources and the builders that it ships. packages: installed versions by name,
    without their local part. flags: instruction sets of its processor. cpus: cores that steps may take.
    """

    name: str
    code: str
    zoosmith: str
    python: str
    packages: dict[str, str]
    flags: list[str]
    cpus: int
    memory_mb: int

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be sent."""
        return asdict(self)


def of_this_machine(name: str, cpus: int) -> Profile:
    """The profile of the machine that runs this, which is known as `name` and lets steps have `cpus` cores."""
    return Profile(
        name=name,
        code=own_code(),
        zoosmith=metadata.version("zoosmith"),
        python=".".join(platform.python_version_tuple()[:2]),
        packages=_installed(),
        flags=sorted(processor.flags()),
        cpus=cpus,
        memory_mb=memory_mb(),
    )


def own_code() -> str:
    """SHA-256 over the names and bytes of zoosmith's modules and of the builders that travel with it."""
    total = hashlib.sha256()
    for root in (PACKAGE, KINDS["builders"]):
        for path in sorted(root.rglob("*.py")):
            total.update(
                path.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
            )
    return total.hexdigest()


def unfit(action: Action, driver: Profile, node: Profile) -> list[str]:
    """Why a node cannot run an action as the driver would; [] if it can. One line a reason, both sides named."""
    reasons = []
    if driver.code != node.code:
        versions = f"zoosmith {driver.zoosmith} here, {node.zoosmith} there"
        reasons.append(f"its zoosmith is another one ({versions}; sources {driver.code[:12]} and {node.code[:12]})")
    if driver.python != node.python:
        reasons.append(f"Python {driver.python} here, {node.python} there")
    if not action.environment:  # packages of an environment of its own are installed there, as they are here
        wanted: dict[str, str] = action.inputs.get("packages") or {}
        reasons += [
            f"{name} {version} here, {node.packages.get(name.lower().replace('_', '-'), 'not installed')} there"
            for name, version in sorted(wanted.items())
            if node.packages.get(name.lower().replace("_", "-")) != version
        ]
    return reasons


def _installed() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in metadata.distributions():
        if name := one.metadata["Name"]:
            found.setdefault(name.lower().replace("_", "-"), one.version.partition("+")[0])
    return dict(sorted(found.items()))
