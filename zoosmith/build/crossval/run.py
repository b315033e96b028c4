"""A cross-validation from rows to record: what doit's tasks call."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

from zoosmith.bench.host import this_host
from zoosmith.build.crossval import request, score
from zoosmith.build.crossval.actions import Folds
from zoosmith.build.crossval.recorded import folder_of, write
from zoosmith.build.resolve import Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref
from zoosmith.records.crossval import CrossValidation, FoldRecord, means
from zoosmith.store.store import ActionResult


class CrossRun:
    """One artifact's cross-validation in an opened zoo."""

    def __init__(self, workspace: Workspace, ref: Ref, asked: request.Asked) -> None:
        """Fold as recipe and command line say. Raises ZooError where that cannot be done."""
        self.workspace = workspace
        self.ref = ref
        self.how = request.folding(workspace.zoo, ref, workspace.project, asked)

    @cached_property
    def folds(self) -> Folds:
        """The steps."""
        return Folds(self.workspace.resolver, self.ref, self.how)

    @property
    def numbers(self) -> range:
        """The folds, from 1 on."""
        return range(1, self.how.folds + 1)

    def plan(self) -> None:
        """Say which row is in which fold."""
        self.workspace.runner.run(self.folds.plan_action(), named=True)

    def planned(self) -> bool:
        """Whether that is said."""
        return self.workspace.resolver.done(self.folds.plan_action()) is not None

    def make(self, fold: int) -> None:
        """Train and score one fold, unless its scores are there."""
        if self.made(fold):
            return
        run, folds = self.workspace.runner.run, self.folds
        with self.workspace.store.kept():  # between two steps nothing names what the first one made
            data = run(folds.data_action(fold)).tree
            model = run(folds.train_action(fold, data)).tree
            run(folds.score_action(fold, data, model), named=True)

    def made(self, fold: int) -> bool:
        """Whether a fold's scores are there, whether or not its model is."""
        return self.scores(fold) is not None

    def scores(self, fold: int) -> ActionResult | None:
        """The result of a fold's scoring."""
        try:
            return self.workspace.resolver.done(self.folds.score_action(fold))
        except Unresolved:
            return None

    def finish(self) -> CrossValidation:
        """Make what is missing, write the record and the card that shows it; the record."""
        self.plan()
        for fold in self.numbers:
            self.make(fold)
        found = self.record()
        write(self.workspace, self.ref, self.file, found)
        return found

    @property
    def file(self) -> Path:
        """Where the record lies."""
        return folder_of(self.workspace.records.folder(self.ref)) / f"{self.folds.variant}.json"

    def record(self) -> CrossValidation:
        """What is recorded, of finished folds."""
        folds, build = self.folds, self.folds.artifact.inputs
        done = [result for fold in self.numbers if (result := self.scores(fold)) is not None]
        told = tuple(self._fold(fold, result) for fold, result in zip(self.numbers, done, strict=True))
        pool = [split for split in request.LEARNT if split in build["splits"]]
        return CrossValidation(
            name=folds.name,
            recipe=self.ref.recipe,
            artifact=self.ref.name,
            builder=build["builder"],
            params=build["params"],
            seed=build["seed"],
            parents=build["parents"],
            packages=build["packages"],
            eval=folds.eval[0],
            kind=folds.eval[1],
            splits={split: build["splits"][split] for split in pool},
            k=self.how.folds,
            fold_seed=self.how.seed,
            group=self.how.groups,
            column=self.how.column,
            rows=folds.plan["rows"],
            rows_total=folds.plan["rows_total"],
            learnt_before=tuple(request.learnt_before(self.workspace.zoo, self.ref, self.workspace.project)),
            measured=max(result.provenance["started"] for result in done)[:10],
            host=this_host().id,
            folds=told,
            mean=means(told),
        )

    def _fold(self, fold: int, result: ActionResult) -> FoldRecord:
        about, splits = json.loads(self.workspace.store.read(result.tree, score.SCORES)), self.folds.splits(fold)
        rows = {split: splits[split]["rows"] for split in request.LEARNT if split in splits}
        return FoldRecord.model_validate({"fold": fold, **about, **rows})
