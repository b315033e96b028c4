"""doit over a zoo, as a user types it: from any folder, with clear errors, light and quick to list."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import ROOT, doit, write_recipe
from zoosmith.app.doit.opening import needed_by
from zoosmith.app.doit.tasks import Tasks
from zoosmith.bench import measure
from zoosmith.build.workspace import Workspace

HEAVY = ("torch", "transformers", "onnxruntime", "onnx", "datasets", "huggingface_hub")
UNREAD = ("zoosmith.records.schema", "zoosmith.sources.tables", "urllib.request")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fast zoo, built and measured as a user's is."""
    project = write_fast_zoo(tmp_path_factory.mktemp("zoo") / "z", artifacts=3)
    done = doit(project, "build:family0-a2", "build:family0-a0", PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_a_build_leaves_files_card_results_and_row(zoo: Path) -> None:
    assert (zoo / "artifacts" / "family0-a2" / "table.json").is_file()
    card = (zoo / "model_cards" / "family0-a2.md").read_text()
    assert "# family0-a2" in card
    assert "| family0-a1 | builder table | `" in card, "a parent that nobody built by name"
    assert "unknown" not in card
    row = json.loads((zoo / "registry.json").read_text())["artifacts"]["family0-a2"]["versions"]["1"]
    assert row["gates"] == {"passed": True, "checks": []}
    assert row["results"][0]["speedup"]["n"] == measure.QUICK.starts
    assert "build.json" in {path.name for path in (zoo / "results" / "family0" / "a2").iterdir()}


def test_a_build_ends_with_where_things_are_and_what_to_type_next(zoo: Path) -> None:
    done = doit(zoo, "--scratch", "build:family0-a2")
    assert done.stdout.splitlines() == [
        "family0-a2 is in artifacts/family0-a2/, its card in scratch-zoo/model_cards/family0-a2.md",
        'ask it: zoosmith run family0-a2 "TEXT"',
    ]
    assert (zoo / "scratch-zoo" / "model_cards" / "family0-a2.md").is_file()


def test_the_second_build_does_nothing_and_says_so(zoo: Path) -> None:
    before = (zoo / "registry.json").stat().st_mtime_ns
    done = doit(zoo, "build:family0-a2")
    assert done.stdout == "build:family0-a2 is up to date\n"
    assert (zoo / "registry.json").stat().st_mtime_ns == before


def test_commands_work_from_a_folder_inside(zoo: Path) -> None:
    inside = zoo / "artifacts" / "family0-a2"
    for command in (["list"], ["plan", "family0-a2"], ["why", "family0-a2"], ["build:family0-a2"], ["table"]):
        done = doit(zoo, *command, cwd=inside)
        assert done.returncode == 0, done.stderr
        assert "family0-a2" in done.stdout


def test_list_explains_itself(zoo: Path) -> None:
    said = doit(zoo, "list").stdout
    assert "family0: Words counted by class." in said
    assert "(reference)" in said
    assert "doit build:NAME" in said


@pytest.mark.parametrize(
    ("command", "modules"),
    [(["list"], HEAVY + UNREAD), (["build:family0-a2"], HEAVY + UNREAD), (["plan", "family0-a2"], HEAVY)],
)
def test_nothing_is_imported_that_is_not_needed(zoo: Path, command: list[str], modules: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['doit', *{command!r}]\n"
        "from doit.doit_cmd import DoitMain\n"
        "DoitMain().run(sys.argv[1:])\n"
        f"print('heavy:', [m for m in {modules!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=zoo, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build:family0-a7"], "'build:family0-a7' is not a task; did you mean 'build:family0-a2'"),
        (["family0-a2"], "'family0-a2' is not a task; did you mean 'build:family0-a2'"),
        (["biuld:family0-a2"], "'biuld:family0-a2' is not a task; did you mean 'build:family0-a2'"),
        (["lst"], "'lst' is not a task; did you mean 'list'"),
        (["plna", "family0-a2"], "'plna' is not a task; did you mean 'plan'"),
        (["bulid"], "'bulid' is not a task; did you mean 'build:NAME'"),
        (["plan", "family0-b2"], "no artifact is called 'family0-b2'; did you mean 'family0-a2'"),
        (["plan"], "say which artifact"),
        (["why", "nothing-like-it"], "no artifact is called 'nothing-like-it'"),
        (["table", "famly0"], "no recipe is called 'famly0'; did you mean 'family0'"),
        ([], "say what to build"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(zoo: Path, arguments: list[str], said: str) -> None:
    done = doit(zoo, *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_plan_says_what_is_reused(zoo: Path) -> None:
    said = doit(zoo, "plan", "family0-a2").stdout
    assert "reuse    artifact family0/a1" in said
    assert "reuse    measurement of family0/a2 on this host" in said


def test_check_finds_equal_bytes(zoo: Path) -> None:
    done = doit(zoo, "check", "family0-a2")
    assert done.returncode == 0, done.stderr
    assert "the rebuild gives the same bytes" in done.stdout


def test_scratch_leaves_the_record_alone(zoo: Path) -> None:
    before = (zoo / "registry.json").read_bytes()
    done = doit(zoo, "run", "--scratch", "build:family0-a1")
    assert done.returncode == 0, done.stderr
    assert (zoo / "scratch-zoo" / "model_cards" / "family0-a1.md").is_file()
    assert (zoo / "registry.json").read_bytes() == before


def test_a_deleted_delivery_comes_back_without_a_rebuild(zoo: Path) -> None:
    (zoo / "artifacts" / "family0-a2" / "table.json").write_text("tampered")
    done = doit(zoo, "artifact:family0-a2")
    assert done.returncode == 0
    assert "weights" in (zoo / "artifacts" / "family0-a2" / "table.json").read_text()
    assert "build family0-a2" not in done.stderr


def test_cards_and_registry_are_what_rendering_gives(zoo: Path) -> None:
    done = doit(zoo, "registry")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    (zoo / "model_cards" / "family0-a2.md").write_text("edited by hand")
    assert "rendered model_cards/family0-a2.md" in doit(zoo, "registry").stdout


def test_side_by_side_gives_the_same(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z", artifacts=2, recipes=2)
    done = doit(project, "run", "-n", "4", "build:family0-a1", "build:family1-a1")
    assert done.returncode == 0, done.stdout + done.stderr
    names = set(json.loads((project / "registry.json").read_text())["artifacts"])
    assert names == {"family0-a1", "family1-a1"}


def test_output_on_a_pipe_is_plain_lines(tmp_path: Path) -> None:
    done = doit(write_fast_zoo(tmp_path / "z"), "artifact:family0-a0")
    assert "build family0-a0 ..." in done.stderr
    assert "build family0-a0: done" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def test_a_missed_gate_fails_the_build_with_its_table_and_no_row(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z")
    recipe = fast_recipe()
    recipe["artifacts"]["a1"]["gates"] = {"toy.accuracy": {"min": 2.0}, "size": {"max_ratio": 9.0}}
    write_recipe(project, recipe, "family0")
    done = doit(project, "build:family0-a1")
    assert done.returncode == 1
    assert "misses a gate" in done.stdout
    assert "toy.accuracy  min 2" in done.stdout
    assert "MISSED" in done.stdout
    assert not (project / "registry.json").exists()
    assert not (project / "model_cards").exists()


def test_a_broken_recipe_is_one_message_with_its_line(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z")
    recipe = fast_recipe()
    recipe["artifacts"]["a1"]["parms"] = {}
    file = write_recipe(project, recipe, "family0")
    line = next(i for i, text in enumerate(file.read_text().splitlines(), 1) if "parms" in text)
    done = doit(project, "list")
    assert done.returncode == 3
    assert done.stderr.startswith(
        f"ERROR: recipes/family0.yaml:{line}: artifacts.a1.parms: unknown key; did you mean 'params'?"
    )


def test_a_broken_builder_is_shown_with_its_own_error(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z")
    (project / "builders" / "table.py").write_text("import no_such_package\n")
    done = doit(project, "list")
    assert done.returncode != 0
    assert "no_such_package" in done.stderr


def test_a_broken_family_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z")
    broken = fast_recipe(1)
    broken["artifacts"]["a0"]["builder"] = "bad"
    write_recipe(project, broken, "second")
    (project / "builders" / "bad.py").write_text("FORMAT = (\n")
    listed = doit(project, "list")
    assert listed.returncode == 3 and "family0-a1" in listed.stdout and "second-a0" not in listed.stdout
    assert "recipes/second.yaml:" in listed.stderr and "bad.py:1: SyntaxError" in listed.stderr
    assert "Traceback" not in listed.stderr
    assert doit(project, "artifact:family0-a0").returncode == 0
    asked = doit(project, "artifact:second-a0")
    assert asked.returncode == 3 and asked.stderr.startswith("ERROR: recipes/second.yaml:")
    collected = doit(project, "gc")
    assert collected.returncode == 1 and "gc must know every recipe" in collected.stderr


def test_an_artifact_of_another_recipe_as_parent(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z")
    other = fast_recipe(1)
    other["bases"] = {}
    other["artifacts"] = {"a0": {"builder": "table", "from": "family0/a1", "params": {"scale": 2.0}}}
    write_recipe(project, other, "second")
    done = doit(project, "build:second-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "build family0-a1: done" in done.stderr


def test_no_space_is_told(tmp_path: Path) -> None:
    """A file system of 100 KiB, made in a mount namespace of its own."""
    project = write_fast_zoo(tmp_path / "z")
    script = (
        f"mount -t tmpfs -o size=100k none {project}/artifacts && exec {sys.executable} -m doit artifact:family0-a1"
    )
    (project / "artifacts").mkdir(exist_ok=True)
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this machine allows no mount namespaces")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script], cwd=project, capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode != 0
    assert "no space left" in (done.stdout + done.stderr).lower()
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("parallel", [[], ["-n", "2"]])
def test_ctrl_c_ends_the_worker_keeps_what_is_finished_and_says_so(tmp_path: Path, parallel: list[str]) -> None:
    project = write_fast_zoo(tmp_path / "z", seconds=30)
    command = [sys.executable, "-m", "doit", "run", *parallel, "artifact:family0-a0"]
    running = subprocess.Popen(
        command, cwd=project, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may start us in the background
    )  # fmt: skip
    assert running.stderr is not None
    said = ""
    while "build family0-a0 ..." not in said:
        said += running.stderr.readline()
    running.send_signal(signal.SIGINT)
    rest = running.stderr.read()
    assert running.wait(timeout=20) == 130
    assert "interrupted. What is finished is kept" in rest
    assert "Traceback" not in rest
    assert len(list((project / "artifacts" / ".store" / "actions").iterdir())) == 2


def test_named_tasks_need_their_lineage_and_references_alone(tmp_path: Path) -> None:
    project = write_fast_zoo(tmp_path / "z", artifacts=4)
    other = fast_recipe(2)
    other["bases"] = {}
    other["reference"] = "a1"
    other["artifacts"] = {
        "a0": {"builder": "table", "from": "family0/a2", "params": {"scale": 2.0}},
        "a1": {"builder": "table", "from": "family0/a1", "params": {"scale": 3.0}},
    }
    write_recipe(project, other, "second")
    workspace = Workspace(project)
    workspace.selected = needed_by(workspace.zoo, ["build:second-a0"])
    assert workspace.selected is not None
    assert {str(ref) for ref in workspace.selected} == {
        "second/a0", "second/a1", "family0/a2", "family0/a1", "family0/a0",
    }  # fmt: skip
    assert {family.id for family in workspace.families()} == {"second", "family0"}
    tasks = Tasks(workspace)
    made = {f"_step:{task['name']}" for task in tasks.steps()} | {f"_source:{task['name']}" for task in tasks.sources()}
    named = {f"_quick:{task['name']}": task for task in tasks.measurements("quick")}
    assert all(before in made or before in named for task in named.values() for before in task["task_dep"])
    assert needed_by(workspace.zoo, ["build:*"]) is None and needed_by(workspace.zoo, []) is None
