"""What a build's key holds of its builder and of the machine beside the code."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from zoosmith.bench.host import ISA, device
from zoosmith.build.codehash import other_packages
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import public_versions, version_of_module
from zoosmith.store.files import sha256_file
from zoosmith.toolkit.torch import processor


class Facts(Protocol):
    """What of the machine that builds enters keys."""

    @property
    def host_class(self) -> str:
        """That of the nodes whose facts these are; "" for this machine."""

    @property
    def threads(self) -> int:
        """Threads that a step computes with."""

    @property
    def isa(self) -> list[str]:
        """Instruction sets that matter to kernels."""

    @property
    def python(self) -> str:
        """Version of Python without its last part."""

    @property
    def build_device(self) -> str:
        """Where builders compute that can do so elsewhere than on the CPU. Raises ZooError."""

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Installed versions. Raises ZooError naming a package that is not installed."""

    def version_of_module(self, name: str) -> str | None:
        """Installed version of what brings a top-level module; None if nothing does."""


class Here:
    """This machine, where steps get `threads` threads."""

    host_class = ""

    def __init__(self, threads: int) -> None:
        """As it is when it is asked."""
        self.threads = threads

    @property
    def isa(self) -> list[str]:
        """Of this machine's processor."""
        return isa(processor.flags())

    @property
    def python(self) -> str:
        """Of this process."""
        return python_version()

    @property
    def build_device(self) -> str:
        """What $ZOOSMITH_BUILD_DEVICE says."""
        return device("ZOOSMITH_BUILD_DEVICE")

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Those installed here."""
        return public_versions(packages)

    def version_of_module(self, name: str) -> str | None:
        """Of what is installed here."""
        return version_of_module(name)


def device_of(module: ModuleType, facts: Facts) -> str:
    """Where a builder computes: where the machine says, if it can. Raises ZooError."""
    wanted = facts.build_device
    return wanted if wanted.partition(":")[0] in getattr(module, "DEVICES", ()) else "cpu"


def tools_of(module: ModuleType, project: Path) -> dict[str, Any]:
    """What decides of the tools that a builder runs: hashes of files of the project, pins of those that are fetched.

    Raises ZooError where there is no such file.
    """
    tools = getattr(module, "TOOLS", ())
    if isinstance(tools, Mapping):
        return {name: pin._asdict() for name, pin in tools.items()}
    for tool in tools:
        if not (project / tool).is_file():
            raise ZooError(
                f"{module.__file__}: TOOLS names {tool!r}, and {project / tool} is no file; name each file that the "
                "builder reads, by its path in the zoo"
            )
    return {tool: sha256_file(project / tool) for tool in tools}


def packages_of(module: ModuleType, facts: Facts) -> dict[str, str]:
    """Versions of what a builder requires: those pinned for an environment of its own, else the installed ones."""
    pins = dict(pin.split("==", 1) for pin in getattr(module, "ENVIRONMENT", ()) if "==" in pin)
    ours = tuple(name for name in getattr(module, "REQUIRES", ()) if name not in pins)
    return dict(sorted((facts.versions(ours) | pins).items()))


def python_version() -> str:
    """Version of Python without its last part, within which it keeps what programs compute."""
    return ".".join(platform.python_version_tuple()[:2])


def imports_of(entries: list[Path], facts: Facts) -> dict[str, Any]:
    """Versions of what a user's own modules import, whether or not REQUIRES names it; {} for nothing."""
    found = {name: version for name in other_packages(*entries) if (version := facts.version_of_module(name))}
    return {"imports": dict(sorted(found.items()))} if found else {}


def isa(flags: Collection[str]) -> list[str]:
    """Those of a processor's instruction sets that matter to kernels."""
    return [name for name in ISA if name in flags]
