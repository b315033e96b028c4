"""A cross-validation in an opened zoo: each fold's figures are right, kept one by one, and outlive its model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from tokenizers import Tokenizer

from tests.support.fast import write_fast_zoo
from zoosmith.build.crossval import recorded, request
from zoosmith.build.crossval.request import Asked
from zoosmith.build.crossval.run import CrossRun
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.records.crossval import CrossValidation
from zoosmith.store.gc import collect

REF = Ref("family0", "a0")
LABELS = ("negative", "positive")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo whose folds are done; each test gets a copy."""
    project = write_fast_zoo(tmp_path_factory.mktemp("zoo") / "z", artifacts=2)
    opened(project).finish()
    return project


@pytest.fixture
def done(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "z")


def opened(project: Path, asked: Asked = Asked(folds=3, rows=60)) -> CrossRun:  # noqa: B008
    """As a new command opens the zoo, with what the artifact is made from."""
    workspace = Workspace(project)
    workspace.make("base", Ref("family0", "words"))
    workspace.make("data", Ref("family0", "toy"))
    return CrossRun(workspace, REF, asked)


def share_right(run: CrossRun, fold: int) -> float:
    """Accuracy of a fold's model on its held-out rows, computed here from the files of both."""
    store, data = run.workspace.store, run.workspace.runner.run(run.folds.data_action(fold)).tree
    model = run.workspace.runner.run(run.folds.train_action(fold, data)).tree
    weights = np.array(json.loads(store.read(model, "table.json"))["weights"], dtype=np.float32)
    tokenizer = Tokenizer.from_str(store.read(model, "tokenizer.json").decode())
    rows = [json.loads(line) for line in store.read(data, "eval.jsonl").splitlines()]
    answers = [weights[tokenizer.encode(row["text"]).ids].sum(axis=0).argmax() for row in rows]
    return fmean(row["label"] == LABELS[answer] for row, answer in zip(rows, answers, strict=True))


def test_each_folds_accuracy_is_of_its_own_model_on_its_held_out_rows(done: Path) -> None:
    run = opened(done)
    found = run.finish()
    told = [fold.metrics["accuracy"].value for fold in found.folds]
    assert told == pytest.approx([share_right(run, fold) for fold in run.numbers], abs=1e-6)
    assert [fold.n for fold in found.folds] == [20, 20, 20]
    assert all(fold.n + fold.train + fold.dev == found.rows == 60 for fold in found.folds)
    assert found.mean["accuracy"].value == pytest.approx(fmean(told), abs=1e-6)
    assert found.mean["accuracy"].sd == pytest.approx(stdev(told), abs=1e-6)
    assert CrossValidation.model_validate_json(run.file.read_bytes()) == found
    assert run.file == done / "results" / "family0" / "a0" / "crossval" / "3-folds-60-rows.json"


def test_what_is_finished_stays_and_the_rest_is_made(zoo: Path) -> None:
    run = opened(zoo, Asked(folds=2))
    run.plan()
    run.make(2)
    again = opened(zoo, Asked(folds=2))  # as after a kill
    assert [again.made(fold) for fold in again.numbers] == [False, True]
    scored = again.scores(2)
    assert scored and again.finish() and again.scores(2) == scored


def test_scores_outlive_models_which_garbage_collection_frees(done: Path) -> None:
    run = opened(done)
    before, workspace = run.finish(), run.workspace
    model = workspace.runner.run(run.folds.train_action(1)).tree
    assert workspace.store.tree(model) is not None
    collect(workspace.store, workspace.names(), remove=True)
    assert workspace.store.tree(model) is None
    later, calls = opened(done), []
    later.workspace.runner.executor = None  # type: ignore[assignment]  # nothing may run
    calls.append(later.finish())
    assert calls == [before]


def test_scores_go_with_the_artifact(done: Path) -> None:
    run = opened(done)
    run.finish()
    scored = run.scores(1)
    assert scored
    collect(run.workspace.store, run.workspace.names() - {str(REF)}, remove=True)
    assert run.workspace.store.tree(scored.tree) is None


def test_folds_are_no_part_of_the_zoo(done: Path) -> None:
    run = opened(done)
    assert not [path.name for path in (done / "artifacts").iterdir() if not path.name.startswith(".")]
    assert not (done / "registry.json").exists() and not (done / "model_cards").exists()
    assert run.workspace.records.build(REF) is None


def test_another_seed_of_folds_is_another_cross_validation(zoo: Path) -> None:
    run = opened(zoo)
    run.plan()
    other = opened(zoo)
    other.how = other.how.model_copy(update={"seed": 7})
    other.plan()
    assert run.folds.plan["held"] != other.folds.plan["held"]
    assert run.folds.train_action(1).key != other.folds.train_action(1).key


def test_a_fold_is_built_as_the_artifact_is_but_for_its_rows(zoo: Path) -> None:
    run = opened(zoo)
    run.plan()
    mine, theirs = run.folds.train_action(1).inputs, run.folds.artifact.inputs
    assert {name for name in mine if mine[name] != theirs[name]} == {"splits"}
    assert mine["splits"].keys() == theirs["splits"].keys()


def test_a_recipe_without_a_fitting_eval_is_told(zoo: Path) -> None:
    run = opened(zoo)
    recipe = run.workspace.zoo.families["family0"].recipe
    evals = {"other": recipe.evals["toy"].model_copy(update={"kind": "perplexity", "data": "texts"})}
    run.workspace.zoo.families["family0"].recipe = recipe.model_copy(update={"evals": evals})
    with pytest.raises(ZooError, match="no eval of family0 measures family0-a0 by text-classification or on 'toy'"):
        _ = run.folds.eval


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    file = tmp_path / "5-folds.json"
    file.write_text("{}")
    with pytest.raises(ZooError, match=r"5-folds.json is damaged or of another version.*remove it, and `doit crossval"):
        recorded.read(file)


def test_splits_that_a_builder_reads_are_those_of_its_parameters(zoo: Path) -> None:
    assert request.splits_of(Workspace(zoo).zoo, REF, zoo) == ("train", "dev")
