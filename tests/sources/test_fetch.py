"""Bases: the first source with the right bytes wins; wrong bytes, links and pickles never enter."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.sources import fetch


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def step_for(project: Path, base: dict[str, object]) -> Step:
    return make_step(project, {}, {"base": base, "name": "toy/encoder"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "bases" / "m"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "extra.txt").write_text("not listed")
    return model


def test_only_listed_files_enter_and_the_manifest_names_them(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"config.json": sha256("{}")}})
    fetch.run(step)
    assert sorted(p.name for p in step.out.iterdir()) == ["config.json", "manifest.json"]
    manifest = json.loads((step.out / "manifest.json").read_text())
    assert manifest["files"] == {"config.json": sha256("{}")}
    assert step.notes == {"source": "path"}


def test_all_files_enter_where_none_is_listed(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m"})
    fetch.run(step)
    assert (step.out / "extra.txt").read_text() == "not listed"


def test_a_hash_that_differs_names_file_both_hashes_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"config.json": "0" * 64}})
    with pytest.raises(
        ZooError, match=r"toy/encoder[\s\S]*path: config\.json has SHA-256 44136fa355b3678a.*expects 0{16}"
    ):
        fetch.run(step)
    assert list(step.out.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"model.safetensors": "0" * 64}})
    with pytest.raises(ZooError, match=r"path: model\.safetensors is missing"):
        fetch.run(step)


def test_the_next_source_is_tried_when_the_first_has_other_bytes(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"changed": true}')
    monkeypatch.setattr(fetch.hf, "snapshot", lambda *arguments: other)
    base = {"repo": "o/m", "revision": "a" * 40, "path": "bases/m", "files": {"config.json": sha256("{}")}}
    step = step_for(tmp_path, base)
    fetch.run(step)
    assert step.notes == {"source": "path"}
    assert (step.out / "config.json").read_text() == "{}"


def test_pickles_are_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ZooError, match=r"pytorch_model\.bin is a pickle.*files:"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("config.json", {"auto_map": {"AutoModel": "m.M"}}, r"config\.json: auto_map: .*`path:`"),
        ("model.safetensors.index.json", {"weight_map": {"a": "../../x.safetensors"}}, r"weight_map: the path '\.\./"),
        ("adapter_config.json", {"base_model_name_or_path": "o/m"}, r"adapter_config\.json: transformers follows it"),
    ],
)
def test_what_leads_outside_or_to_code_is_refused(
    tmp_path: Path, folder: Path, name: str, content: dict[str, object], told: str
) -> None:
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(ZooError, match=rf"toy/encoder is not opened[\s\S]*{told}"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


def test_a_link_in_a_folder_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(ZooError, match="link is a link or special file"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="bases/none is no folder"):
        fetch.run(step_for(tmp_path, {"path": "bases/none"}))
