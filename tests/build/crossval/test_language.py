"""A language model that answers with label tokens is cross-validated as an encoder is."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.support.causal import tiny_llama
from tests.support.label_task import LABELS, PROMPT, bound, rows
from tests.support.zoo import write_project, write_recipe, write_rows
from zoosmith.build.crossval.request import Asked
from zoosmith.build.crossval.run import CrossRun
from zoosmith.build.workspace import Workspace
from zoosmith.predictor import read_manifest
from zoosmith.recipes.graph import Ref
from zoosmith.runtimes import torch as torch_runtime

RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "Words by halves of the alphabet.",
    "license": "apache-2.0",
    "bases": {"llama": {"path": "bases/llama"}},
    "data": {
        "words": {
            "path": "data",
            "columns": {"first": "first", "second": "second", "label": "label"},
            "labels": list(LABELS),
            "splits": {"train": "train", "dev": "dev", "eval": "eval"},
        }
    },
    "task": {"kind": "label-token", "data": "words", "max_length": 96, "prompt": PROMPT},
    "evals": {"words": {"kind": "label-token", "data": "words"}},
    "reference": "tuned",
    "artifacts": {
        "tuned": {
            "builder": "finetune",
            "from": "llama",
            "params": {"epochs": 10, "learning_rate": 3e-3, "patience": 10, "autocast": "none"},
        },
    },
}


def test_folds_of_a_language_model_are_trained_and_scored(tmp_path: Path) -> None:
    project = write_project(tmp_path / "z")
    tiny_llama(project / "bases" / "llama", hidden=64)
    for split in ("train", "dev", "eval"):
        write_rows(project / "data" / f"{split}.jsonl", rows(split))
    write_recipe(project, RECIPE, "letters")
    workspace = Workspace(project)
    workspace.make("base", Ref("letters", "llama"))
    workspace.make("data", Ref("letters", "words"))
    run = CrossRun(workspace, Ref("letters", "tuned"), Asked(folds=2))
    found = run.finish()
    assert (found.kind, found.rows, sum(fold.n for fold in found.folds)) == ("label-token", 128, 128)
    assert found.folds[0].metrics["accuracy"].value == pytest.approx(share_right(run, tmp_path / "model"), abs=1e-6)
    assert "free_label_share" in found.mean  # the task's own metric


def share_right(run: CrossRun, folder: Path) -> float:
    """Accuracy of the first fold's model on its held-out rows, asked here."""
    store, data = run.workspace.store, run.workspace.runner.run(run.folds.data_action(1)).tree
    store.checkout(run.workspace.runner.run(run.folds.train_action(1, data)).tree, folder)
    asked, task = [json.loads(line) for line in store.read(data, "eval.jsonl").splitlines()], bound(folder)
    session = torch_runtime.open(folder, read_manifest(folder), threads=1)
    answers = session.next_logprobs([task.prompt_ids(task.example(row)) for row in asked])
    told = [LABELS[int(logprobs[-1][list(task.answer_ids())].argmax())] for logprobs in answers]
    return fmean(row["label"] == label for row, label in zip(asked, told, strict=True))
