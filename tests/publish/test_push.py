"""What may be published, and the commands that do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fast import fast_recipe
from tests.support.zoo import doit, write_recipe
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.publish.push import push
from zoosmith.recipes.graph import Ref

A0 = Ref("family0", "a0")
NAME = "family0-a0"


def refused(zoo: Path, target: Path, ref: Ref = A0) -> str:
    """What a push says that must not happen."""
    with pytest.raises(ZooError) as told:
        push(Workspace(zoo), ref, f"file://{target}")
    assert not target.exists()
    return str(told.value)


@pytest.mark.parametrize("target", ["hf://", "hf://org/name", "hf://..", "file://", "s3://bucket", "out", ""])
def test_only_a_hub_or_a_folder_is_a_target(zoo: Path, target: str) -> None:
    with pytest.raises(ZooError, match="is no place to publish to; say hf://ORG or file://DIR"):
        push(Workspace(zoo), A0, target)


def test_nothing_recorded_is_nothing_to_publish(zoo: Path, tmp_path: Path) -> None:
    write_recipe(zoo, fast_recipe(3), "family0")
    said = refused(zoo, tmp_path / "out", Ref("family0", "a2"))
    assert said == "nothing is recorded of family0-a2; run `doit build:family0-a2`"


def test_a_missed_gate_is_not_published(zoo: Path, tmp_path: Path) -> None:
    recipe = fast_recipe(2)
    recipe["artifacts"]["a0"]["gates"] = {"memory_mb": {"max": 1}}
    write_recipe(zoo, recipe, "family0")
    said = refused(zoo, tmp_path / "out")
    assert "family0-a0 misses a gate and is not published" in said
    assert "MISSED" in said
    assert "run `doit build:family0-a0`" in said


def test_a_row_that_records_a_missed_gate_is_not_published(zoo: Path, tmp_path: Path) -> None:
    file = zoo / "registry.json"
    book = json.loads(file.read_text())
    check = {"gate": "size", "limit": "max 1", "value": 2.0, "passed": False}
    book["artifacts"][NAME]["versions"]["1"]["gates"] = {"passed": False, "checks": [check]}
    file.write_text(json.dumps(book))
    assert "misses a gate" in refused(zoo, tmp_path / "out")


def test_an_artifact_built_again_is_recorded_first(zoo: Path, second_zoo: Path, tmp_path: Path) -> None:
    (second_zoo / "registry.json").write_bytes((zoo / "registry.json").read_bytes())
    said = refused(second_zoo, tmp_path / "out")
    assert said == "family0-a0 was built again since it was recorded; run `doit build:family0-a0`"


def test_a_scratch_record_is_not_published(zoo: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="a scratch record is not published"):
        push(Workspace(zoo, scratch=True), A0, f"file://{tmp_path / 'out'}")


@pytest.mark.parametrize("damage", ["changed", "longer", "gone", "folder", "link"])
def test_damage_in_the_store_is_found_before_anything_is_sent(zoo: Path, tmp_path: Path, damage: str) -> None:
    workspace = Workspace(zoo)
    stored = workspace.store.file(next(f.sha256 for f in workspace.records.build(A0).files if f.path == "table.json"))  # type: ignore[union-attr]
    stored.chmod(0o644)
    if damage == "gone":
        stored.unlink()
    elif damage == "folder":
        stored.unlink()
        (stored / "inside").mkdir(parents=True)
    elif damage == "link":
        stored.symlink_to(stored.rename(tmp_path / "elsewhere"))
    else:
        stored.write_bytes(stored.read_bytes() + b" " if damage == "longer" else stored.read_bytes()[:-1] + b"?")
    said = refused(zoo, tmp_path / "out")
    assert said == "table.json of family0-a0 is missing or damaged in the store; run `doit build:family0-a0`"
    assert not stored.exists()
    done = doit(zoo, "publish:family0-a0", ZOOSMITH_PUBLISH=f"file://{tmp_path / 'out'}", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / NAME / "v1" / "table.json").is_file()


def test_an_artifact_without_a_card_says_how_to_get_one(zoo: Path, tmp_path: Path) -> None:
    (zoo / "model_cards" / f"{NAME}.md").unlink()
    assert refused(zoo, tmp_path / "out") == "family0-a0 has no card; run `doit card:family0-a0`"


def test_a_target_that_cannot_be_written_is_told(zoo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ZooError, match=r"Not a directory|File exists") as told:
        push(Workspace(zoo), A0, f"file://{tmp_path / 'file'}")
    assert "run the same command: it goes on" in str(told.value)


def test_doit_publish_builds_and_publishes_to_where_the_environment_says(zoo: Path, tmp_path: Path) -> None:
    settings = {"TMPDIR": str(tmp_path), "ZOOSMITH_PUBLISH": f"file://{tmp_path / 'out'}"}
    first, again = (doit(zoo, f"publish:{NAME}", **settings) for _ in range(2))
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"published {NAME} v1 at file://{tmp_path}/out/{NAME}/v1/" in first.stdout
    assert f"already published: {NAME} v1 is at file://{tmp_path}/out/{NAME}/v1/" in again.stdout


def test_doit_publish_without_a_target_says_how_to_name_one(zoo: Path, tmp_path: Path) -> None:
    done = doit(zoo, f"publish:{NAME}", TMPDIR=str(tmp_path), ZOOSMITH_PUBLISH="")
    assert done.returncode == 1
    assert f"ZOOSMITH_PUBLISH=hf://ORG doit publish:{NAME} (or file://DIR)" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def command(zoo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zoosmith.app.cli.main", "push", *arguments], cwd=zoo, env=os.environ,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_command_publishes_and_says_where(zoo: Path, tmp_path: Path) -> None:
    done = command(zoo, NAME, "--to", "file://../out")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"published {NAME} v1 at file://{tmp_path}/out/{NAME}/v1/\n"
    again = json.loads(command(zoo, NAME, "--to", "file://../out", "--json").stdout)
    where = f"file://{tmp_path}/out/{NAME}/v1/"
    assert again == {"name": NAME, "version": 1, "location": where, "fresh": False}


def test_the_command_suggests_the_nearest_name(zoo: Path) -> None:
    done = command(zoo, "family0-b0", "--to", "file://../out")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "zoosmith: no artifact is called 'family0-b0'; did you mean 'family0-a0'?\n"
