"""Tools out of archives: unpacked once, and again when the folder is not what was unpacked."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from zoosmith.contract.tool import PypiTool
from zoosmith.sources import tools
from zoosmith.store.files import sha256_file


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PypiTool:
    """An archive in `scratch`, as an interrupted run leaves it."""
    (tmp_path / "scratch").mkdir()
    archive = tmp_path / "scratch" / "tool-1.tar.gz"
    with tarfile.open(archive, "w:gz") as members:
        for name, text in (("tool-1/src/convert.py", b"print(1)"), ("tool-1/src/table.txt", b"1 2 3")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            members.addfile(member, io.BytesIO(text))
    monkeypatch.setattr(tools, "default_root", lambda: tmp_path / "cache")
    return PypiTool("tool", "1", sha256_file(archive), "src")


def folder(tool: PypiTool, tmp_path: Path) -> Path:
    return tools.tool_folder(tool, tmp_path / "scratch", lambda **shown: None)


def test_what_is_whole_is_used_as_it_is(tool: PypiTool, tmp_path: Path) -> None:
    found = folder(tool, tmp_path)
    (found / "__pycache__").mkdir()
    (found / "__pycache__" / "convert.pyc").write_bytes(b"x")
    (tmp_path / "scratch" / "tool-1.tar.gz").unlink()
    assert folder(tool, tmp_path) == found
    assert (found / "table.txt").read_text() == "1 2 3"


@pytest.mark.parametrize("damage", ["edited", "added", "gone", "link", "told"])
def test_what_was_edited_in_the_cache_is_unpacked_again(tool: PypiTool, tmp_path: Path, damage: str) -> None:
    found = folder(tool, tmp_path)
    if damage == "edited":
        (found / "table.txt").write_text("1 2 4")
    if damage == "added":
        (found / "more.py").write_text("import this")
    if damage == "gone":
        (found / "table.txt").unlink()
    if damage == "link":
        (found / "link").symlink_to("/etc/hostname")
    if damage == "told":
        next((tmp_path / "cache").rglob("*.files")).unlink()
    assert folder(tool, tmp_path) == found
    assert {path.name: path.read_text() for path in found.iterdir()} == {"convert.py": "print(1)", "table.txt": "1 2 3"}
