"""From a node of the graph to its action, once its parents are known.

A key needs the digests of the parents' trees, so it exists only when they are built: `Unresolved` says
what is missing.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith import plugins
from zoosmith.bench.host import ISA, device
from zoosmith.build import baselines, foreign, sliced
from zoosmith.build import zoo as zoos
from zoosmith.build.codehash import beside, build_code, closure_key, code_digests, other_packages, own_digest
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.contract.output import Resources, data_of
from zoosmith.execution.action import Action, public_versions, version_of_module
from zoosmith.plugins import PACKAGE
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.schema import Data
from zoosmith.sources import pick
from zoosmith.sources.tables import check_names
from zoosmith.store.files import payload, sha256_file
from zoosmith.store.store import ActionResult, Store
from zoosmith.toolkit.torch import processor

PROBE_ROWS = 48


class Unresolved(ZooError):
    """A parent is not built yet, so the key is not known."""


class Resolver:
    """Actions and results of bases, data sets and artifacts."""

    def __init__(self, zoo: Zoo, store: Store, project: Path, threads: int) -> None:
        """Look things up in `zoo` and `store`; steps get `threads` threads."""
        self.zoo = zoo
        self.store = store
        self.project = project
        self.threads = threads
        self._done: dict[str, ActionResult] = {}
        self._versions: dict[ModuleType, dict[str, str]] = {}
        self._contents: dict[Path, tuple[list[Any], str]] = {}
        self._code: dict[tuple[Path, ...], dict[str, str]] = {}

    def action(self, kind: str, ref: Ref) -> Action:
        """The action of a "base", "data", "baselines" or "artifact". Raises Unresolved while a parent is missing."""
        if kind == "base":
            return self.base(ref)
        if kind == "baselines":
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
            record = self.store.finished(action.key)
            if record is None:
                return None
            self._done[action.key] = record
        return self._done[action.key]

    def tree(self, kind: str, ref: Ref) -> str:
        """Digest of a finished node's tree. Raises Unresolved."""
        record = self.finished(kind, ref)
        if record is None:
            raise Unresolved(f"{ref} is not built yet")
        return record.tree

    def base(self, ref: Ref) -> Action:
        """Fetch a base. With `files`, only these decide the key: any source that has them will do."""
        base = self.zoo.base(ref)
        assert base is not None
        decided: dict[str, Any] = {"files": dict(base.files)}
        if not base.files and base.repo:
            decided = {"repo": base.repo, "revision": base.revision}
        elif not base.files and base.pypi:
            decided = {"pypi": base.pypi.model_dump()}
        elif not base.files and base.path:
            decided = {"path": self._content(self.project / base.path, pick.key)}
        return Action(
            name=f"{ref.recipe}/bases/{ref.name}",
            title=f"fetch {ref}",
            entry="zoosmith.build.inputs:base",
            inputs={"schema": 1, "kind": "fetch", **decided, "trust_remote_code": False},
            run={"base": base.model_dump(mode="json"), "name": str(ref)},
            resources=Resources(cpus=0, memory_mb=256),
        )

    def data(self, ref: Ref) -> Action:
        """Make or fetch the rows of a data set, one canonical JSON-lines file a split."""
        data = self.zoo.data(ref)
        decided = self.source(ref)
        named: dict[str, str] = {}
        if data.builtin:
            module = plugins.load("builtin", data.builtin, self.project)
            named = self.code(plugins.find("builtin", data.builtin, self.project))
            decided["packages"] = public_versions(tuple(module.REQUIRES))
        else:
            decided |= {"code": self._reading, "packages": _reading_packages(data, self.project)}
        if data.path:
            decided["path"] = self._content(self.project / data.path, folder_digest)
        check_names(data, self.project)
        if slices := sliced.columns(self.zoo, ref):
            decided["slices"] = {split: sorted(columns) for split, columns in slices.items()}
        return Action(
            name=f"{ref.recipe}/data/{ref.name}",
            title=f"data {ref}",
            entry="zoosmith.build.inputs:data",
            inputs={"schema": 1, "kind": "data", "python": python_version(), **decided},
            run={"data": data.model_dump(mode="json"), "name": str(ref), "code": named, "slices": slices},
            # no build: it waits for no measurement, of whatever zoo; files are read row by row
            resources=Resources(cpus=0, memory_mb=300 if data.path else 1024),
        )

    def source(self, ref: Ref) -> dict[str, Any]:
        """Where rows come from and what is taken of them, as the recipe says; of a builtin its code too."""
        data = self.zoo.data(ref)
        said: dict[str, Any] = data.model_dump(mode="json", exclude={"license"})
        if data.builtin:
            said["code"] = closure_key(self.code(plugins.find("builtin", data.builtin, self.project)))
        return said

    @cached_property
    def _reading(self) -> list[str]:
        """Code that makes rows, as it was when first asked for."""
        return _reading_code()

    def _content(self, path: Path, digest_of: Callable[[Path], str]) -> str:
        """`digest_of(path)`, computed again where the file system tells of a change."""
        seen = _signature(path)
        if path not in self._contents or self._contents[path][0] != seen:
            self._contents[path] = (seen, digest_of(path))
        return self._contents[path][1]

    def artifact(self, ref: Ref) -> Action:
        """Build an artifact. Raises Unresolved while a parent or the data is missing."""
        module = zoos.builder(self.zoo, ref, self.project)
        spec, params = self.zoo.artifact(ref), zoos.params(self.zoo, ref, self.project)
        sliced.check_values(self, ref)
        parents = {role: self.parent_tree(parent) for role, parent in self.zoo.parents(ref).items()}
        sizes = {role: sum(entry.size for entry in self.store.tree(tree) or ()) for role, tree in parents.items()}
        claimed = self._claimed(module, params, sizes)
        output = zoos.output(self.zoo, ref, self.project)
        named = self.code(*self._entries(ref))
        inputs = {
            "schema": 1,
            "kind": "build",
            "builder": spec.builder,
            "code": closure_key(named),
            "params": params.model_dump(mode="json"),
            "parents": parents,
            "splits": self.splits(ref.recipe, data_of(module, params)),
            "task": self.task(ref.recipe),
            "packages": self.packages(module),
            "tools": _tools(module, self.project),
            "seed": spec.seed,
            "python": self.python,
            **_imports(self._entries(ref)),
            **self.machine(module),
        }
        place = _device(module)
        if place != "cpu":
            inputs["device"] = place.partition(":")[0]
        return Action(
            name=f"{ref.recipe}/{ref.name}",
            title=f"build {ref.recipe}-{ref.name}" + ("" if place == "cpu" else f" on {place}"),
            entry="zoosmith.build.build:run",
            inputs=inputs,
            run={
                "code": named,
                "format": output.format,
                "precision": output.precision,
                "name": str(ref),
                "parents": {role: str(parent) for role, parent in self.zoo.parents(ref).items()},
                "threads": self.threads,
                "device": place,
                "data": self.task_data(ref.recipe),
                "probe_rows": PROBE_ROWS,
                "labels_ordered": self._ordered(ref.recipe),
            },
            resources=claimed.at(self._tokens(ref)),
            timeout_s=getattr(module, "TIMEOUT_S", 86_400.0),
            environment=tuple(getattr(module, "ENVIRONMENT", ())),
            imports=tuple(module.REQUIRES) if hasattr(module, "REQUIRES") else (),
        )

    def packages(self, module: ModuleType) -> dict[str, str]:
        """Versions of what a builder requires, looked up once for each builder: one run sees one state."""
        if module not in self._versions:
            self._versions[module] = _packages(module)
        return self._versions[module]

    @property
    def python(self) -> str:
        """Version of Python that builds."""
        return python_version()

    def machine(self, module: ModuleType) -> dict[str, Any]:
        """What of the machine decides the bytes, where a builder does not claim that they are equal everywhere."""
        if getattr(module, "REPRODUCES", "bytes") == "bytes":
            return {}
        return {"machine": {"threads": self.threads, "isa": self.isa}}

    @property
    def isa(self) -> list[str]:
        """Instruction sets of the machine that builds."""
        return [name for name in ISA if name in processor.flags()]

    def _claimed(self, module: ModuleType, params: Any, sizes: dict[str, int]) -> Resources:
        """What the builder says that a build takes. Raises ZooError for what its own code raises."""
        if not hasattr(module, "resources"):
            return Resources(2, 2048)
        with foreign.told(Path(str(module.__file__))):
            return Resources(*module.resources(params, sizes))

    def _tokens(self, ref: Ref) -> int:
        """The longest text that the recipe's task takes."""
        task = self.zoo.families[ref.recipe].recipe.task
        return task.max_length if task else 0

    def parent_tree(self, ref: Ref) -> str:
        """Tree digest of a parent, base or artifact. Raises Unresolved."""
        return self.tree("artifact" if self.zoo.base(ref) is None else "base", ref)

    def task_data(self, recipe: str) -> str | None:
        """Tree digest of the data that the recipe's task names. Raises Unresolved."""
        task = self.zoo.families[recipe].recipe.task
        return self.tree("data", Ref(recipe, task.data)) if task and task.data else None

    def data_info(self, tree: str) -> dict[str, Any]:
        """data.json of a data tree: labels, rows and SHA-256 of each split."""
        info: dict[str, Any] = json.loads(self.store.read(tree, "data.json"))
        return info

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
        module = zoos.task_part(self.zoo, recipe, None, "encoding", self.project)
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

    def _ordered(self, recipe: str) -> bool:
        """Whether anybody says in which order the labels of the task stand: the recipe, or what its data comes from."""
        task, tree = self.zoo.families[recipe].recipe.task, self.task_data(recipe)
        return bool(tree is None or (task and task.labels) or self.data_info(tree).get("labels_from") != "rows")

    def code(self, *entries: Path) -> dict[str, str]:
        """Digests by module of the code behind `entries`, as it was when first asked for: one run sees one state."""
        if entries not in self._code:
            self._code[entries] = code_digests(*entries)
        return self._code[entries]

    def _entries(self, ref: Ref) -> list[Path]:
        task = self.zoo.families[ref.recipe].recipe.task
        return build_code(self.zoo.artifact(ref).builder, task.kind if task else None, self.project)


