"""From a node of the graph to its action, once its parents are known.

A key needs the digests of the parents' trees, so it exists only when they are built: `Unresolved` says
what is missing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith.build import lookup
from zoosmith.build.building import build_action
from zoosmith.build.codehash import build_code, code_digests
from zoosmith.build.contents import Contents, DigestOf, folder_digest, signature
from zoosmith.build.fetching import base_action, data_action, reading_code, source
from zoosmith.build.key_parts import Facts, device_of, imports_of, packages_of
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.execution.action import Action, public_versions
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.store.store import ActionResult, Store


class Unresolved(ZooError):
    """A parent is not built yet, so the key is not known."""


class Resolver:
    """Actions and results of bases, data sets and artifacts."""

    def __init__(self, zoo: Zoo, store: Store, project: Path, facts: Facts) -> None:
        """Look things up in `zoo` and `store`. facts: what keys say of the machine that builds."""
        self.zoo = zoo
        self.store = store
        self.project = project
        self.facts = facts
        self.threads = facts.threads
        self._done: dict[str, ActionResult] = {}
        self._versions: dict[ModuleType, dict[str, str]] = {}
        self._builders: dict[Ref, ModuleType] = {}
        self._installed: dict[tuple[str, ...], dict[str, str]] = {}
        self.contents = Contents(store.root)
        self._actions: dict[tuple[str, Ref], tuple[object, Action]] = {}
        self._code: dict[tuple[Path, ...], dict[str, str]] = {}
        self._imports: dict[tuple[Path, ...], dict[str, Any]] = {}
        self._entries: dict[Ref, list[Path]] = {}
        self._infos: dict[str, dict[str, Any]] = {}
        self._look = threading.local()
        self._leaves_unread = False

    def action(self, kind: str, ref: Ref) -> Action:
        """The action of a "base", "data", "baselines" or "artifact". Raises Unresolved while a parent is missing."""
        if kind == "base":
            return self.base(ref)
        if kind == "baselines":
            from zoosmith.build import baselines

            return baselines.action(self, ref)
        return self.data(ref) if kind == "data" else self.artifact(ref)

    def finished(self, kind: str, ref: Ref) -> ActionResult | None:
        """The node's result if everything that it depends on and itself is built and up to date."""
        try:
            return self.done(self.action(kind, ref))
        except Unresolved:
            return None

    def done(self, action: Action) -> ActionResult | None:
        """The result of an action from the cache; looked up on disk until it is there once."""
        if action.key not in self._done:
            record = self.store.known(action.key)
            if record is None:
                return None
            self._done[action.key] = record
        return self._done[action.key]

    def as_if(self, record: ActionResult) -> None:
        """Go on as if this result were in the store, of which only small files need be there: for a plan."""
        self._done[record.key] = record

    def tree(self, kind: str, ref: Ref) -> str:
        """Digest of a finished node's tree. Raises Unresolved."""
        record = self.finished(kind, ref)
        if record is None:
            raise Unresolved(f"{ref} is not built yet")
        return record.tree

    @contextmanager
    def one_look(self) -> Iterator[dict[tuple[str, Ref], Action]]:
        """The actions that were resolved since this thread began to look: nothing is built meanwhile, so they hold.

        Without it a chain of artifacts is walked down again from each of its members.
        """
        found = getattr(self._look, "found", None)
        if found is not None:
            yield found
            return
        self._look.found = {}
        try:
            yield self._look.found
        finally:
            self._look.found = None

    @contextmanager
    def leaving_unread(self) -> Iterator[None]:
        """Take large sources of the project that were never fetched for unfetched, without reading them for their key.

        What else has the same bytes under another name is not found so.
        """
        self._leaves_unread = True
        try:
            yield
        finally:
            self._leaves_unread = False

    def _leave_unread(self, path: str, digest_of: DigestOf, name: str) -> None:
        if not self._leaves_unread or self.store.key(name):
            return
        if not self.contents.is_soon_told(self.project / path, digest_of):
            raise Unresolved(f"{path} was not read yet")

    def base(self, ref: Ref) -> Action:
        """Fetch a base."""
        base = self.zoo.base(ref)
        path = base.path if base and not base.files and not base.repo and not base.pypi else None
        if path:
            from zoosmith.sources import pick

            self._leave_unread(path, pick.key, f"{ref.recipe}/bases/{ref.name}")
        return self._remembered("base", ref, self._seen(path), base_action)

    def data(self, ref: Ref) -> Action:
        """Make or fetch the rows of a data set."""
        with self.one_look() as found:
            if ("data", ref) not in found:
                path = self.zoo.data(ref).path
                if path:
                    self._leave_unread(path, folder_digest, f"{ref.recipe}/data/{ref.name}")
                seen = self._seen(path)
                found["data", ref] = self._remembered("data", ref, seen, data_action)
            return found["data", ref]

    def source(self, ref: Ref) -> dict[str, Any]:
        """Where rows come from and what is taken of them, as the recipe says; of a builtin its code too."""
        return source(self, ref)

    @cached_property
    def reading(self) -> list[str]:
        """Code that makes rows, as it was when first asked for."""
        return reading_code()

    def artifact(self, ref: Ref) -> Action:
        """Build an artifact. Raises Unresolved while a parent or the data is missing."""
        with self.one_look() as found:
            if ("artifact", ref) not in found:
                try:
                    inputs = self._inputs(ref)
                except ZooError:  # told by what follows, after what comes before it
                    inputs = None
                found["artifact", ref] = self._remembered("artifact", ref, inputs, build_action)
            return found["artifact", ref]

    def _remembered(self, kind: str, ref: Ref, seen: object, make: Callable[[Resolver, Ref], Action]) -> Action:
        """The action made before, where what may change in a run is as it was: `seen`; None where nobody knows."""
        known = self._actions.get((kind, ref))
        if known is None or seen is None or known[0] != seen:
            known = self._actions[kind, ref] = (seen, make(self, ref))
        return known[1]

    def _seen(self, path: str | None) -> object:
        """What the file system says of a source of the project; () for one that comes from elsewhere."""
        return signature(self.project / path) if path else ()

    def _inputs(self, ref: Ref) -> object:
        """What decides an artifact's action and may change in a run; None where more may. Raises Unresolved."""
        module = self.builder(ref)
        if getattr(module, "TOOLS", ()) or any("[" in name for name in self.zoo.artifact(ref).gates):
            return None
        parents = [self.parent_tree(parent) for parent in self.zoo.parents(ref).values()]
        return parents, self.task_data(ref.recipe), device_of(module, self.facts)

    def builder(self, ref: Ref) -> ModuleType:
        """The module that builds an artifact, loaded once. Raises RecipeError where there is none."""
        if ref not in self._builders:
            self._builders[ref] = lookup.builder(self.zoo, ref, self.project)
        return self._builders[ref]

    def packages(self, module: ModuleType) -> dict[str, str]:
        """Versions of what a builder requires, looked up once for each builder: one run sees one state."""
        if module not in self._versions:
            self._versions[module] = packages_of(module, self.facts)
        return self._versions[module]

    def versions(self, packages: tuple[str, ...]) -> dict[str, str]:
        """Versions installed here, looked up once. Raises ZooError naming a package that is not installed."""
        if packages not in self._installed:
            self._installed[packages] = public_versions(packages)
        return self._installed[packages]

    @property
    def python(self) -> str:
        """Version of Python that builds."""
        return self.facts.python

    def machine(self, module: ModuleType) -> dict[str, Any]:
        """What of the machine decides the bytes, where a builder does not claim that they are equal everywhere."""
        if getattr(module, "REPRODUCES", "bytes") == "bytes":
            return {}
        return {"machine": {"threads": self.threads, "isa": self.isa}}

    @property
    def isa(self) -> list[str]:
        """Instruction sets of the machine that builds."""
        return self.facts.isa

    def parent_tree(self, ref: Ref) -> str:
        """Tree digest of a parent, base or artifact. Raises Unresolved."""
        return self.tree("artifact" if self.zoo.base(ref) is None else "base", ref)

    def task_data(self, recipe: str) -> str | None:
        """Tree digest of the data that the recipe's task names. Raises Unresolved."""
        task = self.zoo.families[recipe].recipe.task
        return self.tree("data", Ref(recipe, task.data)) if task and task.data else None

    def data_info(self, tree: str) -> dict[str, Any]:
        """data.json of a data tree, read once: labels, rows and SHA-256 of each split."""
        if tree not in self._infos:
            self._infos[tree] = json.loads(self.store.read(tree, "data.json"))
        return self._infos[tree]

    def splits(self, recipe: str, names: tuple[str, ...]) -> dict[str, str]:
        """Fingerprints of just the splits that a builder names. Raises ZooError where one is missing."""
        if not names:
            return {}
        tree = self.task_data(recipe)
        assert tree is not None
        found = self.data_info(tree)["splits"]
        if missing := [name for name in names if name not in found]:
            raise ZooError(f"the data of {recipe} has no split {missing[0]!r}; it has {', '.join(sorted(found))}")
        return {name: found[name]["sha256"] for name in names}

    def task(self, recipe: str) -> dict[str, Any] | None:
        """The task spec of a recipe as JSON. Raises Unresolved while the data that names the labels is missing."""
        task = self.zoo.families[recipe].recipe.task
        if task is None:
            return None
        module = lookup.task_part(self.zoo, recipe, None, "encoding", self.project)
        labels = list(task.labels)
        if not labels and task.data:
            labels = self.data_info(self.tree("data", Ref(recipe, task.data)))["labels"]
        inputs = module.inputs_of(task.prompt) if hasattr(module, "inputs_of") else module.INPUTS
        spec = TaskSpec(
            kind=task.kind,
            inputs=inputs,
            labels=labels,
            max_length=task.max_length,
            prompt=task.prompt,
            chat=task.chat,
            symmetric=task.symmetric,
        )
        return spec.model_dump(mode="json")

    def code(self, *entries: Path) -> dict[str, str]:
        """Digests by module of the code behind `entries`, as it was when first asked for: one run sees one state."""
        if entries not in self._code:
            self._code[entries] = code_digests(*entries)
        return self._code[entries]

    def imports(self, entries: Sequence[Path]) -> dict[str, Any]:
        """What a key holds of what the user's own modules behind `entries` import, as `code`."""
        if tuple(entries) not in self._imports:
            self._imports[tuple(entries)] = imports_of(list(entries), self.facts)
        return self._imports[tuple(entries)]

    def entries(self, ref: Ref) -> list[Path]:
        """The modules that the build of an artifact starts from, looked up once."""
        if ref not in self._entries:
            task = self.zoo.families[ref.recipe].recipe.task
            builder = self.zoo.artifact(ref).builder
            self._entries[ref] = build_code(builder, task.kind if task else None, self.project)
        return self._entries[ref]
