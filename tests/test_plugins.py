"""Plug-ins are found by file name, the project's before the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith import plugins
from zoosmith.contract.errors import ZooError
from zoosmith.plugins import KINDS, find, known, load, module_name, shipped


def write(folder: Path, name: str, text: str = "FORMAT = 'mine'\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (folder / "dodo.py").touch()
    return path


def test_what_is_shipped_is_found_in_an_empty_project(tmp_path: Path) -> None:
    for kind, folder in KINDS.items():
        ids = known(kind, tmp_path)
        assert ids, f"nothing is shipped in {folder}"
        assert ids == sorted(ids)
        assert all(find(kind, id, tmp_path).is_relative_to(folder) for id in ids)


def test_a_file_in_the_project_is_a_plug_in(tmp_path: Path) -> None:
    path = write(tmp_path, "builders/tiny_prune.py", "FORMAT = 'tiny'\n")
    assert "tiny_prune" in known("builders", tmp_path)
    assert find("builders", "tiny_prune", tmp_path) == path
    assert load("builders", "tiny_prune", tmp_path).FORMAT == "tiny"


def test_a_folder_that_is_no_zoo_brings_no_code(tmp_path: Path) -> None:
    """What was pulled into the working directory may be called as it likes."""
    write(tmp_path, "runtimes/onnx.py", "raise SystemExit('a stranger runs')\n")
    (tmp_path / "dodo.py").unlink()
    assert find("runtimes", "onnx", tmp_path) == KINDS["runtimes"] / "onnx.py"
    assert known("runtimes", tmp_path) == sorted(set(known("runtimes", KINDS["runtimes"])))


def test_a_folder_is_a_plug_in_too(tmp_path: Path) -> None:
    path = write(tmp_path, "builtin/words/__init__.py", "SPLITS = ('train',)\n")
    assert "words" in known("builtin", tmp_path)
    assert find("builtin", "words", tmp_path) == path
    assert load("builtin", "words", tmp_path).SPLITS == ("train",)


def test_the_project_comes_first(tmp_path: Path) -> None:
    path = write(tmp_path, "builders/onnx.py")
    assert find("builders", "onnx", tmp_path) == path
    assert load("builders", "onnx", tmp_path).FORMAT == "mine"
    assert known("builders", tmp_path).count("onnx") == 1


def test_two_projects_do_not_share_their_plug_ins(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, "builders/same.py", f"FORMAT = {name!r}\n")
    assert load("builders", "same", tmp_path / "one").FORMAT == "one"
    assert load("builders", "same", tmp_path / "two").FORMAT == "two"


def test_dash_and_underscore_are_the_same(tmp_path: Path) -> None:
    assert find("tasks", "text-classification", tmp_path) == find("tasks", "text_classification", tmp_path)


@pytest.mark.parametrize("name", ["_private.py", "__init__.py", "notes.txt", "empty/readme.md"])
def test_what_is_no_plug_in(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"builders/{name}")
    assert known("builders", tmp_path) == known("builders", tmp_path / "nowhere")


def test_private_files_cannot_be_named(tmp_path: Path) -> None:
    write(tmp_path, "builders/_private.py")
    with pytest.raises(ZooError, match="'_private'"):
        find("builders", "_private", tmp_path)


def test_a_misspelt_name_suggests_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "builders/tiny_prune.py")
    with pytest.raises(ZooError, match=r"^no builder is called 'tiny-prun'; did you mean 'tiny_prune'"):
        find("builders", "tiny-prun", tmp_path)
    with pytest.raises(ZooError, match=r"^no task is called 'zzz'; known: "):
        load("tasks", "zzz", tmp_path)


def test_an_import_error_is_never_swallowed(tmp_path: Path) -> None:
    write(tmp_path, "builders/broken.py", "import a_package_that_nobody_has\n")
    with pytest.raises(ModuleNotFoundError, match="a_package_that_nobody_has"):
        load("builders", "broken", tmp_path)
    assert "broken" in known("builders", tmp_path), "finding must not import"


def test_loading_twice_runs_a_module_once(tmp_path: Path) -> None:
    write(tmp_path, "builders/counted.py", "RUNS = []\nRUNS.append(1)\n")
    first = load("builders", "counted", tmp_path)
    assert load("builders", "counted", tmp_path) is first
    assert first.RUNS == [1]


def test_shipped_modules_have_their_packages_names(tmp_path: Path) -> None:
    assert module_name(find("builders", "onnx", tmp_path)) == "builders.onnx"
    assert module_name(find("tasks", "text-classification", tmp_path)) == "zoosmith.tasks.text_classification"
    assert module_name(find("builtin", "person_names", tmp_path)) == "zoosmith.builtin.person_names"
    assert module_name(tmp_path / "builders" / "mine.py") == "zoo_builders_mine"


def test_what_travels_with_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(shipped("recipes").glob("*.yaml"))
    assert shipped("model_cards/template.md.j2").is_file()
    write(tmp_path, "shipped/recipes/one.yaml", "schema: 1\n")
    monkeypatch.setattr(plugins, "SHIPPED", tmp_path / "shipped")
    assert shipped("recipes") == tmp_path / "shipped" / "recipes"
