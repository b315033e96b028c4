"""What can be cross-validated, and how: the recipe's word, then the command line's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fast import fast_recipe
from tests.support.zoo import write_recipe
from zoosmith.build.crossval.request import Asked, folding, learnt_before, trains
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref

CONVERTER = '"""Copies."""\nimport shutil\nfrom zoosmith.contract.params import Params\n' + (
    'FORMAT = "table"\nPRECISION = "fp32"\nACCEPTS = {"from": ("table",)}\nREQUIRES = ()\n\n\n'
    "def build(job):\n    shutil.copytree(job.parent.path, job.out, dirs_exist_ok=True)\n"
)
A0, COPY = Ref("family0", "a0"), Ref("family0", "copy")


@pytest.fixture
def workspace(zoo: Path) -> Workspace:
    """Two tables, and a copy of the second that learns nothing."""
    (zoo / "builders" / "copied.py").write_text(CONVERTER)
    recipe = fast_recipe(2)
    recipe["artifacts"]["copy"] = {"builder": "copied", "from": "a1"}
    write_recipe(zoo, recipe | {"crossval": {"folds": 4, "rows": 50, "seed": 7}}, "family0")
    return Workspace(zoo)


def test_the_command_line_wins_over_the_recipe(workspace: Workspace) -> None:
    how = folding(workspace.zoo, A0, workspace.project)
    assert (how.folds, how.rows, how.seed) == (4, 50, 7)
    how = folding(workspace.zoo, A0, workspace.project, Asked(folds=3, rows=20))
    assert (how.folds, how.rows, how.seed) == (3, 20, 7)


def test_five_folds_of_all_rows_without_a_word(zoo: Path) -> None:
    how = folding(Workspace(zoo).zoo, A0, zoo)
    assert (how.folds, how.rows, how.groups, how.column) == (5, None, (), None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(folds=1), "--folds 1 holds nothing out; take 2 or more: `doit crossval:family0-a0 --folds 5`"),
        (Asked(folds=-3), "--folds -3 holds nothing out"),
        (Asked(rows=0), "--rows 0 is no number of rows; `doit crossval:family0-a0 --rows 1000`"),
    ],
)
def test_impossible_numbers_are_told(workspace: Workspace, asked: Asked, said: str) -> None:
    with pytest.raises(ZooError) as told:
        folding(workspace.zoo, A0, workspace.project, asked)
    assert said in str(told.value)


def test_what_is_not_trained_is_told_with_the_nearest_that_is(workspace: Workspace) -> None:
    assert (trains(workspace.zoo, A0, workspace.project), trains(workspace.zoo, COPY, workspace.project)) == (
        True,
        False,
    )
    with pytest.raises(ZooError) as told:
        folding(workspace.zoo, COPY, workspace.project)
    assert str(told.value) == (
        "family0-copy is not trained: its builder copied reads no rows of `train`; "
        "`doit crossval:family0-a1` folds what is"
    )


def test_fewer_than_two_folds_in_a_recipe_are_refused_with_the_line(zoo: Path) -> None:
    file = write_recipe(zoo, fast_recipe(1) | {"crossval": {"folds": 1}}, "family0")
    line = next(i for i, text in enumerate(file.read_text().splitlines(), 1) if "folds: 1" in text)
    with pytest.raises(ZooError, match=rf"family0.yaml:{line}: crossval.folds"):
        _ = Workspace(zoo).zoo


def test_a_column_of_folds_and_a_choice_of_rows_contradict(zoo: Path) -> None:
    write_recipe(zoo, fast_recipe(1) | {"crossval": {"column": "fold"}}, "family0")
    with pytest.raises(
        ZooError, match=r"crossval\.column 'fold' says which fold each row is in, so `rows` chooses none"
    ):
        folding(Workspace(zoo).zoo, A0, zoo, Asked(rows=10))


def test_parents_that_learn_from_the_same_rows_are_found(workspace: Workspace) -> None:
    assert learnt_before(workspace.zoo, A0, workspace.project) == []
    assert learnt_before(workspace.zoo, COPY, workspace.project) == ["family0-a0", "family0-a1"]
