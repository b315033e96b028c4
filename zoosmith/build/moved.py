"""What has moved on since a recorded artifact was made: its recipe, its builder's code, or a parent.

It is told from the record alone, so that a card says the same in every checkout: the action that would be run now, had
it the recorded parents, rows and package versions, has the recorded key or it has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith.build import lookup
from zoosmith.build.key_parts import Here
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.build.snapshot import Snapshot
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import data_of
from zoosmith.contract.params import Params
from zoosmith.execution.action import Action
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.remote.origin import HOST, IMPORTS, MACHINE
from zoosmith.store.store import Store

RECORDED = "recorded"  # stands for the tree of the data, of which the record holds labels and fingerprints


class _AsRecorded(Resolver):
    """Resolves one artifact as if its parents, rows, packages and host were those that its record names."""

    def __init__(self, zoo: Zoo, project: Path, build: BuildRecord) -> None:
        self.host: dict[str, Any] = build.provenance.get(HOST, {})
        made_for: dict[str, Any] = build.provenance.get(MACHINE, {})
        self.sets: list[str] | None = made_for.get("isa", self.host.get("isa"))
        threads = made_for.get("threads", self.host.get("cores", 1))
        super().__init__(zoo, Store(project / "artifacts" / ".store"), project, Here(threads))
        self.build = build
        self.trees = {parent["name"]: parent["digest"] for parent in build.parents.values()}

    def parent_tree(self, ref: Ref) -> str:
        """The tree that the record names. Raises Unresolved where it names none."""
        if str(ref) not in self.trees:
            raise Unresolved(f"{ref} was no parent then")
        return self.trees[str(ref)]

    def tree(self, kind: str, ref: Ref) -> str:
        """Of data, a stand-in; of all else the parent's."""
        return RECORDED if kind == "data" else self.parent_tree(ref)

    def data_info(self, tree: str) -> dict[str, Any]:
        """What the record has of data.json."""
        return {"labels": [], "splits": {}} | self.build.data

    def packages(self, module: ModuleType) -> dict[str, str]:
        """The recorded versions: what is installed here is no matter of the card."""
        return self.build.packages

    def imports(self, entries: Sequence[Path]) -> dict[str, Any]:
        """The recorded versions; a record from before they were kept has none, and what is installed here counts."""
        told = self.build.provenance.get(IMPORTS)
        return super().imports(entries) if told is None else {"imports": told}

    @property
    def python(self) -> str:
        """The version that built it."""
        return ".".join(self.host["python"].split(".")[:2]) if "python" in self.host else super().python

    @property
    def isa(self) -> list[str]:
        """The instruction sets of the host that built it, or that it was built for."""
        return super().isa if self.sets is None else list(self.sets)


def moved(zoo: Zoo, project: Path, records: Snapshot, ref: Ref) -> list[str]:
    """The reasons why a build of `ref` would not give what is recorded; none where it would, or nothing is recorded."""
    build = records.build(ref)
    return [] if build is None else [*_own(zoo, project, ref, build), *_parents(zoo, project, records, ref, build)]


def asked_otherwise(zoo: Zoo, ref: Ref, measured: Measurement) -> list[str]:
    """What the evals of the recipe ask of `ref` now that was not asked when its figures were measured."""
    recipe, found = zoo.families[ref.recipe].recipe, []
    asked = recipe.evals_of(ref.name)
    for id, eval_ in asked.items():
        if (then := measured.quality.get(id)) is None:
            found.append(f"its eval `{id}` was added since")
            continue
        data = recipe.data[eval_.data]
        now = {"kind": eval_.kind, "data": data.repo or data.builtin or eval_.data, "split": eval_.split}
        names = [name for name, value in (now | {"rows": eval_.rows}).items() if getattr(then, name) != value]
        if names:
            found.append(f"its eval `{id}` asks otherwise now: {', '.join(f'`{name}`' for name in names)}")
    return found + [f"its eval `{id}` is asked no more" for id in measured.quality if id not in asked]


