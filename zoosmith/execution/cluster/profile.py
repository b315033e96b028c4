"""What a node announces of itself when it joins, and how two differ."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

from zoosmith.execution.action import Action, packages_with
from zoosmith.execution.resources import memory_mb
from zoosmith.plugins import KINDS, PACKAGE
from zoosmith.toolkit.torch import processor

Version = Callable[[str], str | None]


@dataclass(frozen=True)
class About:
    """What a machine tells of its host.

    host: as figures of it are recorded. host_class: what whoever started it calls machines of its kind, if anything.
    device: where artifacts answer there while they are measured. build_device: where those builders compute that can
    do so elsewhere than on the CPU. fault: why it takes no step, if so.
    """

    host: dict[str, Any] = field(default_factory=dict)
    host_class: str = ""
    device: str = "cpu"
    build_device: str = "cpu"
    fault: str = ""


@dataclass(frozen=True)
class Profile:
    """Facts of a machine that decide what a step computes there, and whether it can.

    code: SHA-256 over zoosmith's own sources and the builders that it ships. packages: installed versions by name,
    without their local part. flags: instruction sets of its processor. cpus: cores that steps may take.
    about: what it tells of its host beside that, see `About`.
    """

    name: str
    code: str
    zoosmith: str
    python: str
    packages: dict[str, str]
    flags: list[str]
    cpus: int
    memory_mb: int
    about: About = field(default_factory=lambda: About())

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be sent."""
        return asdict(self)

    @classmethod
    def of_json(cls, told: dict[str, Any]) -> Profile:
        """The profile that `as_json` told."""
        return cls(**told | {"about": About(**told["about"])})

    @property
    def classes(self) -> tuple[str, ...]:
        """The host classes that it is of: what whoever started it calls it, and the id of its host."""
        return tuple(dict.fromkeys(filter(None, (self.about.host_class, self.about.host.get("id", "")))))

    def version(self, package: str) -> str | None:
        """The installed version of a package; None where it is not."""
        return self.packages.get(canonical_name(package))

    def version_of_module(self, name: str) -> str | None:
        """As that of `execution.action`; which package brings a module is looked up on the machine that asks."""
        if found := self.version(name):
            return found
        brings = [self.version(package) for package in packages_with(name)]
        return "+".join(version or "" for version in brings) if all(brings) and brings else None


def of_this_machine(name: str, cpus: int, about: About) -> Profile:
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
        about=about,
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
    reasons = [node.about.fault] if node.about.fault else []
    if driver.code != node.code:
        versions = f"zoosmith {driver.zoosmith} here, {node.zoosmith} there"
        reasons.append(f"its zoosmith is another one ({versions}; sources {driver.code[:12]} and {node.code[:12]})")
    if driver.python != node.python:
        reasons.append(f"Python {driver.python} here, {node.python} there")
    if not action.environment:  # packages of an environment of its own are installed there, as they are here
        wanted: dict[str, str] = action.inputs.get("packages") or {}
        reasons += _other_versions(wanted, driver.version, node.version)
        imported: dict[str, str] = action.inputs.get("imports") or {}
        further = {name: version for name, version in imported.items() if name not in wanted}
        reasons += _other_versions(further, driver.version_of_module, node.version_of_module)
    return reasons


def _other_versions(wanted: dict[str, str], ours: Version, theirs: Version) -> list[str]:
    """What a node has not as the key says, which may be of the driver or of another machine."""
    return [
        f"{name} {version} {'here' if ours(name) == version else 'in the key'}, {theirs(name) or 'not installed'} there"
        for name, version in sorted(wanted.items())
        if theirs(name) != version
    ]


def _installed() -> dict[str, str]:
    found: dict[str, str] = {}
    for one in metadata.distributions():
        if name := one.metadata["Name"]:
            found.setdefault(canonical_name(name), one.version.partition("+")[0])
    return dict(sorted(found.items()))


def canonical_name(package: str) -> str:
    """A package's name, however it is spelt. Source: https://packaging.python.org, "Name normalization"."""
    return re.sub(r"[-_.]+", "-", package).lower()
