"""`doit bench:NAME@HOSTCLASS` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from doit.exceptions import InvalidCommand

from tests.support.table import write_table
from tests.support.zoo import doit
from zoosmith.app.doit.placed import classes_of, placed_of
from zoosmith.app.doit.tasks import Tasks
from zoosmith.build.workspace import Workspace


def test_the_class_is_taken_off_the_name() -> None:
    names, placed = placed_of(["bench:toy-plain@small", "build:toy-double", "bench:toy-*@epyc-2c"])
    assert names == ["bench:toy-plain", "build:toy-double", "bench:toy-*"]
    assert placed == [("toy-plain", "small"), ("toy-*", "epyc-2c")]


@pytest.mark.parametrize(
    ("name", "meant"), [("build:toy-plain@small", "toy-plain@small"), ("bench:toy-plain@", "toy-plain@HOSTCLASS")]
)
def test_measurements_alone_are_placed(name: str, meant: str) -> None:
    with pytest.raises(InvalidCommand, match=f"measurements alone are placed by host: `doit bench:{meant}`"):
        placed_of([name])


def test_a_measurement_at_a_class_is_beside_that_of_this_host_and_after_its_references_there(tmp_path: Path) -> None:
    workspace = Workspace(write_table(tmp_path))
    workspace.placed = [("toy-triple", "small"), ("toy-*", "large")]
    assert classes_of(workspace) == ["small", "large"] and classes_of(workspace, "toy-plain") == ["large"]
    tasks = Tasks(workspace)
    full = {task["name"]: task["task_dep"] for task in tasks.measurements("full")}
    assert "_full:toy-plain@small" in full["toy-triple@small"] and "_full:toy-plain" in full["toy-triple"]
    assert full["toy-plain@small"] == full["toy-plain"]
    builds = {task["name"]: task["task_dep"] for task in tasks.builds("full")}
    assert builds["toy-triple@small"] == ["artifact:toy-triple", "_full:toy-triple@small"]
    assert "toy-plain@small" not in builds and "toy-plain@large" in builds
    assert not [task["name"] for task in (*tasks.builds("quick"), *tasks.measurements("quick")) if "@" in task["name"]]


def test_bad_names_are_one_clear_error_each(tmp_path: Path) -> None:
    project = write_table(tmp_path)
    alone = doit(project, "bench:toy-triple@small")
    assert alone.returncode == 1 and alone.stderr.startswith("ERROR: steps run on this machine alone")
    build = doit(project, "build:toy-triple@small")
    assert build.returncode == 3 and "measurements alone are placed by host" in build.stderr
    hosts = doit(project, "list", "--hosts")
    assert hosts.returncode == 1 and hosts.stderr.startswith("ERROR: steps run on this machine alone")
    assert not (project / "artifacts" / ".store" / "actions").exists()
