"""Which rows each fold sees, as files of its data set."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.build.crossval.conftest import LABELS, grouped
from zoosmith.build.crossval import rows
from zoosmith.build.crossval.request import Asked
from zoosmith.build.crossval.run import CrossRun
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.schema import Folding

REF = Ref("family0", "a0")


def planned(workspace: Workspace, asked: Asked = Asked()) -> CrossRun:  # noqa: B008
    """Base and data made, rows folded."""
    workspace.make("base", Ref("family0", "words"))
    workspace.make("data", Ref("family0", "toy"))
    run = CrossRun(workspace, REF, asked)
    run.plan()
    return run


def rows_of(run: CrossRun, fold: int) -> dict[str, list[str]]:
    """The lines of a fold's data set by split."""
    tree = run.workspace.runner.run(run.folds.data_action(fold)).tree
    splits = json.loads(run.workspace.store.read(tree, "data.json"))["splits"]
    return {split: run.workspace.store.read(tree, f"{split}.jsonl").decode().splitlines() for split in splits}


def source(workspace: Workspace) -> dict[str, list[str]]:
    tree = workspace.resolver.tree("data", Ref("family0", "toy"))
    return {s: workspace.store.read(tree, f"{s}.jsonl").decode().splitlines() for s in ("train", "dev", "eval")}


def test_each_row_of_train_and_dev_is_held_out_once_and_eval_is_never_seen(zoo: Path) -> None:
    workspace = Workspace(zoo)
    run, given = planned(workspace, Asked(folds=3)), source(workspace)
    folds = [rows_of(run, fold) for fold in run.numbers]
    assert sorted(row for fold in folds for row in fold["eval"]) == sorted(given["train"] + given["dev"])
    for fold in folds:
        assert not set(fold["eval"]) & {*fold["train"], *fold["dev"]}
        unseen = set(given["eval"]) - {*given["train"], *given["dev"]}
        assert not unseen & {row for split in fold.values() for row in split}
        assert fold["train"] == [row for row in given["train"] if row not in set(fold["eval"])]  # in their order
        labels = Counter(json.loads(row)["label"] for row in fold["eval"])
        assert abs(labels["negative"] - labels["positive"]) <= 2
    assert run.folds.plan["rows"] == run.folds.plan["rows_total"] == len(given["train"] + given["dev"])


def test_fewer_rows_are_folded_and_the_others_seen_by_nobody(zoo: Path) -> None:
    run = planned(Workspace(zoo), Asked(folds=3, rows=60))
    folds = [rows_of(run, fold) for fold in run.numbers]
    assert (run.folds.plan["rows"], run.folds.plan["rows_total"]) == (60, 160)
    assert sum(len(fold["eval"]) for fold in folds) == 60
    assert {sum(len(lines) for lines in fold.values()) for fold in folds} == {60}


def test_a_person_is_in_one_fold_alone(zoo: Path) -> None:
    made = [{"text": f"text {i}", "label": LABELS[i % 2], "who": f"p{i // 5}"} for i in range(100)]
    run = planned(grouped(zoo, made, folds=4, group="who"))
    people = [{json.loads(row)["who"] for row in rows_of(run, fold)["eval"]} for fold in run.numbers]
    assert set.union(*people) == {*(f"p{i}" for i in range(20)), *(f"d{i}" for i in range(8))}
    assert sum(map(len, people)) == 28
    for fold in run.numbers:
        seen = {json.loads(row)["who"] for split in ("train", "dev") for row in rows_of(run, fold)[split]}
        assert not seen & people[fold - 1]


def test_a_fold_that_shares_a_person_with_another_is_told_with_both_rows(zoo: Path) -> None:
    made = [{"text": f"text {i}", "label": LABELS[i % 2], "who": f"p{i % 4}", "part": f"f{i % 2}"} for i in range(12)]
    made[5] |= {"who": "p0"}  # row 1 and row 6: of one person, in folds f0 and f1
    workspace = grouped(zoo, made, folds=2, group="who", column="label")
    with pytest.raises(StepFailed, match=r"row 1 of train and row 6 of train share the who 'p0'.* folds 1 and 2"):
        planned(workspace)


def test_a_pair_and_its_swapped_one_are_twins() -> None:
    pairs = [("Ada", "Bob", "no"), ("Bob", "Ada", "yes"), ("Ada", "Ada", "yes")]
    lines = [json.dumps({"first": a, "second": b, "label": c, "kind": c}).encode() for a, b, c in pairs]
    keys = [row.keys for row in rows._rows("train", lines, ("first", "second"), Folding(), "names")]
    assert keys[0] == keys[1] != keys[2]


def test_equal_texts_are_twins(zoo: Path) -> None:
    made = [{"text": f"text {i // 2}", "label": LABELS[i % 2], "who": f"p{i}"} for i in range(60)]
    run = planned(grouped(zoo, made, folds=5))
    texts = [{json.loads(row)["text"] for row in rows_of(run, fold)["eval"]} for fold in run.numbers]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 30 + 8


@pytest.mark.parametrize(
    ("crossval", "said"),
    [
        ({"group": "person"}, "crossval names the column 'person', which its rows lack; known: label, text, who"),
        ({"group": ["whom"]}, "did you mean 'who'"),
        (
            {"column": "label", "folds": 3},
            "names 2 folds .* and 3 are asked for; write `crossval: {folds: 2, column: label}`",
        ),
        ({"folds": 12}, r"the class 'negative' has 10 rows, fewer than 12 folds; take `--folds 10`"),
    ],
)
def test_what_cannot_be_folded_is_told(zoo: Path, crossval: dict[str, object], said: str) -> None:
    made = [{"text": f"text {i}", "label": LABELS[i % 2], "who": f"p{i}"} for i in range(12)]
    with pytest.raises(ZooError, match=said):
        planned(grouped(zoo, made, **crossval))
