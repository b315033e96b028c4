"""`doit crossval:NAME` as a user types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from doit.exceptions import InvalidCommand

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import doit, write_recipe
from zoosmith.app.doit.crossval import asked_of
from zoosmith.build.crossval.request import Asked

FOLDED = ("crossval:family0-a0", "--folds", "3", "--rows", "60")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fast zoo with one cross-validation."""
    project = write_fast_zoo(tmp_path_factory.mktemp("zoo") / "z", artifacts=2)
    done = doit(project, *FOLDED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("train fold") == 6  # begun and done
    return project


def test_options_belong_to_the_task_before_them() -> None:
    names, asked = asked_of(["crossval:a", "--folds", "3", "--rows=60", "build:b", "crossval:c"])
    assert names == ["crossval:a", "build:b", "crossval:c"]
    assert asked == {"a": Asked(3, 60), "c": Asked(None, None)}


@pytest.mark.parametrize("words", [["--fold-count", "3"], ["--folds", "three"], ["--rows"]])
def test_an_option_that_there_is_not_is_told(words: list[str]) -> None:
    with pytest.raises(InvalidCommand, match="it takes whole numbers: `doit crossval:a --folds 5 --rows 1000`"):
        asked_of(["crossval:a", *words])


def test_the_second_run_trains_nothing_and_shows_the_same_table(zoo: Path) -> None:
    record = zoo / "results" / "family0" / "a0" / "crossval" / "3-folds-60-rows.json"
    before = record.read_bytes()
    done = doit(zoo, *FOLDED)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("family0-a0: 3 folds of 60 of 160 rows of train and dev")
    assert lines[2].split()[:3] == ["fold", "n", "accuracy"]
    mean = json.loads(before)["mean"]["accuracy"]["value"]
    assert lines[6].split()[:3] == ["mean", "60", f"{mean:.4f}"]
    assert lines[-1] == "recorded in results/family0/a0/crossval/3-folds-60-rows.json"
    assert record.read_bytes() == before


def test_the_card_of_what_is_built_shows_it(zoo: Path) -> None:
    assert doit(zoo, "build:family0-a0").returncode == 0
    card = zoo / "model_cards" / "family0-a0.md"
    (line,) = [text for text in card.read_text().splitlines() if text.startswith("Cross-validated")]
    assert "in 3 folds of 60 of 160 rows of train and dev" in line
    assert doit(zoo, "registry").returncode == 0
    assert line in card.read_text()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_folds_run_side_by_side(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z", artifacts=1, seconds=3)
    done = doit(project, "-n", "2", "crossval:family0-a0", "--folds", "2")
    assert done.returncode == 0, done.stderr
    told = [line.rpartition(" of family0-a0")[2] for line in done.stderr.splitlines() if line.startswith("train fold")]
    assert told[:2] == [" ...", " ..."]  # the second begins before the first is done


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crossval:family0-a9"], "'crossval:family0-a9' is not a task; did you mean 'crossval:family0-a"),
        (["crossval:family0-a0", "--folds", "1"], "--folds 1 holds nothing out; take 2 or more"),
        (["crossval:family0-a0", "--folds", "90"], "fewer than 90 folds; take `--folds 80`"),
        (["crossval:family0-a0", "--fold", "x"], "it takes whole numbers"),
    ],
)
def test_an_error_is_one_message_with_the_next_command(zoo: Path, words: list[str], said: str) -> None:
    done = doit(zoo, *words)
    assert done.returncode != 0
    assert (done.stdout + done.stderr).count(said) == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_what_is_not_trained_is_told(zoo: Path, tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z", artifacts=1)
    text = (project / "builders" / "table.py").read_text()
    (project / "builders" / "scaled.py").write_text(text.replace('DATA = ("train", "dev")', "DATA = ()"))
    recipe = fast_recipe(1)
    recipe["artifacts"]["twice"] = {"builder": "scaled", "from": "a0", "params": {"scale": 2.0}}
    write_recipe(project, recipe, "family0")
    done = doit(project, "crossval:family0-twice")
    assert done.returncode != 0
    assert "family0-twice is not trained: its builder scaled reads no rows of `train`" in done.stdout
    assert "`doit crossval:family0-a0`" in done.stdout


def test_it_is_listed(zoo: Path) -> None:
    assert "doit crossval:NAME" in doit(zoo, "list").stdout
