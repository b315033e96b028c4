"""A machine of a cluster, as keys name it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zoosmith.bench.host import device, this_host
from zoosmith.build.key_parts import isa
from zoosmith.common.names import IDENTIFIER
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.classes import VARIABLE, chosen
from zoosmith.execution.cluster.profile import About, Profile, own_code

if TYPE_CHECKING:
    from zoosmith.execution.executor import Executor


@dataclass(frozen=True)
class Machine:
    """What of a node enters the keys of measurements that are made there, and of builds that are made for it.

    host_class: that by which the node was chosen.
    """

    profile: Profile
    host_class: str = ""

    @property
    def host(self) -> str:
        """The id that its figures are recorded under."""
        return str(self.profile.about.host["id"])

    @property
    def device(self) -> str:
        """Where artifacts answer there."""
        return self.profile.about.device

    @property
    def threads(self) -> int:
        """Cores that steps may take there."""
        return self.profile.cpus

    @property
    def isa(self) -> list[str]:
        """Of its processor."""
        return isa(self.profile.flags)

    @property
    def python(self) -> str:
        """Version of Python without its last part."""
        return self.profile.python

    @property
    def build_device(self) -> str:
        """What it was started to build on."""
        return self.profile.about.build_device

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Installed versions. Raises ZooError naming a package that is not installed there."""
        found = {name: self.profile.version(name) for name in sorted(packages)}
        if missing := [name for name, version in found.items() if version is None]:
            raise ZooError(f"the package {missing[0]} is not installed on {self.profile.name}; install it there")
        return {name: version for name, version in found.items() if version is not None}

    def version_of_module(self, name: str) -> str | None:
        """Of what is installed there."""
        return self.profile.version_of_module(name)


def about() -> About:
    """What the machine that runs this tells of its host; `$ZOOSMITH_DEVICE` makes it another one, as ever."""
    name = os.environ.get(VARIABLE, "")
    if name and not IDENTIFIER.fullmatch(name):
        fault = f"its {VARIABLE} is {name!r}; it takes small letters, digits, dots, hyphens and underscores"
        return About(fault=fault)
    try:
        return About(this_host().model_dump(mode="json"), name, device(), device("ZOOSMITH_BUILD_DEVICE"))
    except ZooError as error:
        return About(fault=str(error))


def of_class(name: str, executor: Executor) -> Machine:
    """A node of a host class. Raises ZooError where steps run on this machine alone, and for a class that is not."""
    return Machine(chosen(name, executor.profiles(), own_code()), name)
