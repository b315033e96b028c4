"""After a change nobody is left with a signed index that does not know of it, without a word."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.test_index import created, index, trusted
from tests.publish.test_signed import Keys, keys, pulled, user
from tests.support.desk import Desk
from tests.support.hub import Hub
from tests.support.hub import serving as serving_hub
from tests.support.published import publish
from tests.support.user import User, zoosmith
from zoosmith.app.cli.main import main
from zoosmith.publish.index_state import behind, settled

__all__ = ["keys", "user"]  # fixtures
NAME = "family0-a0"
UNSEEN = "does not see what changed, until it is renewed"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main([*words]) == 0
    return capsys.readouterr().err


def test_a_registry_without_an_index_has_nothing_to_renew(user: User, keys: Keys) -> None:
    base = user.registry.resolve().as_uri()
    assert not behind(user.registry)
    assert settled(base, keys["alice"][0]) == ""
    created(keys)
    assert not behind(user.registry)
    assert settled(base) == settled("https://zoo.example/") == ""


@pytest.mark.parametrize("hurt", ["missing", "damaged"])
def test_an_index_that_is_not_whole_is_to_be_renewed(user: User, keys: Keys, hurt: str) -> None:
    created(keys)
    file = user.registry / "tuf" / "1.targets.json"
    file.unlink() if hurt == "missing" else file.write_text('{"signed": []}')
    assert behind(user.registry)
    assert settled(user.registry.resolve().as_uri(), keys["alice"][0]).endswith("signed for 30 days")
    assert not behind(user.registry)
    trusted("registry")
    assert pulled() == 0


def test_each_command_that_moves_a_name_says_that_it_is_not_seen_yet(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"one"})
    publish(user.registry, "toy-b", {"model.onnx": b"two"})
    assert said(capsys, "promote", "toy-b@1", "stable", "--registry", "registry") == ""
    created(keys)
    for words in (
        ["promote", "toy-b@2", "stable", "--registry", "registry"],
        ["rollback", "toy-b", "stable", "--registry", "registry"],
        ["yank", "toy-b@2", "--why", "leaks", "--registry", "registry"],
        ["yank", "toy-b@2", "--undo", "--registry", "registry"],
        ["migrate", "registry"],
    ):
        told = said(capsys, *words)
        assert UNSEEN in told
        assert f"`zoosmith index update --registry {user.registry.resolve()} --key FILE`" in told
        assert index("update", keys) == 0
        assert said(capsys, "show", "toy-b:stable", "--registry", "registry") == ""


def test_signing_renews_the_index_with_its_own_key_and_with_no_other(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    created(keys)
    sign = ["sign", "toy-a", "--registry", "registry", "--key"]
    assert "registry: index 2, signed for 30 days" in said(capsys, *sign, str(keys["alice"][0]))
    other = str(keys["mallory"][0])
    assert f"{UNSEEN} ({other} is no key of it): `zoosmith index update" in said(capsys, *sign, other)
    assert behind(user.registry)


def test_a_push_renews_the_index_where_its_key_is_at_hand_and_else_says_how(
    zoo: Path, keys: Keys, user: User, tmp_path: Path
) -> None:
    owner, out = Desk(zoo, tmp_path / "out", zoo), tmp_path / "out"
    release, root = keys["alice"][0], keys["bob"][0]
    push = f"push {NAME} --to file://{out}"
    assert "zoosmith index" not in owner(push)
    owner(f"index create --registry {out} --root {root} --key {release}")
    reader = Desk(tmp_path / "reader", out, zoo)
    reader(f"trust add {out}/tuf/1.root.json --registry {out}")
    other = push.replace(NAME, "family0-a1")
    told = owner(other)
    assert f"`zoosmith index update --registry {out.resolve()} --key FILE`" in told
    assert "has no artifact 'family0-a1'" in reader("pull family0-a1", code=1)
    assert f"({keys['mallory'][0]} is no key of it)" in owner(f"{other} --sign {keys['mallory'][0]}")
    assert "index 2, signed for 30 days" in owner(f"{other} --sign {release}")
    assert "family0-a1@1 in" in reader("pull family0-a1")
    assert "signed for" not in owner(f"{other} --sign {release}"), "what was pushed before changes nothing"


def test_what_a_signed_index_of_many_files_names_is_kept_until_it_is_renewed(
    user: User, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"one"})
    publish(user.registry, "toy-b", {"model.onnx": b"two"})
    for words in (["migrate", "registry"], ["promote", "toy-b@1", "stable", "--registry", "registry"]):
        assert main(["-q", *words]) == 0
    created(keys)
    for number in ("2", "1", "2"):
        assert main(["-q", "promote", f"toy-b@{number}", "stable", "--registry", "registry"]) == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "reader"))
    trusted("registry")
    assert pulled(name="toy-b:stable") == 0
    assert user.holds("toy-b", {"model.onnx": b"one"}), "as it was signed"
    assert index("update", keys) == 0
    assert pulled(name="toy-b:stable") == 0
    assert user.holds("toy-b", {"model.onnx": b"two"})


@pytest.fixture
def hub(user: User, tmp_path: Path) -> Iterator[Hub]:
    """A hub with a registry of many files in org/many, and one with a signed index in org/signed."""
    publish(user.registry, "toy-a", {"model.onnx": b"two"})
    models = tmp_path / "hub" / "models" / "org"
    shutil.copytree(user.registry, models / "many")
    assert main(["-q", "migrate", str(models / "many")]) == 0
    shutil.copytree(models / "many", models / "signed")
    (models / "signed" / "tuf").mkdir()
    (models / "signed" / "tuf" / "timestamp.json").write_text("{}")
    with serving_hub(tmp_path / "hub") as server:
        yield server


def test_a_registry_of_many_files_at_a_hub_is_changed_by_single_commits(hub: Hub, tmp_path: Path) -> None:
    told = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}

    def ask(*words: str) -> str:
        done = zoosmith(tmp_path, *words, "--registry", "hf://org/many", **told)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    before = hub.files("models", "org/many")
    commits = hub.repo("models", "org/many").commits
    for number, words in enumerate(
        (["promote", "toy-a@1", "stable"], ["promote", "toy-a@2", "stable"], ["rollback", "toy-a", "stable"],
         ["yank", "toy-a@2", "--why", "leaks"]), 2,
    ):  # fmt: skip
        assert UNSEEN not in ask(*words), "this one has no index"
        assert len(commits) == number
    after = hub.files("models", "org/many")
    written = sum(len(data) for path, data in after.items() if before.get(path) != data and path.startswith("index/"))
    assert 0 < written < 100_000
    assert b'"schema": 3' in after["registry.json"]
    assert "toy-a@1 in home" in ask("pull", "toy-a:stable", "--into", "home")
    assert "toy-a@2 was yanked by its publisher: leaks (toy-a@1 is not)" in ask("pull", "toy-a@2", "--into", "home")
    assert "toy-a@1" in ask("search")
    assert "zoo.zoosmith: toy-a@1, toy-base@1" in ask("bundle", "toy-a:stable", "-o", "zoo.zoosmith")
    hidden = dict(told, HF_ENDPOINT="http://127.0.0.1:9")
    closed = zoosmith(tmp_path, "pull", "toy-a:stable", "--registry", "zoo.zoosmith", "--into", "closed", **hidden)
    assert "toy-a@1 in closed" in closed.stdout, closed.stderr


def test_an_index_at_a_hub_is_not_forgotten(hub: Hub, tmp_path: Path) -> None:
    told = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    done = zoosmith(tmp_path, "promote", "toy-a@2", "stable", "--to", "hf://org/signed", **told)
    assert "toy-a:stable is version 2 now" in done.stdout, done.stderr
    assert f"signed index of hf://org/signed {UNSEEN}" in done.stderr
    assert "upload its tuf/" in done.stderr
