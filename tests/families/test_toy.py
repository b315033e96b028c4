"""The toy family through doit, workers, measuring, cards and registry, as a user runs it; one artifact a runtime."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from tests.support.table import write_table
from tests.support.zoo import RECIPE, doit, write_recipe, write_toy

BUILT = {"fp32": "torch", "torch-int8": "torch_int8", "onnx-int8": "onnx"}
NAMES = [f"build:toy-{name}" for name in BUILT]
GATES = {
    "fp32": {"toy.accuracy": {"min": 0.9, "sure": True}},
    "torch-int8": {"toy.accuracy": {"max_drop": 0.05}, "agreement": {"min": 0.9}},
    "onnx-int8": {"toy.macro_f1": {"max_drop": 0.05}, "size": {"max": 1.0}},
}

each_artifact = pytest.mark.parametrize("name", BUILT)


def toy_recipe() -> dict[str, Any]:
    recipe: dict[str, Any] = copy.deepcopy(RECIPE)
    recipe["artifacts"]["fp32"]["params"]["epochs"] = 4
    for name, gates in GATES.items():
        recipe["artifacts"][name]["gates"] = gates
    return recipe


def run(project: Path, *arguments: str) -> CompletedProcess[str]:
    """The lock of the host lies in TMPDIR: these measurements wait for nobody."""
    return doit(project, *arguments, TMPDIR=str(project / "artifacts"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """The project, and what building its family for the first time said."""
    project = write_toy(tmp_path_factory.mktemp("end-to-end"))
    (project / "artifacts").mkdir()
    write_recipe(project, toy_recipe())
    return project, run(project, *NAMES)


@pytest.fixture(scope="module")
def project(first: tuple[Path, CompletedProcess[str]]) -> Path:
    """The built project."""
    assert first[1].returncode == 0, first[1].stdout + first[1].stderr
    return first[0]


def test_the_first_run_builds_and_measures_each_step_once(first: tuple[Path, CompletedProcess[str]]) -> None:
    done = first[1]
    assert done.returncode == 0, done.stdout + done.stderr
    finished = re.findall(r"^(\S+ \S+): done", done.stderr, re.MULTILINE)
    steps = ["data toy/toy", "fetch toy/encoder"]
    steps += [f"build toy-{name}" for name in (*BUILT, "onnx-fp32")]
    steps += [f"measure toy-{name}" for name in BUILT]
    assert sorted(finished) == sorted(steps)


@each_artifact
def test_files_card_row_and_results_are_there(project: Path, name: str) -> None:
    manifest = json.loads((project / "artifacts" / f"toy-{name}" / "manifest.json").read_text())
    assert manifest["format"] == BUILT[name]
    assert manifest["task"]["labels"] == ["negative", "positive"]
    entry = json.loads((project / "registry.json").read_text())["artifacts"][f"toy-{name}"]
    row = entry["versions"][str(entry["latest"])]
    assert row["card"] == f"model_cards/toy-{name}.md"
    assert row["gates"]["passed"]
    build, *hosts = sorted((project / "results" / "toy" / name).glob("*.json"), key=lambda file: file.stem != "build")
    assert build.name == "build.json"
    assert len(hosts) == 1
    suite = json.loads(hosts[0].read_text())["suites"]["quick"]
    assert suite["quality"]["toy"]["metrics"]["accuracy"]["value"] >= 0.9
    assert suite["quality"]["toy"]["examples_total"] == 120
    assert (suite["versus"] is None) == (name == "fp32")
    assert suite["tree_digest"] == json.loads(build.read_text())["tree_digest"]


def test_only_what_was_asked_for_is_registered_and_delivered(project: Path) -> None:
    names = {f"toy-{name}" for name in BUILT}
    assert set(json.loads((project / "registry.json").read_text())["artifacts"]) == names
    assert {path.name for path in (project / "artifacts").glob("[!.]*") if path.is_dir()} == names
    assert {path.stem for path in (project / "model_cards").glob("*.md")} == names


@each_artifact
def test_the_card_names_gates_and_siblings(project: Path, name: str) -> None:
    text = (project / "model_cards" / f"toy-{name}.md").read_text(encoding="utf-8")
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["license"] == "apache-2.0"
    assert head["model-index"][0]["name"] == f"toy-{name}"
    for sibling in BUILT:
        assert f"toy-{sibling}" in text
    for gate in GATES[name]:
        assert re.search(rf"\| {re.escape(gate)} \|.*\| passed \|", text), gate
    assert str(project) not in text


@each_artifact
def test_the_cards_snippet_runs(project: Path, name: str) -> None:
    text = (project / "model_cards" / f"toy-{name}.md").read_text(encoding="utf-8")
    snippet = text.split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=project, capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"(negative|positive) (0\.\d+|1\.0)\n", done.stdout)


def record(project: Path) -> dict[str, bytes]:
    """All that a zoo's owner keeps in git."""
    files = [file for folder in ("results", "model_cards") for file in (project / folder).rglob("*") if file.is_file()]
    return {str(file.relative_to(project)): file.read_bytes() for file in [*files, project / "registry.json"]}


def test_a_second_run_does_nothing_and_is_quick(project: Path) -> None:
    before, started = record(project), time.monotonic()
    done = run(project, *NAMES)
    assert time.monotonic() - started < 5, "nothing heavy may be imported to find out that nothing is to do"
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"{name} is up to date" for name in NAMES]
    assert done.stderr == ""
    assert record(project) == before


def test_rendering_again_changes_nothing(project: Path) -> None:
    before = record(project)
    assert run(project, "registry").returncode == 0
    assert record(project) == before


def test_a_plot_that_is_gone_is_drawn_again(project: Path) -> None:
    before = record(project)
    (project / "model_cards" / "plots" / "toy-onnx-int8" / "pareto.svg").unlink()
    assert run(project, "build:toy-onnx-int8").returncode == 0
    assert record(project) == before


def test_a_gate_that_is_missed_later_fails_and_leaves_the_record_alone(project: Path) -> None:
    before, recipe = record(project), toy_recipe()
    recipe["artifacts"]["onnx-int8"]["gates"] = {"toy.accuracy": {"min": 0.2}, "size": {"max_ratio": 0.0001}}
    write_recipe(project, recipe)
    try:
        done = run(project, "build:toy-onnx-int8")
    finally:
        write_recipe(project, toy_recipe())
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert re.search(r"toy\.accuracy +min 0\.2 .*passed", told)
    assert re.search(r"size +max_ratio 0\.0001 .*MISSED", told)
    assert "Traceback" not in told
    assert record(project) == before


def test_a_gate_missed_at_the_first_build_registers_nothing(tmp_path: Path) -> None:
    project = write_table(tmp_path)
    (project / "artifacts").mkdir()
    recipe = yaml.safe_load((project / "recipes" / "toy.yaml").read_text())
    recipe["artifacts"]["plain"]["gates"] = {"memory_mb": {"max": 1}}
    write_recipe(project, recipe)
    done = run(project, "build:toy-plain")
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "toy-plain misses a gate" in told
    assert re.search(r"memory_mb +max 1 .*MISSED", told)
    assert (project / "artifacts" / "toy-plain" / "manifest.json").is_file(), "the artifact itself is fine"
    assert not (project / "registry.json").exists()
    assert not (project / "model_cards").exists()
    assert not (project / "results").exists()