def _own(zoo: Zoo, project: Path, ref: Ref, build: BuildRecord) -> list[str]:
    """What the recipe says otherwise now; where it says the same and the key differs, it is the code."""
    spec = zoo.artifact(ref)
    if spec.builder != build.builder:
        return [f"it is made by builder `{spec.builder}` now, then by `{build.builder}`"]
    found = _recipe(zoo, project, ref, build)
    if found:
        return found
    try:
        action = _AsRecorded(zoo, project, build).artifact(ref)
    except (Unresolved, KeyError):  # a parent of another name, a split that was not there
        return ["its recipe names other parents or splits"]
    except ZooError as error:
        return [f"whether its builder is the same cannot be told: {error}"]
    if build.action_key in _keys(action):
        return []
    return [f"builder `{build.builder}`, what it imports, its tools or its task have changed"]


def _recipe(zoo: Zoo, project: Path, ref: Ref, build: BuildRecord) -> list[str]:
    spec, params = zoo.artifact(ref), lookup.params(zoo, ref, project)
    then, now = _unasked(params) | build.params, params.model_dump(mode="json")
    names = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    found = [f"parameters {', '.join(f'`{name}`' for name in names)} are others"] if names else []
    if spec.seed != build.seed:
        found.append(f"its seed is {spec.seed} now, then {build.seed}")
    parents = {role: str(parent) for role, parent in zoo.parents(ref).items()}
    if parents != {role: parent["name"] for role, parent in build.parents.items()}:
        found.append(f"it is made from {', '.join(parents.values())} now")
    return [
        *found,
        *_rows(zoo, project, ref, build),
        *_bases(zoo, build),
    ]


def _rows(zoo: Zoo, project: Path, ref: Ref, build: BuildRecord) -> list[str]:
    """What the recipe says otherwise of the rows that it is made of; records from before say nothing of them."""
    task, then = zoo.families[ref.recipe].recipe.task, build.data.get("source")
    reads = data_of(lookup.builder(zoo, ref, project), lookup.params(zoo, ref, project))
    if not reads or then is None or task is None or task.data is None:
        return []
    now = _AsRecorded(zoo, project, build).source(Ref(ref.recipe, task.data))
    names = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    return [f"its rows are of other data now: {', '.join(f'`{name}`' for name in names)} changed"] if names else []


def _bases(zoo: Zoo, build: BuildRecord) -> list[str]:
    return [
        f"its base {known.name} is pinned otherwise now"
        for known in build.bases
        if (base := _base(zoo, known.name)) is None or (base.repo, base.revision) != (known.repo, known.revision)
    ]


def _unasked(params: Params) -> dict[str, Any]:
    """What parameters are where a recipe does not name them: a record from before there was one did not ask for it."""
    fields = type(params).model_fields.items()
    given = {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}
    return {
        name: value for name, value in params.model_copy(update=given).model_dump(mode="json").items() if name in given
    }


def _base(zoo: Zoo, name: str) -> Any:
    recipe, _, base = name.partition("/")
    return zoo.base(Ref(recipe, base)) if recipe in zoo.families else None


def _keys(action: Action) -> Iterator[str]:
    """The action's key, on whatever device it was run."""
    plain = {name: value for name, value in action.inputs.items() if name != "device"}
    for place in ({}, {"device": "cuda"}):
        yield Action(action.name, action.title, action.entry, plain | place, action.run).key


def _parents(zoo: Zoo, project: Path, records: Snapshot, ref: Ref, build: BuildRecord) -> list[str]:
    """Parents that were made anew since, or have moved on themselves."""
    found, made_of = [], {parent["name"]: parent["digest"] for parent in build.parents.values()}
    for parent in zoo.parents(ref).values():
        recorded = None if zoo.base(parent) else records.build(parent)
        if recorded is None or str(parent) not in made_of:
            continue
        name = full_name(parent.recipe, parent.name)
        if recorded.tree_digest != made_of[str(parent)]:
            found.append(f"its parent {name} was made anew since, another tree")
        elif moved(zoo, project, records, parent):
            found.append(f"its parent {name} has moved on")
    return found
