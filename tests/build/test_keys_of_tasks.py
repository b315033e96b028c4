"""Build keys of what is recorded do not know of tasks that were added since."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.table import bring_up, edit, recipe
from tests.support.zoo import write_recipe
from zoosmith.build.measuring import measure_action
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.plugins import CHECKOUT, PACKAGE
from zoosmith.recipes.graph import Ref

ADDED = ("_language", "text_generation", "perplexity")
PROGRAM = """
import json, pathlib, sys
from zoosmith.build.codehash import build_code, closure_key, code_digests
from zoosmith.plugins import CHECKOUT
found = {}
for file in sorted(pathlib.Path(sys.argv[1]).glob("results/*/*/build.json")):
    build = json.loads(file.read_text())
    if build["name"].startswith("smollm2"):
        continue
    found[build["name"]] = closure_key(code_digests(*build_code(build["builder"], build["task"], CHECKOUT)))
print(json.dumps(found))
"""


def keys(checkout: Path) -> dict[str, list[str]]:
    """What each recorded artifact's build key holds of the code in a checkout."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(CHECKOUT)], cwd="/", check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )  # fmt: skip
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_tasks_of_language_models_change_no_key_of_an_encoder(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", *ADDED)
    for name in ("zoosmith", "builders"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=ignored)
    before, after = keys(tmp_path), keys(CHECKOUT)
    assert len(after) >= 41
    assert before == after
    assert all((CHECKOUT / "zoosmith" / "tasks" / name).is_dir() for name in ADDED)


def test_a_line_that_a_builder_runs_changes_its_key_and_no_other(tmp_path: Path) -> None:
    for name in ("zoosmith", "builders"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    builder = tmp_path / "builders" / "onnx_int8.py"
    builder.write_text(builder.read_text() + "\n\nADDED = 1\n")
    before, after = keys(CHECKOUT), keys(tmp_path)
    builds = {json.loads(file.read_text())["name"]: json.loads(file.read_text())["builder"]
              for file in CHECKOUT.glob("results/*/*/build.json")}  # fmt: skip
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if builds[name] == "onnx_int8"} != set()


def measurement(project: Path) -> Action:
    bring_up(project, "toy-plain")
    return measure_action(Workspace(project).resolver, Ref("toy", "plain"), "quick")


def test_how_a_zoos_own_task_encodes_is_in_the_keys_of_its_measurements(project: Path) -> None:
    """The artifact stays the same bytes; what it is asked may not."""
    own = project / "tasks" / "mine"
    shutil.copytree(PACKAGE / "tasks" / "text_classification", own, ignore=shutil.ignore_patterns("__pycache__"))
    asked = {"toy": {"kind": "mine", "data": "toy"}}
    write_recipe(project, recipe() | {"task": {"kind": "mine", "data": "toy", "max_length": 32}, "evals": asked})
    before = measurement(project)
    edit(own / "encoding.py", '"Good.",', '"Good!",')
    after = measurement(project)
    assert before.inputs["artifact"] == after.inputs["artifact"]
    assert before.key != after.key


def test_how_a_shipped_task_encodes_is_in_them_too(project: Path) -> None:
    code = measurement(project).run["code"]
    parts = {f"zoosmith.tasks.text_classification.{part}" for part in ("encoding", "scoring")}
    assert parts <= code.keys()
