"""What the how-tos show is run: their files build, their own tests pass, and each has the four parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.howtos import FOLDER, NAME, blocks, pieces, write_howtos
from tests.support.zoo import ROOT, TORCH_BRIEFLY, doit

PAGES = sorted(page.stem for page in FOLDER.glob("*.md"))
PARTS = ("## The contract", "## A complete one", "## How to test it", "## Traps")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that holds what every page shows."""
    project = write_howtos(tmp_path_factory.mktemp("howtos") / "zoo", *PAGES)
    (project / "artifacts").mkdir()
    return project


def run(project: Path, *words: str, **environment: str) -> None:
    done = doit(project, *words, TMPDIR=str(project / "artifacts"), **environment)
    assert done.returncode == 0, done.stdout + done.stderr


def own_tests_pass(project: Path, page: str) -> None:
    """The tests that a page shows, in the zoo's folder, as its reader runs them."""
    files = [piece.path for piece in pieces(FOLDER / f"{page}.md") if piece.path.startswith("tests/")]
    assert files, page
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files],
        cwd=project, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_contract_a_complete_file_tests_and_traps(page: str) -> None:
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    positions = [text.find(f"\n{part}\n") for part in PARTS]
    assert -1 not in positions
    assert positions == sorted(positions)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_code_is_a_file_that_is_run(page: str) -> None:
    code = [text for language, text in blocks(FOLDER / f"{page}.md") if language in ("python", "yaml")]
    assert code
    for text in code:
        assert NAME.match(text), f"a block of {page}.md names no file in its first line: {text[:60]!r}"


def test_the_builder_builds_and_its_tests_pass(zoo: Path) -> None:
    run(zoo, "artifact:shop-rounded")
    manifest = json.loads((zoo / "artifacts" / "shop-rounded" / "manifest.json").read_bytes())
    assert manifest["facts"]["mantissa_bits"] == 10
    own_tests_pass(zoo, "builder")


def test_the_runtime_opens_what_its_builder_writes(zoo: Path) -> None:
    run(zoo, "build:words-listed")
    assert json.loads((zoo / "registry.json").read_bytes())["artifacts"]["words-listed"]
    own_tests_pass(zoo, "runtime")


def test_the_task_is_answered_measured_and_gated(zoo: Path) -> None:
    run(zoo, "build:capitals-half", "artifact:capitals-whole")
    row = json.loads((zoo / "registry.json").read_bytes())["artifacts"]["capitals-half"]["versions"]["1"]
    assert (row["task"], row["gates"]["passed"]) == ("short-answer", True)
    asked = [sys.executable, "-m", "zoosmith.app.cli.main", "run", "capitals-whole", "the capital of france"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for words, told in (
        (asked, "paris\n"),
        ([*asked, "--json"], '{"input": "the capital of france", "text": "paris"}\n'),
    ):
        assert subprocess.run(words, cwd=zoo, env=environment, capture_output=True, text=True).stdout == told
    own_tests_pass(zoo, "task")


def test_the_metric_is_measured_gated_and_rebuilds_nothing(zoo: Path) -> None:
    run(zoo, "artifact:graded-fp32", "artifact:graded-coarse")
    planned = doit(zoo, "plan", "graded-coarse").stdout
    assert "measurement of graded/coarse" in planned
    run(zoo, "build:graded-coarse", **TORCH_BRIEFLY)
    row = json.loads((zoo / "registry.json").read_bytes())["artifacts"]["graded-coarse"]["versions"]["1"]
    brier = row["results"][0]["quality"]["graded.brier"]
    assert (row["task"], brier["better"]) == ("text-classification", "lower")
    assert {check["gate"] for check in row["gates"]["checks"] if check["passed"]} == {"graded.brier"}
    own_tests_pass(zoo, "metric")


def test_slices_are_told_and_gated(zoo: Path) -> None:
    run(zoo, "artifact:match-fp32", "build:match-half", **TORCH_BRIEFLY)
    row = json.loads((zoo / "registry.json").read_bytes())["artifacts"]["match-half"]["versions"]["1"]
    assert {name: told["n"] for name, told in row["results"][0]["slices"].items()} == {
        "pairs.accuracy[kind=turned]": 30, "pairs.accuracy[kind=word]": 30,
    }  # fmt: skip
    assert row["gates"]["passed"]
    assert row["results"][0]["speedup"]["n"] == 2, "these tests measure briefly"
    own_tests_pass(zoo, "slices")


def test_the_cross_validation_runs_as_the_page_says(zoo: Path) -> None:
    commands = [
        line for language, text in blocks(FOLDER / "crossval.md") if language == "sh" for line in text.splitlines()
    ]
    assert len(commands) == 2
    for command in commands:
        doit_, *words = command.split()
        assert doit_ == "doit"
        run(zoo, *words)
    shown = next(text for language, text in blocks(FOLDER / "crossval.md") if language == "text").splitlines()
    done = doit(zoo, *commands[0].split()[1:]).stdout.splitlines()
    assert [line.split("  ")[0] for line in done[1:]] == [line.split("  ")[0] for line in shown[1:]]
    assert done[0].startswith("folded-fp32: 3 folds of 140 rows of train and dev, each trained anew on ")
    assert (zoo / "results" / "folded" / "fp32" / "crossval" / "2-folds-80-rows.json").is_file()
    own_tests_pass(zoo, "crossval")


def test_the_executor_makes_what_the_shipped_one_makes(zoo: Path) -> None:
    run(zoo, "artifact:shop-fp32")
    run(zoo, "artifact:shop-coarse", ZOO_INLINE="1")
    run(zoo, "check", "shop-coarse")
