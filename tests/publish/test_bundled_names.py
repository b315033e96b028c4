"""Names of versions, their history and what was yanked are carried with the versions that they stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.carried import SMALL, bundled, elsewhere, user
from tests.support.published import publish
from tests.support.user import User
from zoosmith.app.cli.main import main
from zoosmith.publish import archive

__all__ = ["user"]  # a fixture


def test_an_alias_is_what_it_stands_for_when_it_is_bundled(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"one"})
    assert main(["-q", "promote", "toy-b@1", "stable", "--registry", "registry"]) == 0
    publish(user.registry, "toy-b", {"model.onnx": b"two"})
    file = bundled(user, Path("zoo.zoosmith"), "toy-b:stable")
    elsewhere(user, monkeypatch)
    assert main(["-q", "pull", str(file), "--into", str(user.home)]) == 0
    assert user.holds("toy-b", {"model.onnx": b"one"})


def three_versions(user: User) -> None:
    """toy-b@1 is canary, toy-b@2 stable, after a promotion to 1 and back; toy-b@3 is yanked."""
    for content in (b"one", b"two", b"three"):
        publish(user.registry, "toy-b", {"model.onnx": content})
    for words in (["promote", "toy-b@2", "stable", "--why", "first"], ["promote", "toy-b@1", "stable"],
                  ["rollback", "toy-b", "stable"], ["promote", "toy-b@1", "canary"],
                  ["yank", "toy-b@3", "--why", "leaks"]):  # fmt: skip
        assert main(["-q", *words, "--registry", "registry"]) == 0


def history(capsys: pytest.CaptureFixture[str], wanted: str, registry: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["show", wanted, "--json", "--registry", registry]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {key: told[key] for key in ("aliases", "yanked", "history")}


def test_names_and_their_history_are_carried(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    three_versions(user)
    before = history(capsys, "toy-b:stable", "registry")
    file = str(bundled(user, Path("zoo.zoosmith"), "toy-b:stable", "toy-b:canary"))
    assert main(["-q", "export", "toy-b:stable", "--oci", "image", "--registry", "registry"]) == 0
    elsewhere(user, monkeypatch)
    assert history(capsys, "toy-b:stable", file) == before
    assert [step["what"] for step in before["history"]] == ["promote", "promote", "rollback", "promote", "yank"]
    for words in ([file, "toy-b:canary"], ["toy-b:canary", "--registry", file]):
        assert main(["-q", "pull", *words, "--into", str(user.home)]) == 0
        assert user.holds("toy-b", {"model.onnx": b"one"})
    assert main(["-q", "pull", "oci:image", "toy-b:stable", "--into", str(user.home)]) == 0
    assert user.holds("toy-b", {"model.onnx": b"two"})


def test_an_alias_of_a_version_that_is_not_carried_is_left_out_and_its_history_is_not(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    three_versions(user)
    before = history(capsys, "toy-b:stable", "registry")
    file = str(bundled(user, Path("zoo.zoosmith"), "toy-b:canary", "toy-b@3"))
    elsewhere(user, monkeypatch)
    assert history(capsys, "toy-b:canary", file) == before | {"aliases": {"canary": 1}}
    assert main(["pull", "toy-b:stable", "--registry", file, "--into", str(user.home)]) == 1
    assert "toy-b has no version 'stable'; known: 1, 3, canary" in capsys.readouterr().err
    assert main(["-q", "pull", file, "toy-b@3", "--into", str(user.home)]) == 0
    assert "toy-b@3 was yanked by its publisher: leaks (toy-b@1 is not)" in capsys.readouterr().err


def test_a_history_that_was_seen_to_be_rewritten_is_not_carried(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"one"})
    assert main(["-q", "promote", "toy-b@1", "stable", "--registry", "registry"]) == 0
    before = (user.registry / "registry.json").read_bytes()
    assert main(["-q", "promote", "toy-b@1", "canary", "--registry", "registry"]) == 0
    assert main(["-q", "show", "toy-b", "--registry", "registry"]) == 0
    (user.registry / "registry.json").write_bytes(before)
    file = str(bundled(user, Path("zoo.zoosmith"), "toy-b@1"))
    assert "history of toy-b's names was rewritten or cut off" in capsys.readouterr().err
    elsewhere(user, monkeypatch)
    assert main(["pull", "toy-b:stable", "--registry", file, "--into", str(user.home)]) == 1
    assert "toy-b has no version 'stable'" in capsys.readouterr().err


def test_a_name_that_was_moved_in_a_bundle_is_refused(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    publish(user.registry, "toy-a", SMALL | {"model.onnx": b"two"})
    assert main(["-q", "promote", "toy-a@1", "stable", "--registry", "registry"]) == 0
    file = bundled(user, Path("zoo.zoosmith"), "toy-a@1", "toy-a@2")
    packed = archive.read(file)
    files = {path: packed.files[path]().read(0, 1 << 20) for path in packed.files}
    files["registry.json"] = files["registry.json"].replace(b'"stable": 1', b'"stable": 2')
    archive.write(file, [archive.member(path, data) for path, data in files.items()], packed.asked)
    assert main(["-q", "pull", "toy-a:stable", "--registry", str(file), "--into", str(user.home)]) == 1
    assert "are not those of the history" in capsys.readouterr().err
