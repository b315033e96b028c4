"""The project is found from any folder inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.project import find_project


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOSMITH_PROJECT", raising=False)


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dodo.py").write_text("", encoding="utf-8")
    return folder


def test_at_and_above(tmp_path: Path) -> None:
    project = make(tmp_path / "zoo")
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(project) == find_project(inner) == project


def test_the_nearest_wins(tmp_path: Path) -> None:
    make(tmp_path)
    inner = make(tmp_path / "inner")
    assert find_project(inner / "recipes") == inner


def test_a_folder_called_dodo_py_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "zoo" / "dodo.py").mkdir(parents=True)
    make(tmp_path)
    assert find_project(tmp_path / "zoo") == tmp_path


def test_none_gives_the_folder_itself(tmp_path: Path) -> None:
    assert find_project(tmp_path) == tmp_path


def test_the_working_folder_is_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(tmp_path / "zoo")
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert find_project() == project


def test_the_environment_wins_and_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make(tmp_path / "zoo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOOSMITH_PROJECT", "zoo")
    assert find_project(tmp_path / "elsewhere") == project


def test_links_are_followed(tmp_path: Path) -> None:
    project = make(tmp_path / "zoo")
    (tmp_path / "link").symlink_to(project)
    assert find_project(tmp_path / "link") == project
