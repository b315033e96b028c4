"""A damaged artifact: told as damaged, and the command that is named puts it right."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.published import publish
from tests.support.zoo import doit
from zoosmith.app.cli import main as cli
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import load
from zoosmith.publish import damage


@pytest.fixture
def copy(fast_artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with a delivered artifact that is also published; its folder."""
    project = Path(shutil.copytree(fast_artifact.parents[1], tmp_path / "zoo"))
    folder = project / "artifacts" / "family0-a0"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    publish(tmp_path / "registry", "family0-a0", files)
    monkeypatch.chdir(project)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return folder


def cut(folder: Path) -> None:
    file = folder / "table.json"
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[: len(data) // 2])


def garble(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_bytes(b"\0" * 64)


def lose(folder: Path) -> None:
    (folder / "table.json").unlink()


def lose_head(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text("{")


HARM: list[Callable[[Path], None]] = [cut, garble, lose, lose_head]


@pytest.mark.parametrize("harm", HARM)
def test_run_and_verify_say_damaged_and_the_named_commands_cure_it(
    copy: Path, tmp_path: Path, harm: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["run", "family0-a0", "a lovely film"], ["verify", "family0-a0"]):
        harm(copy)
        assert cli.main(command) == 1
        said = capsys.readouterr().err
        assert "damaged" in said
        assert "Traceback" not in said
        build, pull = re.findall("`([^`]+)`", said)[-2:]
        assert build == "doit artifact:family0-a0"
        assert cli.main([*shlex.split(pull)[1:], "--registry", str(tmp_path / "registry")]) == 0
        assert cli.main(command) == 0
        capsys.readouterr()
    harm(copy)
    done = doit(copy.parents[1], "artifact:family0-a0")
    assert done.returncode == 0, done.stderr
    assert cli.main(["run", "family0-a0", "a lovely film"]) == 0


@pytest.mark.parametrize("harm", HARM)
def test_load_in_python_says_so_too(copy: Path, harm: Callable[[Path], None]) -> None:
    import zoosmith

    assert zoosmith.load("family0-a0").predict(["a lovely film"])
    harm(copy)
    with pytest.raises(ZooError, match=r"damaged[^`]*`doit artifact:family0-a0` delivers it again"):
        zoosmith.load(copy)


def test_outside_a_zoo_the_cure_says_where(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = copy.rename(tmp_path / "family0-a0")
    cut(moved)
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(
            ZooError, match=rf"table\.json has SHA-256 .*\n`zoosmith pull family0-a0 --repair --into {tmp_path}`"
        ),
        damage.looked_for("family0-a0"),
    ):
        load("family0-a0")


def test_the_cure_can_be_copied_whatever_folders_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "my models; rm -r $HOME"
    [command] = re.findall("`([^`]+)`", damage.cure(home / "toy-a"))
    assert shlex.split(command) == ["zoosmith", "pull", "toy-a", "--repair", "--into", str(home)]


def test_what_fails_with_files_that_are_right_is_raised_as_it_is(copy: Path) -> None:
    with pytest.raises(MemoryError, match="as it is"), damage.looked_for("family0-a0"):
        raise MemoryError("as it is")


def test_without_repair_nothing_that_was_changed_is_replaced(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(copy)
    assert cli.main(["pull", "family0-a0", "--registry", str(tmp_path / "registry")]) == 1
    assert "--repair replaces it" in capsys.readouterr().err
    assert cli.main(["verify", "family0-a0"]) == 1


@pytest.mark.parametrize("kind", ["file", "link", "deep"])
def test_repair_removes_no_file_of_another_name(
    copy: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(copy)
    other = copy / "notes" / "deep.txt" if kind == "deep" else copy / "notes.txt"
    other.parent.mkdir(exist_ok=True)
    if kind == "link":
        other.symlink_to(tmp_path)
    else:
        other.write_text("my work")
    command = ["pull", "family0-a0", "--repair", "--registry", str(tmp_path / "registry")]
    assert cli.main(command) == 1
    assert f"{other} is no file of the artifact; move it away" in capsys.readouterr().err
    other.rename(tmp_path / "moved")
    assert cli.main(command) == 0
    assert json.loads((copy / "manifest.json").read_text())["format"]
