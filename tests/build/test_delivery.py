"""artifacts/NAME counts as delivered when nothing in it was touched, whatever copying tools do to times and sizes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from zoosmith.app.doit.command_check import Check
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref

REF = Ref("toy", "plain")


def same_size_and_time(home: Path) -> None:
    file, stat = home / "table.json", (home / "table.json").stat()
    file.write_bytes(file.read_bytes().replace(b"1.0", b"2.0", 1))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def copied_over(home: Path) -> None:
    """As `rsync -a` or `cp -p` does: other bytes of the same size, with the old time, under a new inode."""
    other = home.parent / "other.json"
    shutil.copy2(home / "table.json", other)
    same_size_and_time(home)
    shutil.copystat(other, home / "table.json")
    shutil.copy2(home / "table.json", other)
    other.replace(home / "table.json")


def extra(home: Path) -> None:
    (home / "more.safetensors").write_text("x")


def hidden(home: Path) -> None:
    (home / ".more").write_text("x")


def extra_link(home: Path) -> None:
    (home / "folder").symlink_to("/etc")


def instead(home: Path) -> None:
    (home / "table.json").replace(home.parent / "table.json")
    (home / "table.json").symlink_to(home.parent / "table.json")


def gone(home: Path) -> None:
    (home / "table.json").unlink()


@pytest.mark.parametrize("touch", [same_size_and_time, copied_over, extra, hidden, extra_link, instead, gone])
def test_what_was_touched_is_delivered_again(
    built: Path, touch: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(built)
    workspace.deliver(REF)
    home, looking = workspace.home(REF), Check(task_loader=SimpleNamespace(cmd_options=()))
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    assert workspace.delivered(REF)
    assert looking.look(workspace, {"delivered": True, "profile": ""}, ["toy-plain"]) == 0
    touch(home)
    assert not workspace.delivered(REF)
    assert looking.look(workspace, {"delivered": True, "profile": ""}, ["toy-plain"]) == 1
    workspace.deliver(REF)
    assert workspace.delivered(REF) and workspace.faults_of_delivery(REF) == []
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "toy-plain: every file is as it was built"
    assert said[2] == "`doit artifact:toy-plain` puts it right"


def test_each_fault_is_told(built: Path) -> None:
    workspace = Workspace(built)
    workspace.deliver(REF)
    for touch in (same_size_and_time, extra):
        touch(workspace.home(REF))
    (workspace.home(REF) / "tokenizer.json").unlink()
    said = ["tokenizer.json is missing", "more.safetensors is no part of it", "table.json has other bytes"]
    assert workspace.faults_of_delivery(REF) == said


def folder(stamp: Path) -> None:
    stamp.mkdir()
    (stamp / "x").touch()


STAMPS: dict[str, Callable[[Path], object]] = {
    "other bytes": lambda stamp: stamp.write_bytes(b"\xff\xfe"),
    "nothing": lambda stamp: stamp.touch(),
    "a folder": folder,
    "a pipe": os.mkfifo,
    "a link to itself": lambda stamp: stamp.symlink_to(stamp),
}


@pytest.mark.parametrize("damage", STAMPS)
def test_a_damaged_stamp_is_none_and_is_written_again(built: Path, damage: str) -> None:
    workspace = Workspace(built)
    workspace.deliver(REF)
    for stamp in (built / "artifacts" / ".store" / "stamps").rglob("*.delivered"):
        stamp.unlink()
        STAMPS[damage](stamp)
    assert not workspace.delivered(REF)
    workspace.deliver(REF)
    assert workspace.delivered(REF)
