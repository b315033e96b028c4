"""What a step reads is what its key says, whatever is edited between the key and the reading."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.table import bring_up, edit
from tests.support.zoo import rows, write_rows
from zoosmith.build import inputs
from zoosmith.build.contents import folder_digest
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import BuildError
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref
from zoosmith.store.files import sha256_file
from zoosmith.store.locks import flock, measure_lock

CHANGED = "was changed after this run had looked at it; leave it as it is and run the same command again"


def fails_and_leaves_nothing(workspace: Workspace, kind: str, ref: Ref, file: Path, text: str) -> None:
    """The step of a key made before `file` was edited fails; the honest key is not taken, and the new one works."""
    action = workspace.resolver.action(kind, ref)
    before = file.read_text()
    file.write_text(text)
    with pytest.raises(StepFailed, match=CHANGED):
        workspace.runner.run(action)
    assert workspace.store.recorded(action.key) is None
    again = workspace.make(kind, ref)
    assert again.key != action.key
    file.write_text(before)
    assert workspace.make(kind, ref).key == action.key
    assert workspace.runner.run(action).tree != again.tree


def test_data_edited_while_its_step_waits_fails_the_step(project: Path) -> None:
    file = project / "data" / "train.jsonl"
    text = "".join(json.dumps(row) + "\n" for row in rows(60, seed=9))
    fails_and_leaves_nothing(Workspace(project), "data", Ref("toy", "toy"), file, text)


def test_a_base_edited_while_its_step_waits_fails_the_step(project: Path) -> None:
    file = project / "bases" / "words" / "config.json"
    fails_and_leaves_nothing(Workspace(project), "base", Ref("toy", "words"), file, '{"model_type": "other"}')


def test_a_tool_edited_while_its_step_waits_fails_the_step(project: Path) -> None:
    (project / "factor.txt").write_text("1.0")
    edit(project / "builders" / "scaled.py", 'PRECISION = "fp32"', 'PRECISION = "fp32"\nTOOLS = ("factor.txt",)')
    bring_up(project, "toy-plain")
    fresh = Workspace(project)
    action = fresh.resolver.action("artifact", Ref("toy", "double"))
    (project / "factor.txt").write_text("9.0")
    with pytest.raises(StepFailed, match=r"factor\.txt " + CHANGED):
        fresh.runner.run(action)
    assert fresh.store.recorded(action.key) is None
    assert bring_up(project, "toy-double") == ["double"]


def test_code_of_built_in_data_edited_while_its_step_waits_fails_the_step(project: Path) -> None:
    with pytest.raises(BuildError, match="the code of x changed while this run was going"):
        inputs.same_code([project / "builders" / "table.py"], ["0" * 64], "the code of x")


def change(file: Path) -> None:
    write_rows(file, rows(20, seed=5))


def change_and_take_back(file: Path) -> None:
    """The bytes and the time of change are as before; only the kernel's own time of change tells."""
    text, stat = file.read_bytes(), file.stat()
    change(file)
    file.write_bytes(text)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def add(file: Path) -> None:
    (file.parent / "more.jsonl").write_text("{}")


@pytest.mark.parametrize("meanwhile", [change, change_and_take_back, add])
def test_an_edit_while_the_step_reads_is_found(project: Path, meanwhile: Any) -> None:
    folder = project / "data"
    wanted = folder_digest(folder)
    with inputs.unchanged(folder, lambda: folder_digest(folder), wanted):
        (folder / "train.jsonl").read_bytes()
    with pytest.raises(BuildError, match=CHANGED), inputs.unchanged(folder, lambda: folder_digest(folder), wanted):
        meanwhile(folder / "train.jsonl")


def test_a_link_that_led_elsewhere_meanwhile_is_found(project: Path) -> None:
    """And leads back in the end: the files that it leads to were not touched."""
    shutil.copytree(project / "data", project / "v1")
    shutil.copytree(project / "data", project / "v2")
    link = project / "latest"
    link.symlink_to("v1")
    wanted = folder_digest(link)
    with inputs.unchanged(link, lambda: folder_digest(link), wanted):
        (link / "train.jsonl").read_bytes()
    with pytest.raises(BuildError, match=CHANGED), inputs.unchanged(link, lambda: folder_digest(link), wanted):
        for target in ("v2", "v1"):
            link.unlink()
            link.symlink_to(target)


def test_a_tool_edited_while_the_builder_runs_is_found(project: Path) -> None:
    tool = project / "tool.txt"
    tool.write_text("1")
    named = {"tool.txt": sha256_file(tool), "llama.cpp": {"package": "p"}}
    with inputs.tools(project, named):
        tool.read_text()
    with pytest.raises(BuildError, match=CHANGED), inputs.tools(project, named):
        change_and_take_back(tool)


def test_a_measurement_holds_up_no_data_and_no_base(project: Path) -> None:
    """Of this zoo or another: the lock is one for the host."""
    with flock(measure_lock()), flock(measure_lock().with_suffix(".queue")):
        workspace = Workspace(project)
        assert workspace.make("data", Ref("toy", "toy")).tree
        assert workspace.make("base", Ref("toy", "words")).tree
