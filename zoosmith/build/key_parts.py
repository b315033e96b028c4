"""What a build's key holds of its builder and of the machine beside the code."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith.bench.host import ISA, device
from zoosmith.build.codehash import other_packages
from zoosmith.execution.action import public_versions, version_of_module
from zoosmith.store.files import sha256_file
from zoosmith.toolkit.torch import processor


def device_of(module: ModuleType) -> str:
    """Where a builder computes: on what $ZOOSMITH_BUILD_DEVICE says, where it can. Raises ZooError."""
    wanted = device("ZOOSMITH_BUILD_DEVICE")
    return wanted if wanted.partition(":")[0] in getattr(module, "DEVICES", ()) else "cpu"


def tools_of(module: ModuleType, project: Path) -> dict[str, Any]:
    """What decides of the tools that a builder runs: hashes of files of the project, pins of those that are fetched."""
    tools = getattr(module, "TOOLS", ())
    if isinstance(tools, Mapping):
        return {name: pin._asdict() for name, pin in tools.items()}
    return {tool: sha256_file(project / tool) for tool in tools}


def packages_of(module: ModuleType) -> dict[str, str]:
    """Versions of what a builder requires: those pinned for an environment of its own, else the installed ones."""
    pins = dict(pin.split("==", 1) for pin in getattr(module, "ENVIRONMENT", ()) if "==" in pin)
    ours = tuple(name for name in getattr(module, "REQUIRES", ()) if name not in pins)
    return dict(sorted((public_versions(ours) | pins).items()))


def python_version() -> str:
    """Version of Python without its last part, within which it keeps what programs compute."""
    return ".".join(platform.python_version_tuple()[:2])


def imports_of(entries: list[Path]) -> dict[str, Any]:
    """Versions of what a user's own modules import, whether or not REQUIRES names it; {} for nothing."""
    found = {name: version for name in other_packages(*entries) if (version := version_of_module(name))}
    return {"imports": dict(sorted(found.items()))} if found else {}


def isa() -> list[str]:
    """Instruction sets of this machine that matter to kernels."""
    return [name for name in ISA if name in processor.flags()]
