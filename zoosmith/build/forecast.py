"""What a build will take before any of it runs: bytes of disk and of downloads, memory, and time.

Sizes come from headers (of files here, or of those that a hub announces), memory from what builders claim for parents
of these sizes, time from recorded builds of the same builder: from the same parents, or in proportion to size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from zoosmith.bench.fitting import fit, needed_mb
from zoosmith.build import lookup
from zoosmith.build.building import claimed_by
from zoosmith.build.weighed import NOTHING, Weighed, of_artifact, of_census, of_files
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import data_of
from zoosmith.contract.params import Params
from zoosmith.execution.resources import memory_mb
from zoosmith.recipes.graph import Ref

if TYPE_CHECKING:
    from zoosmith.records.schema import BuildRecord


class Take(NamedTuple):
    """What one step takes.

    size: bytes of what it makes, 0 where nobody knows. download: of them, bytes that come over the network. memory_mb:
    at its peak. seconds: None where no recorded build tells.
    """

    name: str
    size: int
    memory_mb: int
    download: int = 0
    seconds: float | None = None


class Forecast:
    """Of one opened zoo: sizes and records are looked up once."""

    def __init__(self, workspace: Workspace) -> None:
        """Of the zoo of `workspace`."""
        self.workspace = workspace
        self.zoo = workspace.zoo
        self._weighed: dict[Ref, Weighed] = {}

    def steps(self, refs: Iterable[Ref], *, measured: bool = True) -> list[Take]:
        """What is to be fetched and built for artifacts, in order; with `measured`, measuring each of them too."""
        refs = list(refs)
        nodes = [node for ref in refs for node in (*self._lineage(ref, measured), ref)]
        with self.workspace.resolver.one_look():
            takes = [self.step(node) for node in dict.fromkeys(nodes) if not self._finished(node)]
            if measured:
                takes += [self.measuring(ref) for ref in refs if not self.workspace.measured(ref, "quick")]
        return takes

    def _lineage(self, ref: Ref, measured: bool) -> list[Ref]:
        reference = self.zoo.families[ref.recipe].reference
        others = [*self.zoo.lineage(reference), reference] if measured and reference != ref else []
        return [*self.zoo.lineage(ref), *others]

    def step(self, node: Ref) -> Take:
        """What fetching a base or building an artifact takes."""
        found = self.weighed(node)
        if self.zoo.base(node) is not None:
            fetched = found.size if self._comes_from_hub(node) else 0
            return Take(f"fetch {node}", found.size, 256, fetched)
        return Take(
            f"build {full_name(node.recipe, node.name)}", found.size, self._memory(node), 0, self._seconds(node)
        )

    def measuring(self, ref: Ref) -> Take:
        """What measuring takes: artifact and reference are open at once, or take turns where that is too much."""
        sides = [self.weighed(side).size for side in {ref, self.zoo.families[ref.recipe].reference}]
        held = sides if fit(sides, memory_mb()) else [max(sides)]
        return Take(f"measure {full_name(ref.recipe, ref.name)}", 0, sum(map(needed_mb, held)))

    def weighed(self, node: Ref) -> Weighed:
        """Size and weights of a base or an artifact, built or not."""
        if node not in self._weighed:
            self._weighed[node] = self._weigh(node)
        return self._weighed[node]

    def _weigh(self, node: Ref) -> Weighed:
        record = self.workspace.resolver.finished("artifact" if self.zoo.base(node) is None else "base", node)
        try:
            if record:
                store = self.workspace.store
                if not store.has(record.tree):  # a cache has it
                    return Weighed(sum(entry.size for entry in store.tree(record.tree) or ()))
                return of_files({entry.path: store.file(entry.sha256) for entry in store.tree(record.tree) or ()})
            return self._base(node) if self.zoo.base(node) is not None else self._artifact(node)
        except (ZooError, OSError):  # the step itself says what is wrong
            return NOTHING

    def _base(self, node: Ref) -> Weighed:
        from zoosmith.sources import pick, sizes

        base = self.zoo.base(node)
        assert base is not None
        if base.path:
            found = pick.needed(self.workspace.project / base.path)
            return of_files({name: file for name, file in found.items() if not base.files or name in base.files})
        told = sizes.announced(base.repo, base.revision, base.files) if base.repo and base.revision else None
        return of_census(told.size, told.census) if told else NOTHING

    def _artifact(self, node: Ref) -> Weighed:
        made = lookup.output(self.zoo, node, self.workspace.project)
        found = of_artifact(made, {role: self.weighed(parent) for role, parent in self.zoo.parents(node).items()})
        own = self._records.get(full_name(node.recipe, node.name))
        return found if found.known or own is None else Weighed(own.size_own)

    def _memory(self, node: Ref) -> int:
        """What the builder claims for parents of these sizes."""
        module, params = self._builder(node)
        parents = {role: self.weighed(parent).size for role, parent in self.zoo.parents(node).items()}
        task = self.zoo.families[node.recipe].recipe.task
        return claimed_by(module, params, parents).at(task.max_length if task else 0).memory_mb

    def _builder(self, node: Ref) -> tuple[ModuleType, Params]:
        project = self.workspace.project
        return lookup.builder(self.zoo, node, project), lookup.params(self.zoo, node, project)

    def _comes_from_hub(self, node: Ref) -> bool:
        base = self.zoo.base(node)
        return base is not None and base.path is None

    def _finished(self, node: Ref) -> bool:
        kind = "artifact" if self.zoo.base(node) is None else "base"
        return self.workspace.resolver.finished(kind, node) is not None

    @cached_property
    def _records(self) -> Mapping[str, BuildRecord]:
        """Recorded builds by full name."""
        from zoosmith.build.recorded import build_in, recorded

        folders: Mapping[str, Path] = recorded(self.workspace.project)
        return {name: build for name, folder in folders.items() if (build := build_in(folder))}

    def _seconds(self, node: Ref) -> float | None:
        """As its own record says, or others of its builder: not of trainings, which rows and epochs decide.

        As they are of those that were made from parents of the same names; else in proportion to sizes.
        """
        from statistics import median

        own = self._records.get(full_name(node.recipe, node.name))
        if own and "seconds" in own.provenance:
            return float(own.provenance["seconds"])
        if "train" in data_of(*self._builder(node)):
            return None
        name, size = self.zoo.artifact(node).builder, self.weighed(node).size
        like = [build for build in self._records.values() if build.builder == name and build.provenance.get("seconds")]
        if alike := [build for build in like if self._of_same_parents(build, node)]:
            return median(float(build.provenance["seconds"]) for build in alike)
        paces = [float(build.provenance["seconds"]) / max(1, build.size_own) for build in like]
        return median(paces) * size if paces and size else None

    def _of_same_parents(self, build: BuildRecord, node: Ref) -> bool:
        parents = {role: str(parent) for role, parent in self.zoo.parents(node).items()}
        return {role: parent["name"] for role, parent in build.parents.items()} == parents
