"""`doit bench:NAME@HOSTCLASS`: measured on a node of the cluster that is of this host class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from doit.exceptions import InvalidCommand

from zoosmith.build.workspace import Workspace

GROUP = "bench:"
SUITE = "full"
Placed = tuple[str, str]
"""Names of artifacts, as a pattern, and the host class at which they are measured."""


def placed_of(names: Sequence[str]) -> tuple[list[str], list[Placed]]:
    """The names of tasks without a host class, and what is to be measured at which.

    Raises doit's InvalidCommand for another task than `bench:` and for a class without a name.
    """
    found = []
    for name in names:
        task, at, host_class = name.partition("@")
        if at and not (task.startswith(GROUP) and host_class):
            artifact = task.rpartition(":")[2]
            raise InvalidCommand(
                f"{name!r}: measurements alone are placed by host: "
                f"`doit {GROUP}{artifact}@{host_class or 'HOSTCLASS'}`; `doit list --hosts` shows the classes"
            )
        if at:
            found.append((task.removeprefix(GROUP), host_class))
    return [bare(name) for name in names], found


def bare(name: str) -> str:
    """The task without its host class."""
    return name.partition("@")[0]


def classes_of(workspace: Workspace, name: str | None = None) -> list[str]:
    """The host classes at which the artifact of this name is to be measured; those of all without a name."""
    asked = (at for pattern, at in workspace.placed if name is None or fnmatchcase(name, pattern))
    return list(dict.fromkeys(asked))


def known(workspace: Workspace) -> int:
    """0 where the cluster has every host class that is asked for. Raises ZooError."""
    for at in classes_of(workspace):
        workspace.machine(at)
    return 0


def suffixes(classes: Iterable[str]) -> list[tuple[str, str]]:
    """What follows a task's name, with the class, of this host and of each class."""
    return [("", ""), *((f"@{at}", at) for at in classes)]
