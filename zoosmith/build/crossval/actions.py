"""The steps of a cross-validation as actions.

What is worth keeping is known without what is not: the key of a fold's scores holds the key of its training, which
holds fingerprints out of the plan. So a fold's data set and model may go (they have no name that `doit gc` would keep),
and a second run still finds its scores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from zoosmith import plugins
from zoosmith.bench.host import device
from zoosmith.build.codehash import closure_key, own_digest
from zoosmith.build.crossval import request, rows, score
from zoosmith.build.lookup import output
from zoosmith.build.measuring import SUITE_VERSION, THREADS
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action, public_versions
from zoosmith.plugins import PACKAGE
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.schema import Folding


class Folds:
    """The actions of one artifact's cross-validation. What it is asked raises Unresolved while parents are missing."""

    def __init__(self, resolver: Resolver, ref: Ref, how: Folding) -> None:
        """Fold the rows of `ref` as `how` says."""
        self.resolver = resolver
        self.ref = ref
        self.how = how
        self.name = full_name(ref.recipe, ref.name)

    @cached_property
    def artifact(self) -> Action:
        """The build of the artifact itself, which each fold's is but for the rows."""
        return self.resolver.artifact(self.ref)

    @property
    def variant(self) -> str:
        """What tells this cross-validation from others of the artifact: `5-folds`, `5-folds-300-rows`."""
        return f"{self.how.folds}-folds" + (f"-{self.how.rows}-rows" if self.how.rows else "")

    def plan_action(self) -> Action:
        """Which row is in which fold."""
        zoo, project, tree = self.resolver.zoo, self.resolver.project, self.resolver.task_data(self.ref.recipe)
        learnt = request.splits_of(zoo, self.ref, project)
        about = self.resolver.task(self.ref.recipe)
        assert about is not None  # a builder that reads rows has a task
        how = self.how.model_dump(mode="json")
        inputs = {
            "schema": 1,
            "kind": "folds",
            "splits": self.resolver.splits(self.ref.recipe, learnt),
            "task_inputs": about["inputs"],
            "how": how,
            "code": _folding_code(),
        }
        run = {"data": tree, "how": how, "task_inputs": about["inputs"], "name": self.name}
        title, small = f"fold the rows of {self.name}", Resources(cpus=0, memory_mb=512)
        return Action(self._kept("plan"), title, "zoosmith.build.crossval.rows:plan", inputs, run, small)

    def _kept(self, what: str) -> str:
        """A name that stays while the recipe has the artifact."""
        return f"{self.ref.recipe}/measured/{self.ref.name}-{what}.{self.variant.replace('-', '.')}"

    @cached_property
    def plan_tree(self) -> str:
        """The tree of the plan."""
        found = self.resolver.done(self.plan_action())
        if found is None:
            raise Unresolved(f"the rows of {self.name} are not folded yet")
        return found.tree

    @cached_property
    def plan(self) -> dict[str, Any]:
        """`folds.json`, as `rows` says."""
        found: dict[str, Any] = json.loads(self.resolver.store.read(self.plan_tree, rows.PLAN))
        return found

    def splits(self, fold: int) -> Mapping[str, Mapping[str, Any]]:
        """Number and SHA-256 of the rows that a fold, from 1 on, is trained and scored on."""
        found: Mapping[str, Mapping[str, Any]] = self.plan["folds"][fold - 1]
        return found

    def data_action(self, fold: int) -> Action:
        """The data set of one fold."""
        about, tree = self.splits(fold), self.resolver.task_data(self.ref.recipe)
        inputs = {"schema": 1, "kind": "fold-data", "plan": self.plan_tree, "fold": fold, "code": _folding_code()}
        return Action(
            f"{self.ref.recipe}/folds/{self.ref.name}-data-{fold}",
            f"rows of {self._titled(fold)}",
            "zoosmith.build.crossval.rows:fold_data",
            inputs | {"data": tree},
            {"data": tree, "splits": about, "name": self.name},
            Resources(cpus=0, memory_mb=512),
        )

    def train_action(self, fold: int, data: str | None = None) -> Action:
        """The artifact's build on the rows of a fold, whose data set is the tree `data`."""
        read = {name: self.splits(fold)[name]["sha256"] for name in self.artifact.inputs["splits"]}
        return replace(
            self.artifact,
            name=f"{self.ref.recipe}/folds/{self.ref.name}-{fold}",
            title=f"train {self._titled(fold)}",
            inputs=self.artifact.inputs | {"splits": read},
            run=self.artifact.run | {"data": data},
        )

    def score_action(self, fold: int, data: str | None = None, model: str | None = None) -> Action:
        """The scores of a fold's model, the tree `model`, on the rows that it has not seen."""
        eval_, kind = self.eval
        project, held_out = self.resolver.project, self.splits(fold)[rows.HELD_OUT]
        format = output(self.resolver.zoo, self.ref, project).format
        runtime = plugins.load("runtimes", format, project)
        code = self.resolver.code(
            plugins.find("runtimes", format, project),
            plugins.part_file("tasks", kind, "scoring", project),
        )
        inputs = {
            "schema": 1,
            "kind": "fold-score",
            "model": self.train_action(fold).key,
            "eval": [kind, held_out["sha256"]],
            "code": closure_key(code),
            "packages": public_versions(tuple(runtime.REQUIRES)),
            "suite": score.SUITE,
            "version": SUITE_VERSION,
            "threads": THREADS,
            "device": device(),
        }
        about = {"kind": kind, "data": self.name, "split": rows.HELD_OUT, "tree": data}
        return Action(
            self._kept(f"fold.{fold}"),
            f"score {self._titled(fold)}",
            "zoosmith.build.crossval.score:run",
            inputs,
            {"name": self._titled(fold), "model": model, "evals": {eval_: about}, "code": code},
            Resources(cpus=1, memory_mb=self.artifact.resources.memory_mb),
            timeout_s=14_400.0,
        )

    @cached_property
    def eval(self) -> tuple[str, str]:
        """Name and kind of the recipe's eval whose metrics are computed: of the task's kind and data before others.

        Raises ZooError where none that measures the artifact is of either.
        """
        recipe = self.resolver.zoo.families[self.ref.recipe].recipe
        assert recipe.task is not None
        kind, data = recipe.task.kind, recipe.task.data
        found = {name: (one.kind != kind, one.data != data) for name, one in recipe.evals_of(self.ref.name).items()}
        best = min(found, key=found.__getitem__, default=None)
        if best is None or all(found[best]):
            raise ZooError(
                f"no eval of {self.ref.recipe} measures {self.name} by {kind} or on {data!r}, so its folds have no "
                "metrics; add one under `evals`"
            )
        return best, recipe.evals[best].kind

    def _titled(self, fold: int) -> str:
        return f"fold {fold} of {self.how.folds} of {self.name}"


def _folding_code() -> list[str | None]:
    """Digests of the modules that fold rows, each its own."""
    files = (PACKAGE / "sources" / "folds.py", PACKAGE / "build" / "crossval" / "rows.py")
    return [own_digest(file) for file in files]