def _device(module: ModuleType) -> str:
    """Where a builder computes: on what $ZOOSMITH_BUILD_DEVICE says, where it can. Raises ZooError."""
    wanted = device("ZOOSMITH_BUILD_DEVICE")
    return wanted if wanted.partition(":")[0] in getattr(module, "DEVICES", ()) else "cpu"


def _tools(module: ModuleType, project: Path) -> dict[str, Any]:
    """What decides of the tools that a builder runs: hashes of files of the project, pins of those that are fetched."""
    tools = getattr(module, "TOOLS", ())
    if isinstance(tools, Mapping):
        return {name: pin._asdict() for name, pin in tools.items()}
    return {tool: sha256_file(project / tool) for tool in tools}


def _packages(module: ModuleType) -> dict[str, str]:
    """Versions of what a builder requires: those pinned for an environment of its own, else the installed ones."""
    pins = dict(pin.split("==", 1) for pin in getattr(module, "ENVIRONMENT", ()) if "==" in pin)
    ours = tuple(name for name in getattr(module, "REQUIRES", ()) if name not in pins)
    return dict(sorted((public_versions(ours) | pins).items()))


def _signature(path: Path) -> list[Any]:
    """What the file system says of a file, or of all below a folder."""
    files = [Path(here, name) for here, _, names in os.walk(path) for name in names] or [path]
    stats = [(file, file.stat()) for file in files if file.exists()]
    return sorted((str(f), s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for f, s in stats)


def python_version() -> str:
    """Version of Python without its last part, within which it keeps what programs compute."""
    return ".".join(platform.python_version_tuple()[:2])


def _imports(entries: list[Path]) -> dict[str, Any]:
    """Versions of what a user's own modules import, whether or not REQUIRES names it; {} for nothing."""
    found = {name: version for name in other_packages(*entries) if (version := version_of_module(name))}
    return {"imports": dict(sorted(found.items()))} if found else {}


def _reading_code() -> list[str]:
    """Digests of the modules that make rows of files and tables, each its own."""
    return sorted(own for path in beside(PACKAGE / "sources" / "rows.py") if (own := own_digest(path)))


def _reading_packages(data: Data, project: Path) -> dict[str, str]:
    """Versions of the libraries that read the data: none for text."""
    path = project / str(data.path)
    parquet = data.path and (path.suffix == ".parquet" or any(path.glob("*.parquet")))
    return public_versions(("datasets", "pyarrow")) if data.repo or parquet else {}


def folder_digest(path: Path) -> str:
    """Digest of a file's bytes, or of all files below a folder. Raises ZooError where there is none."""
    if path.is_file():
        return sha256_file(path)
    if not path.is_dir():
        raise ZooError(f"{path} does not exist; the recipe names it as `path:`")
    return digest([[file.as_posix(), sha256_file(path / file)] for file in payload(path)])
