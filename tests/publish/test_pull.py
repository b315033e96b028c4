"""From a registry to a folder: whole, right, reused, offline, beside what is there already."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.published import Fault, publish, serving
from tests.support.user import BIG, FILES, TOKENIZER, User, asked, at, visible
from zoosmith.contract.errors import ZooError
from zoosmith.publish.pull import Pulled
from zoosmith.store.store import Store


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    return someone


def test_a_pull_gives_the_tree_from_a_folder_and_from_a_web_server(user: User) -> None:
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    other = User(user.home.parent / "other")
    with serving(user.registry) as server:
        (pulled,) = other.pull("toy-a@1", server.url)
    assert other.holds("toy-a", FILES)
    assert visible(other.home) == ["toy-a"]
    assert pulled.fetched == sum(map(len, FILES.values())) + len((other.home / "toy-a/manifest.json").read_bytes())
    assert user.progress.bytes == pulled.fetched


def test_what_is_there_is_not_fetched_again(user: User) -> None:
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        count = len(server.asked)
        (again,) = user.pull("toy-a", server.url)
        assert [path for path, _ in server.asked[count:]] == ["/registry.json"]
    assert again.unchanged


def test_a_familys_tokenizer_is_fetched_once(user: User) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"other", "tokenizer.json": TOKENIZER})
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        (pulled,) = user.pull("toy-b", server.url)
        assert asked(server, "v1/tokenizer.json") == [None]
    assert pulled.reused == len(TOKENIZER)
    assert user.holds("toy-b", {"model.onnx": b"other", "tokenizer.json": TOKENIZER})


def test_the_store_of_the_zoo_is_looked_through(user: User, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging" / "m").write_bytes(BIG)
    store.add_tree(tmp_path / "staging")
    user.stores = (store,)
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        assert asked(server, "model_quantized.onnx") == []
    assert user.holds("toy-a", FILES)


def test_offline_from_the_cache(user: User) -> None:
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
    user.home = user.home.with_name("elsewhere")
    (pulled,) = user.pull("toy-a", server.url)
    assert user.holds("toy-a", FILES)
    assert pulled.fetched == 0


def test_damage_in_the_cache_is_noticed_and_mended(user: User) -> None:
    user.pull("toy-a")
    damaged = user.cache.file(hashlib.sha256(BIG).hexdigest())
    damaged.unlink()
    damaged.write_bytes(b"x" + BIG[1:])
    user.home = user.home.with_name("elsewhere")
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    assert user.cache_is_right()


def test_an_edited_artifact_spoils_no_later_pull(user: User) -> None:
    user.pull("toy-a")
    with (user.home / "toy-a" / "model.onnx").open("r+b") as file:
        file.write(b"edited")
    user.home = user.home.with_name("elsewhere")
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)


def change_pointer(user: User, change: Any) -> None:
    file = user.registry / "toy-a" / "v1" / "zoosmith.json"
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.update(tree_digest="0" * 64), "holds another tree"),
        (lambda p: p["files"].pop(), "does not say where"),
        (lambda p: p["files"][0].update(at="../../../etc/passwd"), "is damaged: .* expected a relative path"),
        (lambda p: p["files"][0].update(at="/etc/passwd"), "is damaged: .* expected a relative path"),
        (lambda p: p["files"][0].update(at=p["files"][1]["at"]), "stands twice"),
        (lambda p: p["files"][0].update(at=7), "is damaged"),
        (lambda p: p.clear(), "is damaged"),
    ],
)
def test_a_pointer_is_not_trusted(user: User, change: Any, said: str) -> None:
    change_pointer(user, change)
    with pytest.raises(ZooError, match=said):
        user.pull("toy-a")
    assert not (user.home / "toy-a").exists()


def test_hashes_of_a_pointer_are_not_looked_at(user: User) -> None:
    change_pointer(user, lambda p: p["files"][0].update(sha256="0" * 64, size=-1))
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)


def test_links_in_a_registry_folder_are_refused(user: User, tmp_path: Path) -> None:
    file = user.registry / "toy-a" / "v1" / "onnx" / "model_quantized.onnx"
    file.rename(tmp_path / "outside")
    file.symlink_to(tmp_path / "outside")
    with pytest.raises(ZooError, match="or is a link"):
        user.pull("toy-a")
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(ZooError, match="no regular file"):
        user.pull("toy-a")


def test_another_version_replaces_an_unchanged_one_and_nothing_else(user: User) -> None:
    user.pull("toy-a")
    newer = FILES | {"model.onnx": b"newer"}
    publish(user.registry, "toy-a", newer, at)
    user.pull("toy-a")
    assert user.holds("toy-a", newer)
    (user.home / "toy-a" / "notes.txt").write_text("my work")
    with pytest.raises(ZooError, match=r"no unchanged artifact; move it away, or use --into"):
        user.pull("toy-a@1")
    assert (user.home / "toy-a" / "notes.txt").read_text() == "my work"
    assert visible(user.home) == ["toy-a"]


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_a_target_that_is_no_folder_is_left_alone(user: User, tmp_path: Path, kind: str) -> None:
    user.home.mkdir()
    target, other = user.home / "toy-a", tmp_path / "other"
    if kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(other)
        if kind == "link":
            other.mkdir()
    with pytest.raises(ZooError, match="is no folder"):
        user.pull("toy-a")
    assert not other.exists() or visible(other) == []


def test_a_replacement_that_was_killed_half_way_is_undone(user: User) -> None:
    user.pull("toy-a")
    (user.home / "toy-a").rename(user.home / ".toy-a.pull-old")
    (pulled,) = user.pull("toy-a")
    assert pulled.unchanged
    assert user.holds("toy-a", FILES)


def test_a_manifest_that_lists_other_files_is_refused(user: User) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"x", "manifest.json": b'{"format": "onnx", "precision": "fp32"}'})
    with pytest.raises(ZooError, match="lists other files than the registry"):
        user.pull("toy-b")
    assert not (user.home / "toy-b").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b'{"auto_map": {"AutoModel": "m.M"}}'),
        ("model.safetensors.index.json", b'{"weight_map": {"a": "../../x.safetensors"}}'),
        ("model.onnx", b"\x3a\x16\x2a\x14\x6a\x12\x0a\x08location\x12\x06../../x"),
    ],
)
def test_what_leads_outside_or_to_code_is_refused(user: User, name: str, content: bytes) -> None:
    publish(user.registry, "toy-b", {name: content})
    with pytest.raises(ZooError, match=rf"toy-b@1 is not opened[\s\S]*{name}"):
        user.pull("toy-b")
    assert not (user.home / "toy-b").exists()


def test_needed_trees_come_along(user: User) -> None:
    base = publish(user.registry, "toy-base", {"model.safetensors": b"base"})
    needs = {"from": base.tree_digest, "student": base.tree_digest}
    publish(user.registry, "toy-adapter", {"adapter.safetensors": b"adapter"}, needs=needs)
    pulled = user.pull("toy-adapter")
    assert [str(each.version) for each in pulled] == ["toy-adapter@1", "toy-base@1"]
    assert user.holds("toy-base", {"model.safetensors": b"base"})


def test_what_cannot_be_opened_is_not_pulled(user: User) -> None:
    base = publish(user.registry, "toy-base", {"model.safetensors": b"base"})
    needs = {"from": base.tree_digest, "teacher": "f" * 64}
    publish(user.registry, "toy-adapter", {"adapter.safetensors": b"adapter"}, needs=needs)
    with pytest.raises(ZooError, match=r"cannot be opened without 'teacher', the tree f{12}\.\.\., which is neither"):
        user.pull("toy-adapter")
    assert not any(user.home.glob("toy-*")), "nothing is fetched for an artifact that cannot be opened"


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("zoosmith.publish.room.shutil.disk_usage", lambda path: SimpleNamespace(free=size))


def test_a_full_disk_is_told_before_anything_is_fetched(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1_000_000)
    with serving(user.registry) as server:
        with pytest.raises(ZooError) as told:
            user.pull("toy-a", server.url)
        assert asked(server, "onnx") == []
    assert str(told.value) == (
        f"the disk is short: toy-a@1 takes 3.1 MB in {user.home}, 3.1 MB of them new to this machine, "
        "and 1.0 MB are free there; free some, or pull into a folder on a larger disk (`--into DIR`)"
    )


def test_what_an_artifact_needs_counts_before_anything_is_fetched(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    base = publish(user.registry, "toy-base", {"model.safetensors": BIG[: 2 << 20]})
    needs = {"from": base.tree_digest}
    publish(user.registry, "toy-adapter", {"adapter.safetensors": BIG[: 1 << 20]}, needs=needs)
    free(monkeypatch, 3_000_000)
    with serving(user.registry) as server:
        with pytest.raises(
            ZooError, match=r"toy-adapter@1 and 1 that it needs take 3\.1 MB in .*3\.0 MB are free there"
        ):
            user.pull("toy-adapter", server.url)
        assert asked(server, "safetensors") == []
    free(monkeypatch, 3_200_000)
    assert len(user.pull("toy-adapter")) == 2


def test_what_is_there_and_what_is_on_its_way_needs_no_room(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = user.home / ".toy-a.pull" / "parts"
    parts.mkdir(parents=True)
    (parts / hashlib.sha256(BIG).hexdigest()).write_bytes(BIG[:2_500_000])
    free(monkeypatch, 1_000_000)
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    free(monkeypatch, 0)
    (again,) = user.pull("toy-a")
    assert again.unchanged


@pytest.mark.parametrize("shared", [True, False])
def test_files_of_the_cache_need_room_where_no_blocks_are_shared(
    user: User, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    user.pull("toy-a")
    user.home = user.home.with_name("elsewhere")
    free(monkeypatch, 1_000_000)
    monkeypatch.setattr("zoosmith.build.preflight.shares_blocks", lambda folder: shared)
    if shared:
        user.pull("toy-a")
        assert user.holds("toy-a", FILES)
    else:
        with pytest.raises(ZooError, match=r"takes 3\.1 MB in .*elsewhere, and 1\.0 MB are free"):
            user.pull("toy-a")


def test_two_pulls_at_once_fetch_once(user: User) -> None:
    results: list[list[Pulled]] = []
    with serving(user.registry, Fault("slow", "onnx", seconds=0.3)) as server:
        threads = [threading.Thread(target=lambda: results.append(user.pull("toy-a", server.url))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked(server, ".onnx")) == 1
    assert len(results) == 3
    assert user.holds("toy-a", FILES)


def test_a_token_is_not_sent_on_to_another_origin(user: User) -> None:
    from zoosmith.transfer import http

    with serving(user.registry) as other, serving(user.registry, Fault("redirect", target="/registry.json")) as first:
        first.faults.append(Fault("redirect", target=other.url + "registry.json"))
        for _ in range(2):
            http.get(first.url + "registry.json", {"Authorization": "Bearer hf_canary"}, 2.0).close()
    assert [h.get("Authorization") for h in first.headers] == ["Bearer hf_canary"] * 3
    assert [h.get("Authorization") for h in other.headers] == [None]


def test_a_cache_that_is_full_fails_no_pull_and_is_told_once(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("zoosmith.transfer.cache._share", full)
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    told = f"{user.cache.root} takes no more files (No space left on device); going on without it"
    assert user.progress.said == [told]
    assert visible(user.cache.root / "files") == []
