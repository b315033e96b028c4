"""One zoo, opened: its graph, store, resolver, runner and record put together."""

from __future__ import annotations

import json
import os
import sys
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.bench.host import this_host
from zoosmith.build import delivery
from zoosmith.build.codehash import code_digests
from zoosmith.build.key_parts import Here
from zoosmith.build.places import Places, rendering, template
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.build.zoo import load_what_holds, load_zoo
from zoosmith.common.canonical import digest
from zoosmith.common.names import full_name
from zoosmith.common.text import show
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.execution.interrupt import Workers
from zoosmith.execution.place import LOCAL, place_of
from zoosmith.recipes.graph import Family, Ref, Zoo
from zoosmith.store import heal
from zoosmith.store.locks import flock
from zoosmith.store.store import ActionResult, Store

if TYPE_CHECKING:
    from zoosmith.build.crossval.request import Asked
    from zoosmith.build.machine import Machine
    from zoosmith.build.record_store import RecordStore
    from zoosmith.execution.action import Action
    from zoosmith.execution.executor import Executor
    from zoosmith.execution.runner import Runner
    from zoosmith.remote.caches import Caches

SCRATCH = "scratch-zoo"


class Workspace:
    """Everything that tasks and commands need. Cheap to make: recipes are read when first asked for."""

    def __init__(self, project: Path, *, scratch: bool = False, workers: Workers | None = None) -> None:
        """Work on the zoo in `project`; with `scratch`, results, cards and rows go to an ignored folder.

        `workers` can interrupt the steps.
        """
        self.project = project
        self.workers = workers or Workers()
        self.artifacts = project / "artifacts"
        self.record_root = project / SCRATCH if scratch else project
        self.selected: set[Ref] | None = None
        self.crossval: dict[str, Asked] = {}  # by full name, what the command line says of a cross-validation
        self.broken: dict[str, ZooError] = {}
        self.where = LOCAL  # what runs the steps, as `--executor` takes it
        self.placed: list[tuple[str, str]] = []  # artifacts by pattern, and the host class at which to measure them
        self._machines: dict[str, Machine] = {}

    @cached_property
    def zoo(self) -> Zoo:
        """The checked recipes. Raises RecipeError."""
        return load_zoo(self.project)

    def without_broken(self) -> None:
        """Go on with the families that are right; `broken` has, by id, what is wrong with the others."""
        self.zoo, self.broken = load_what_holds(self.project)

    def require_all(self, what: str) -> None:
        """Raise ZooError where a recipe is broken: `what` must know them all."""
        for error in self.broken.values():
            raise ZooError(f"{what} must know every recipe, and one is broken: {error}")

    def families(self) -> list[Family]:
        """The families that tasks are made for: all, unless some artifacts were selected."""
        if self.selected is None:
            return list(self.zoo.families.values())
        chosen = {node.recipe for ref in self.selected for node in (ref, *self.zoo.lineage(ref))}
        return [family for id, family in self.zoo.families.items() if id in chosen]

    def artifacts_selected(self) -> list[Ref]:
        """The selected artifacts, else all, in the order of the recipes."""
        return [ref for ref in self.zoo.artifacts() if self.selected is None or ref in self.selected]

    def names(self) -> set[str]:
        """Names of everything that the recipes describe, as actions carry them."""
        found = set()
        for id, family in self.zoo.families.items():
            found |= {f"{id}/bases/{name}" for name in family.recipe.bases}
            found |= {f"{id}/data/{name}" for name in family.recipe.data}
            found |= {f"{id}/baselines/{name}" for name, eval_ in family.recipe.evals.items() if eval_.baselines}
            found |= {f"{id}/{name}" for name in family.recipe.artifacts}
        return found

    @cached_property
    def store(self) -> Store:
        """The store below artifacts/."""
        from zoosmith.remote.config import configured
        from zoosmith.remote.left import Left

        return Store(self.artifacts / ".store", Left(lambda: configured(self.project)))

    @cached_property
    def profile(self) -> str:
        """Host class of the nodes that keys of builds are made for, as zoosmith.toml says; "" for this machine."""
        return place_of(self.project).profile

    @cached_property
    def resolver(self) -> Resolver:
        """Actions and results over zoo and store; steps get every core of the machine whose keys are made."""
        return self._resolver(self.profile)

    def made_for(self, host_class: str) -> Workspace:
        """The same zoo with keys for nodes of a host class; "" for this machine. Raises ZooError."""
        other = copy(self)
        other.profile, other.resolver = host_class, self._resolver(host_class)
        return other

    def _resolver(self, host_class: str) -> Resolver:
        if not host_class:
            return Resolver(self.zoo, self.store, self.project, Here(len(os.sched_getaffinity(0))))
        from zoosmith.build.built_for import facts

        return Resolver(self.zoo, self.store, self.project, facts(self, host_class))

    @cached_property
    def runner(self) -> Runner:
        """Runs actions in worker processes."""
        from zoosmith.build import running

        return running.runner(self)

    @cached_property
    def executor(self) -> Executor:
        """What runs steps: worker processes of this machine, or nodes of the named cluster. Raises ZooError."""
        from zoosmith.build import running

        return running.executor(self)

    def machine(self, at: str) -> Machine | None:
        """A node of a host class, which one run asks for once; None for this machine. Raises ZooError."""
        if at and at not in self._machines:
            from zoosmith.build.built_for import remember
            from zoosmith.build.machine import of_class

            self._machines[at] = of_class(at, self.executor)
            remember(self.store, self._machines[at])
        return self._machines.get(at)

    @cached_property
    def caches(self) -> Caches | None:
        """The caches that the zoo names, of which nothing is asked yet; None for none. Raises ZooError."""
        from zoosmith.remote.config import configured

        if not (named := configured(self.project)):
            return None
        from zoosmith.remote.caches import Caches

        host = this_host().model_dump(mode="json")
        return Caches(named, self.store, host, lambda line: show(line, to=sys.stderr))

    @cached_property
    def records(self) -> RecordStore:
        """Results, cards and registry."""
        from zoosmith.build.record_store import RecordStore

        return RecordStore(self.project, self.zoo, self.record_root)

    def make(self, kind: str, ref: Ref) -> ActionResult:
        """Run the action of a base, data set or artifact whose parents are built, and remember its name."""
        return self.runner.run(self.resolver.action(kind, ref), named=True)

    def made(self, kind: str, ref: Ref) -> bool:
        """Whether a node is built and up to date; its name then stands for that action."""
        record = self.resolver.finished(kind, ref)
        return record is not None and self._named(self.resolver.action(kind, ref))

    def _named(self, action: Action) -> bool:
        """Let its name stand for a finished action; False where that was collected before it had the name."""
        name, key, made_for = action.name, action.key, action.made_for
        if (self.store.key(name), self.store.made_for(name)) == (key, made_for):
            return True
        with self.store.kept():
            self.store.name(name, key, made_for)
            return self.store.known(key) is not None

    def measure(self, ref: Ref, suite: str, at: str = "") -> ActionResult:
        """Measure a built artifact on this host, or on a node of the host class `at`."""
        from zoosmith.build.measuring import measure_action

        return self.runner.run(measure_action(self.resolver, ref, suite, self.machine(at)), named=True)

    def measured(self, ref: Ref, suite: str, at: str = "") -> bool:
        """Whether this host, or one of the class `at`, has measured the artifact as it is now."""
        return self.measurement(ref, suite, at) is not None

    def measurement(self, ref: Ref, suite: str, at: str = "") -> ActionResult | None:
        """This host's measurement of the artifact as it is now, or that of the class `at`."""
        from zoosmith.build.measuring import measure_action

        try:
            return self.resolver.done(measure_action(self.resolver, ref, suite, self.machine(at)))
        except Unresolved:
            return None

    def home(self, ref: Ref) -> Path:
        """Folder in which an artifact appears."""
        return self.artifacts / full_name(ref.recipe, ref.name)

    def needed(self, ref: Ref) -> dict[str, Ref]:
        """Tree digest -> parent that a built artifact cannot be opened without. Raises Unresolved."""
        if self.zoo.base(ref) is not None:
            return {}
        needs = json.loads(self.store.read(self.resolver.tree("artifact", ref), PAYLOAD_MANIFEST))["needs"]
        return {tree: self.zoo.parents(ref)[role] for role, tree in sorted(needs.items())}

    def deliver(self, ref: Ref) -> None:
        """Copy an artifact out of the store to artifacts/NAME: what was there, nothing, or the whole is seen.

        What it needs, artifact or base, is put beside it first.
        """
        for parent in self.needed(ref).values():
            if not self.delivered(parent):
                self.deliver(parent)
        tree = self.resolver.parent_tree(ref)
        if self.store.left_at(tree):
            self.runner.bring([tree], full_name(ref.recipe, ref.name))
        with self.store.kept(), flock(self.store.folder("locks") / f"{full_name(ref.recipe, ref.name)}.delivery.lock"):
            self.store.checkout(tree, self.home(ref))
            self._put_stamp(self._stamp(ref, "delivered"), delivery.fingerprint(self.home(ref), tree))

    def delivered(self, ref: Ref) -> bool:
        """Whether artifacts/NAME holds the artifact as it is now, untouched and alone, with all that it needs."""
        record = self.resolver.finished("artifact" if self.zoo.base(ref) is None else "base", ref)
        told = heal.read_regular(self._stamp(ref, "delivered"))
        if record is None or told is None or told != delivery.fingerprint(self.home(ref), record.tree).encode():
            return False
        return all(self.delivered(parent) for parent in self.needed(ref).values())

    def faults_of_delivery(self, ref: Ref) -> list[str]:
        """What is in artifacts/NAME that is not as built, by content; [] for nothing. Raises Unresolved."""
        return delivery.faults(self.store, self.resolver.parent_tree(ref), self.home(ref))

    def register(self, ref: Ref, suite: str, at: str = "") -> None:
        """Hold the gates, then write results, cards and the row. Raises GateMissed."""
        from zoosmith.build.describe import build_record
        from zoosmith.records.schema import Measurement

        record = self.measurement(ref, suite, at)
        if record is None:
            raise ZooError(f"{ref} is not measured on {at or 'this host'}")
        reference = self.zoo.families[ref.recipe].reference
        names = {"name": full_name(ref.recipe, ref.name), "reference": full_name(ref.recipe, reference.name)}
        measured = Measurement.model_validate_json(self.store.read(record.tree, "result.json"))
        measured = measured.model_copy(update=names)  # the same trees may have been measured under other names
        self.records.register(ref, build_record(self.resolver, ref), measured)
        self._put_stamp(self._stamp(ref, f"registered-{suite}", at), self._registration(ref, suite, at))

    def registered(self, ref: Ref, suite: str, at: str = "") -> bool:
        """Whether the record holds the artifact and its measurement as they are now."""
        stamp, places = self._stamp(ref, f"registered-{suite}", at), Places(self.record_root)
        host = machine.host if (machine := self.machine(at)) else this_host().id
        written = [places.folder(ref) / name for name in ("build.json", f"{host}.json")]
        files = (
            places.card_file(ref),
            *places.plots_linked(ref),
            self.record_root / "registry.json",
            *written,
        )
        told = heal.read_regular(stamp)
        if not told or not all(file.is_file() for file in files):
            return False
        return told == self._registration(ref, suite, at).encode()

    def _registration(self, ref: Ref, suite: str, at: str) -> str:
        """Digest over all that results, card and row are made from."""
        artifact, measurement = self.resolver.finished("artifact", ref), self.measurement(ref, suite, at)
        if artifact is None or measurement is None:
            return ""
        recipe = self.zoo.families[ref.recipe].recipe
        code = code_digests(*rendering())
        return digest([artifact.key, measurement.key, recipe.model_dump(mode="json"), template(self.project), code])

    def _stamp(self, ref: Ref, what: str, at: str = "") -> Path:
        root = digest(str(self.record_root))[:8]
        return self.store.root / "stamps" / root / f"{full_name(ref.recipe, ref.name)}.{what}{'@' if at else ''}{at}"

    def _put_stamp(self, stamp: Path, text: str) -> None:
        heal.place(stamp, text.encode(), self.store.root)

    def render_card(self, ref: Ref) -> None:
        """Render one artifact's card from its record. Raises ZooError where nothing is recorded."""
        from zoosmith.build.record_store import best
        from zoosmith.records import gates

        found = self.records.current(ref)
        name = full_name(ref.recipe, ref.name)
        if found is None:
            raise ZooError(f"nothing is recorded of {name}; run `doit build:{name}`")
        checks = gates.evaluate(self.zoo.artifact(ref).gates, best(found[1]))
        self.records.write_card(ref, *found, checks)
