"""`zoosmith build`, `plan`, `why` and `ls`: one way into a zoo."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fast import write_fast_zoo
from tests.support.zoo import ROOT, doit
from zoosmith.app.cli import main as cli


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_fast_zoo(tmp_path_factory.mktemp("zoo") / "z", artifacts=3)
    done = zoosmith(project, "build", "family0-a1", "--only")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def zoosmith(project: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zoosmith.app.cli.main", *words]
    (project / "artifacts").mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(project / "artifacts")}
    return subprocess.run(command, cwd=cwd or project, env=environment, capture_output=True, text=True, check=False)


def marks(project: Path) -> dict[str, str]:
    told = [json.loads(line) for line in zoosmith(project, "ls", "--json").stdout.splitlines()]
    return {one["name"]: one["mark"] for one in told}


def test_build_is_doit_build(zoo: Path) -> None:
    assert (zoo / "artifacts" / "family0-a1" / "table.json").is_file()
    assert not (zoo / "model_cards" / "family0-a1.md").exists(), "--only measures nothing"
    again = zoosmith(zoo, "build", "family0-a1", "--only", cwd=zoo / "artifacts")
    assert again.stdout == "artifact:family0-a1 is up to date\n"
    assert zoosmith(zoo, "build", "artifact:family0-a1", "--only").returncode == 0, "a task group before the name"


def test_plan_and_why_are_those_of_doit(zoo: Path) -> None:
    assert "family0-a1" in zoosmith(zoo, "plan", "family0-a1").stdout
    assert "family0-a1" in zoosmith(zoo, "why", "family0-a1").stdout


def test_a_misspelt_artifact_fails_with_the_nearest(zoo: Path) -> None:
    done = zoosmith(zoo, "build", "family0-b1")
    assert done.returncode == 3
    assert "did you mean 'build:family0-a1'" in done.stderr


def test_ls_tells_built_stale_pulled_and_missing(zoo: Path, tmp_path: Path) -> None:
    project = shutil.copytree(zoo, tmp_path / "z", symlinks=True)
    assert marks(project) == {"family0-a0": "in the store", "family0-a1": "built", "family0-a2": "-"}
    shutil.copytree(project / "artifacts" / "family0-a1", project / "artifacts" / "from-elsewhere")
    shutil.rmtree(project / "artifacts" / "family0-a1")
    assert marks(project) == {
        "family0-a0": "in the store", "family0-a1": "in the store", "family0-a2": "-", "from-elsewhere": "pulled",
    }  # fmt: skip
    shutil.copytree(project / "artifacts" / "from-elsewhere", project / "artifacts" / "family0-a0")
    assert marks(project)["family0-a0"] == "stale"
    told = zoosmith(project, "ls", "family0", "--here").stdout
    assert "stale: its recipe, builder or parents have moved on" in told
    assert "family0-a2" not in told


def test_shipped_families_do_not_crowd_the_zoos_own(zoo: Path) -> None:
    assert not [name for name in marks(zoo) if name.startswith("minilm")]
    assert "minilm-names-fp32" in zoosmith(zoo, "ls", "minilm-names").stdout
    overview = doit(zoo, "list", PYTHONPATH=str(ROOT)).stdout
    assert "family0-a1" in overview
    assert "minilm-names-fp32" not in overview
    assert "shipped too, and built by the same commands (`zoosmith ls FAMILY`): bert-base-sst2" in " ".join(
        overview.split()
    )


def test_ls_outside_of_a_zoo_lists_what_was_pulled(zoo: Path, tmp_path: Path) -> None:
    shutil.copytree(zoo / "artifacts" / "family0-a1", tmp_path / "mine")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    assert marks(tmp_path) == {"broken": "damaged", "mine": "pulled"}


def test_outside_of_a_zoo_there_is_nothing_to_build(tmp_path: Path) -> None:
    done = zoosmith(tmp_path, "build", "toy-fp32")
    assert done.returncode == 1
    assert "is no zoo: neither it nor a folder above it has a dodo.py; `zoosmith init FOLDER` starts one" in done.stderr


@pytest.mark.parametrize(("said", "meant"), [("biuld", "build"), ("lst", "ls"), ("serch", "search")])
def test_a_misspelt_command_gets_the_nearest(said: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([said])
    assert ended.value.code == 2
    assert f"there is no command '{said}'; did you mean '{meant}'?" in capsys.readouterr().err


def test_plan_and_why_as_json(zoo: Path) -> None:
    done = zoosmith(zoo, "plan", "family0-a1", "family0-a2", "--json")
    built, other = (json.loads(line) for line in done.stdout.splitlines())
    assert (built["name"], other["name"]) == ("family0-a1", "family0-a2")
    verbs = {(step["do"], step["name"]) for step in built["steps"] if step["what"] == "artifact"}
    assert ("reuse", "family0/a1") in verbs
    assert ("build", "family0/a2") in {(step["do"], step["name"]) for step in other["steps"]}
    told = json.loads(zoosmith(zoo, "why", "family0-a2", "--json").stdout)
    never = {"artifact family0/a2": ["it was never built here"]}
    here = {"profile": "", "otherwise": ""}
    assert told == {"name": "family0-a2", "changed": never, "downloaded": {}} | here


def test_they_take_where_steps_run_and_for_which_nodes(zoo: Path) -> None:
    plans = [zoosmith(zoo, "plan", "family0-a1", *more).stdout for more in ((), ("--executor", "local"))]
    here, local = (re.sub(r"[\d.]+ [MG]B free", "", plan) for plan in plans)
    assert here == local
    again = zoosmith(zoo, "build", "family0-a1", "--only", "--executor", "local")
    assert again.stdout == "artifact:family0-a1 is up to date\n"
    for words in (["plan", "family0-a1"], ["why", "family0-a1"], ["build", "family0-a1", "--only"]):
        nowhere = zoosmith(zoo, *words, "--executor", "rai")
        assert nowhere.returncode == 1 and "--executor: 'rai' is no executor; there are `local`" in nowhere.stderr
        alone = zoosmith(zoo, *words, "--profile", "l4")
        assert alone.returncode == 1 and "steps run on this machine alone" in alone.stderr


def test_ls_lists_what_needs_a_package_that_is_not_here(zoo: Path, tmp_path: Path) -> None:
    project = shutil.copytree(zoo, tmp_path / "z", symlinks=True)
    builder = project / "builders" / "table.py"
    builder.write_text(builder.read_text() + '\nREQUIRES = ("zoo_kernels",)\n')
    assert marks(project)["family0-a1"] == "stale"
    (project / "zoosmith.toml").write_text("[executor]\nprofil = 'l4'\n")
    wrong = zoosmith(project, "ls")
    assert wrong.returncode == 1 and "zoosmith.toml:2: 'profil' is not known; did you mean 'profile'?" in wrong.stderr
