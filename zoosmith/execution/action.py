"""An action: everything that decides a step's output, and what else its worker needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from typing import Any

from zoosmith.common.canonical import canonical, digest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Resources

ABSENT = object()


@dataclass(frozen=True)
class Action:
    """One step. `inputs` are hashed into the key; `run` is not: names, threads, where to look first.

    `entry` is "module:function", called in the worker with a `zoosmith.execution.worker.Step`. `imports` are packages
    that it is going to import; if there are any, its worker may be forked from a process that has done so. What is
    `private` is never sent to a cache: others may not have the right to it. `host` is the id of the host that alone may
    run it; "" where any may. `made_for` is the host class of the nodes whose facts `inputs` has; "" for this machine.
    """

    name: str
    title: str
    entry: str
    inputs: dict[str, Any]
    run: dict[str, Any] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    timeout_s: float = 86_400.0
    environment: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    exclusive: bool = False
    private: bool = False
    host: str = ""
    made_for: str = ""

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical JSON of the inputs."""
        return digest(self.inputs)


def public_versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions without their local part: 2.13.0, not 2.13.0+cpu.

    Raises ZooError naming a package that is not installed.
    """
    found = {}
    for package in packages:
        try:
            found[package] = _installed(package)
        except metadata.PackageNotFoundError:
            raise ZooError(f"the package {package} is not installed; run `make install`") from None
    return dict(sorted(found.items()))


@cache
def _installed(package: str) -> str:
    """The line of METADATA: `importlib.metadata.version` parses the whole file, which takes ten times as long."""
    found = metadata.distribution(package)
    head = (found.read_text("METADATA") or "").partition("\n\n")[0]
    told = [line.partition(":")[2].strip() for line in head.splitlines() if line.startswith("Version:")]
    return (told[0] if told else found.version).partition("+")[0]


@cache
def version_of_module(name: str) -> str | None:
    """Installed version of what brings a top-level module, without its local part; None if nothing does."""
    try:
        return _installed(name)
    except metadata.PackageNotFoundError:
        brings = packages_with(name)
        return "+".join(map(_installed, brings)) if brings else None


def packages_with(module: str) -> list[str]:
    """Installed packages that bring a top-level module."""
    return sorted(set(_modules().get(module, ())))


@cache
def _modules() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """What changed between two inputs, one line each: `params.per_channel: true -> false`."""
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for key in sorted(old.keys() | new.keys()):
            here = f"{path}.{key}" if path else str(key)
            lines += differences(old.get(key, ABSENT), new.get(key, ABSENT), here)
        return lines
    same = ABSENT not in (old, new) and digest(old) == digest(new)
    return [] if same else [f"{path}: {_short(old)} -> {_short(new)}"]


def _short(value: Any) -> str:
    if value is ABSENT:
        return "nothing"
    if isinstance(value, str) and len(value) == 64:
        return value[:12]
    text = value if isinstance(value, str) else canonical(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
