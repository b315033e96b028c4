"""Steps of zoos of any size: the recorded builds, as many families of their shapes as it takes.

A copy of a family has the same base and other rows: its weights are its own. Files that several recorded artifacts
have, such as a tokenizer or the weights of a base in another format, came with a base: they are the same in every copy.
Two sizes are in no record and are estimated: of a base, the bytes that an adapter says it needs, else those of the
largest artifact made of it; of rows, four bytes for each token that the task takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from zoosmith import plugins
from zoosmith.build.building import claimed_by
from zoosmith.build.recorded import build_in, recorded
from zoosmith.execution.action import Action
from zoosmith.records.schema import BuildRecord

BYTES_A_TOKEN = 4
BYTES_A_ROW_OF_A_LIST = 110  # of a tree's list: path, size and SHA-256 of a file


class Blob(NamedTuple):
    """A file, by what decides its bytes."""

    name: str
    size: int


Tree = tuple[Blob, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """One build. parents: names of steps. action: what the executor places; copies of a step share it."""

    name: str
    action: Action
    seconds: float
    parents: tuple[str, ...]
    reads: tuple[Tree, ...]
    writes: Tree


def records(root: Path) -> list[BuildRecord]:
    """The recorded builds, each after those that it was made from; without those of which a parent has no record."""
    waiting = [one for one in map(build_in, recorded(root).values()) if one]
    known = {base.name for one in waiting for base in one.bases}
    ordered: list[BuildRecord] = []
    while ready := [one for one in waiting if all(parent["name"] in known for parent in one.parents.values())]:
        ordered += ready
        known |= {node_of(one) for one in ready}
        waiting = [one for one in waiting if node_of(one) not in known]
    return ordered


def node_of(build: BuildRecord) -> str:
    """How recipes refer to it."""
    return f"{build.recipe}/{build.artifact}"


def steps(builds: Sequence[BuildRecord], count_: int, project: Path) -> list[Step]:
    """So many steps, copy after copy of all families; each stands after its parents."""
    family = _Family(builds, project)
    return list(islice((family.step(build, copy) for copy in count() for build in builds), count_))


class _Family:
    """All recorded families, which are copied together."""

    def __init__(self, builds: Sequence[BuildRecord], project: Path) -> None:
        self.builds = {node_of(one): one for one in builds}
        self.bases = base_sizes(builds)
        trees = Counter(sha256 for one in builds for sha256 in {file.sha256 for file in one.files})
        self.shared = {sha256 for sha256, times in trees.items() if times > 1}
        self.actions = {name: self._action(name, build, project) for name, build in self.builds.items()}

    def step(self, build: BuildRecord, copy: int) -> Step:
        name = node_of(build)
        parents = [parent["name"] for parent in build.parents.values()]
        read = dict.fromkeys(node for parent in parents for node in (parent, *self._needs(parent)))
        return Step(
            name=f"{copy}/{name}",
            action=self.actions[name],
            seconds=float(build.provenance["seconds"]),
            parents=tuple(dict.fromkeys(f"{copy}/{parent}" for parent in parents if parent in self.builds)),
            reads=(*(self._tree(node, copy) for node in read), self._rows(build, copy)),
            writes=self._tree(name, copy),
        )

    def _action(self, name: str, build: BuildRecord, project: Path) -> Action:
        """With what its builder claims of a machine today."""
        module = plugins.load("builders", build.builder, project)
        sizes = {role: self._size(parent["name"]) for role, parent in build.parents.items()}
        claimed = claimed_by(module, module.Params(**build.params), sizes).at(build.max_length)
        inputs = {"builder": build.builder, "params": build.params, "packages": build.packages}
        return Action(name, f"build {build.name}", "zoosmith.build.build:run", inputs, {"device": "cpu"}, claimed)

    def _size(self, node: str) -> int:
        return self.builds[node].size_own if node in self.builds else self.bases[node]

    def _needs(self, node: str) -> Iterator[str]:
        """What an artifact cannot be opened without, which goes with it."""
        if node in self.builds:
            for role in self.builds[node].needs:
                needed = self.builds[node].parents[role]["name"]
                yield needed
                yield from self._needs(needed)

    def _tree(self, node: str, copy: int) -> Tree:
        if node not in self.builds:
            return _listed(node, [Blob(f"{node}/weights", self.bases[node])])
        files = self.builds[node].files
        own = {one.sha256: Blob(one.sha256 if one.sha256 in self.shared else f"{copy}/{one.sha256}", one.size)
               for one in files if one.size}  # fmt: skip
        return _listed(f"{copy}/{node}", list(own.values()))

    def _rows(self, build: BuildRecord, copy: int) -> Tree:
        splits: Mapping[str, Mapping[str, int]] = build.data.get("splits", {})
        size = sum(split["rows"] for split in splits.values()) * build.max_length * BYTES_A_TOKEN
        return _listed(f"{copy}/{build.recipe}/rows", [Blob(f"{copy}/{build.recipe}/rows/data", size)])


def base_sizes(builds: Sequence[BuildRecord]) -> dict[str, int]:
    """Bytes of each base that the builds were made of, as this module's docstring has it."""
    made = {node_of(one) for one in builds}
    exact: dict[str, int] = {}
    largest: dict[str, int] = {}
    for one in builds:
        for role, parent in one.parents.items():
            node = parent["name"]
            if node not in made:
                largest[node] = max(largest.get(node, 0), one.size_own)
                if list(one.needs) == [role]:
                    exact[node] = one.needs_size
    return largest | exact


def _listed(name: str, files: list[Blob]) -> Tree:
    """With the list of a tree's files, which is a blob too."""
    return (*files, Blob(f"{name}/list", BYTES_A_ROW_OF_A_LIST * len(files)))
