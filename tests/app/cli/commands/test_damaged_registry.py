"""A registry with one damaged entry: what is about others goes on, and the damage is told with what mends it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.published import manifest, publish
from zoosmith.app.cli import main as cli
from zoosmith.common.canonical import pretty

ADAPTER = {"adapter.safetensors": b"adapter"}
DAMAGE: list[tuple[str, Any]] = [("files", 5), ("task", 7)]  # one that lists do not show, and one that they do


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo that is its own registry, with an adapter, the base that it needs, and another artifact."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    root = tmp_path / "zoo"
    root.mkdir()
    (root / "dodo.py").touch()
    needs = {"from": publish(root, "toy-base", {"model.onnx": b"base"}).tree_digest}
    told = json.loads(manifest(ADAPTER)) | {"needs": needs}
    publish(root, "toy-adapter", {**ADAPTER, "manifest.json": json.dumps(told).encode()}, needs=needs)
    publish(root, "toy-other", {"model.onnx": b"other"})
    monkeypatch.chdir(root)
    assert cli.main(["pull", "toy-adapter"]) == 0
    return root


def spoil(root: Path, name: str, key: str, value: Any, *, compact: bool = False) -> None:
    file = root / "registry.json"
    told = json.loads(file.read_text())
    told["artifacts"][name]["versions"]["1"][key] = value
    file.write_text(json.dumps(told) if compact else pretty(told))


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(("key", "value"), DAMAGE)
@pytest.mark.parametrize(("name", "other"), [("toy-base", "toy-adapter"), ("toy-adapter", "toy-base")])
def test_verify_goes_on_and_tells_the_damage_with_its_cure(
    zoo: Path, capsys: pytest.CaptureFixture[str], name: str, other: str, key: str, value: Any, compact: bool
) -> None:
    capsys.readouterr()
    spoil(zoo, name, key, value, compact=compact)
    assert cli.main(["verify", "toy-adapter"]) == 1
    said = capsys.readouterr()
    assert said.out.count("every file is as its manifest says") == 2
    assert f"it is {other}@1 of" in said.out
    assert f"artifacts.{name}.versions.1.{key}" in said.err
    assert f"`git -C {zoo} restore registry.json` brings it back, then `doit registry`" in said.err
    assert "Traceback" not in said.err


def test_verify_tells_every_fault_at_once(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(zoo, "toy-base", "files", 5)
    weights = zoo / "artifacts" / "toy-adapter" / "adapter.safetensors"
    weights.unlink()
    weights.write_bytes(b"changed")
    assert cli.main(["verify", "toy-adapter"]) == 1
    said = capsys.readouterr().err
    assert "adapter.safetensors has SHA-256" in said
    assert "artifacts.toy-base.versions.1.files" in said


def test_verify_looks_at_the_files_where_the_registry_cannot_be_read_at_all(
    zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    (zoo / "registry.json").write_text("{")
    assert cli.main(["verify", "toy-adapter"]) == 1
    said = capsys.readouterr()
    assert said.out.count("every file is as its manifest says") == 2
    assert said.err.count("is no JSON that can be read") == 1


def test_another_artifact_is_changed_though_an_entry_is_damaged(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged entry is no excuse for a tree that its own sound entry does not know."""
    assert cli.main(["pull", "toy-other"]) == 0
    spoil(zoo, "toy-base", "task", 7)
    spoil(zoo, "toy-other", "tree_digest", "0" * 64)
    assert cli.main(["verify", "toy-other"]) == 1
    assert "toy-other is none of its versions" in capsys.readouterr().err


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(("key", "value"), DAMAGE)
def test_pull_best_and_show_go_on(
    zoo: Path, capsys: pytest.CaptureFixture[str], key: str, value: Any, compact: bool
) -> None:
    spoil(zoo, "toy-base", key, value, compact=compact)
    assert cli.main(["pull", "toy-other", "--into", "elsewhere"]) == 0
    assert cli.main(["show", "toy-other"]) == 0
    assert cli.main(["search", "toy-other"]) == 0
    assert cli.main(["pull", "toy-adapter", "--repair"]) == 0, "its base is here already"
    capsys.readouterr()
    assert cli.main(["best", "--task", "text-classification"]) == 0
    said = capsys.readouterr()
    assert "2 of 2 meet every limit" in said.out
    assert "left out, damaged or misnamed: 'toy-base'" in said.err
    assert cli.main(["pull", "toy-adapter", "--into", "nowhere"]) == 1
    said = capsys.readouterr()
    assert "cannot be opened without 'from'" in said.err
    assert f"it may be what is damaged: {zoo}/registry.json: artifacts.toy-base.versions.1.{key}" in said.err


def test_of_somebody_elses_registry_the_owner_is_named(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path / "theirs", "toy-a", {"model.onnx": b"a"})
    spoil(tmp_path / "theirs", "toy-a", "files", 5)
    assert cli.main(["show", "toy-a", "--registry", str(tmp_path / "theirs")]) == 1
    assert f"only the owner of file://{tmp_path}/theirs can mend it" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["size_total", "size_own"])
def test_a_size_beyond_a_float_is_damage_of_its_entry(zoo: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    spoil(zoo, "toy-base", key, 10**400)
    assert cli.main(["show", "toy-base"]) == 1
    assert f"{key} is beyond 64 bits" in capsys.readouterr().err
    assert cli.main(["search", "toy-other"]) == 0


def test_so_is_a_metric_beyond_a_float(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads((zoo / "registry.json").read_text())["artifacts"]["toy-base"]["versions"]["1"]["results"]
    for metric in told[0]["quality"].values():
        metric["value"] = 10**400
    spoil(zoo, "toy-base", "results", told)
    capsys.readouterr()
    assert cli.main(["search"]) == 0
    said = capsys.readouterr()
    assert "toy-other@1" in said.out
    assert "left out, damaged or misnamed: 'toy-base'" in said.err


def test_what_a_killed_repair_left_is_not_opened_as_the_base(zoo: Path) -> None:
    """The old copy has the manifest of the new one, and may be what was damaged."""
    from zoosmith.predictor import needed

    base = zoo / "artifacts" / "toy-base"
    old = Path(shutil.copytree(base, base.with_name(".toy-base.pull-old")))
    (old / "model.onnx").unlink()
    (old / "model.onnx").write_bytes(b"BASE")
    assert needed(zoo / "artifacts" / "toy-adapter", zoo) == {"from": base}
    assert cli.main(["verify", "toy-adapter"]) == 0
