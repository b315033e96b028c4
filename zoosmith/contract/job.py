"""One build: what a builder is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError

if TYPE_CHECKING:
    from zoosmith.contract.manifest import Manifest
    from zoosmith.contract.task import Task


@dataclass(frozen=True)
class Parent:
    """A finished tree that a step starts from. Files below `path` are read, never written: large ones are the store's.

    `name` is RECIPE/NAME, what people know it by: for messages alone, for the same tree may have other names.
    """

    path: Path
    manifest: Manifest
    digest: str
    name: str = "of its parent"


def no_tool(name: str) -> Path:
    """Raises BuildError: the builder names no such tool in TOOLS."""
    raise BuildError(f"the builder names no tool {name!r} in TOOLS")


@dataclass
class Job:
    """One build: everything a builder may read, and where it writes.

    `rows(split)` yields dicts of a split that the builder declared in DATA. `scratch` belongs to the
    action key and survives a kill: training resumes from it. `fact` goes into the manifest and must be
    deterministic; `note` goes into the provenance. `labels` tells the order of the model's outputs where it
    is not the task's. `tool` gives the folder of a tool that the builder names in TOOLS. `labels_ordered` is False
    where nobody says in which order the task's labels stand: they are those that rows hold.
    """

    parents: Mapping[str, Parent]
    rows: Callable[[str], Sequence[Mapping[str, Any]]]
    task: Task
    out: Path
    scratch: Path
    params: Any
    seed: int
    device: str
    threads: int
    progress: Callable[..., None]
    fact: Callable[[str, Any], None]
    note: Callable[[str, Any], None]
    labels: Callable[[Sequence[str]], None]
    tool: Callable[[str], Path] = no_tool
    labels_ordered: bool = True

    @property
    def parent(self) -> Parent:
        """The parent in the role "from". Raises KeyError where a builder has no such role."""
        return self.parents["from"]
