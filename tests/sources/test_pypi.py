"""Wheels: only the named sub-path is unpacked, by hash, from real pip and a local index folder."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import PypiSource
from zoosmith.sources import pypi

WHEEL = "tiny_model-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
TAGS = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path, members: dict[str, str] | None = None) -> Path:
    """A wheel that carries a model, with the metadata that pip wants."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"tiny_model/__init__.py": "raise SystemExit('imported')", "tiny_model/model/config.json": "{}"}
    contents |= {"tiny_model/model/sub/vocab.txt": "a", **(members or {})}
    info = "tiny_model-1.0.dist-info"
    contents |= {f"{info}/METADATA": METADATA, f"{info}/WHEEL": TAGS, f"{info}/RECORD": ""}
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return folder / WHEEL


def source(wheel: Path, **changes: str) -> PypiSource:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    facts = {"package": "tiny-model", "version": "1.0", "sha256": digest, "path": "tiny_model/model"}
    return PypiSource(**(facts | changes))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and no network index."""
    wheel = write_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return wheel


def fetch(wheel: PypiSource, tmp_path: Path) -> Path:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return pypi.unpack_from_wheel(wheel, tmp_path / "out", scratch, lambda **shown: None)


def test_only_the_sub_path_is_unpacked(index: Path, tmp_path: Path) -> None:
    out = fetch(source(index), tmp_path)
    found = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())
    assert found == ["config.json", "sub/vocab.txt"]


def test_a_wrong_hash_is_told_and_the_wheel_removed(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=rf"{WHEEL} has SHA-256 [0-9a-f]{{64}}, the recipe expects 0{{64}}"):
        fetch(source(index, sha256="0" * 64), tmp_path)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_wheel_left_by_an_interrupted_run_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = write_wheel(tmp_path / "scratch")
    monkeypatch.setattr(pypi, "download", lambda *arguments, **options: pytest.fail("downloaded again"))
    assert (fetch(source(wheel), tmp_path) / "config.json").is_file()


def test_a_version_that_is_not_there_says_so_and_hints_at_the_index(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"pip cannot download tiny-model==2\.0.*index reachable"):
        fetch(source(index, version="2.0"), tmp_path)


def test_an_empty_sub_path_is_told(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="has nothing below 'tiny_model/weights'"):
        fetch(source(index, path="tiny_model/weights"), tmp_path)


@pytest.mark.parametrize("name", ["tiny_model/model/../../../evil", "tiny_model/model/a\\..\\evil"])
def test_members_that_escape_are_refused(tmp_path: Path, name: str) -> None:
    wheel = write_wheel(tmp_path / "w", {name: "x"})
    with pytest.raises(ZooError, match="unsafe member"):
        pypi.unpack(wheel, "tiny_model/model", tmp_path / "out")
    assert not (tmp_path / "evil").exists()


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path / "w")
    link = zipfile.ZipInfo("tiny_model/model/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ZooError, match="unsafe member"):
        pypi.unpack(wheel, "tiny_model/model", tmp_path / "out")


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_text("no zip")
    with pytest.raises(ZooError, match="no zip archive"):
        pypi.unpack(tmp_path / "x.whl", "m", tmp_path / "out")
