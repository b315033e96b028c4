"""A registry that goes back, or gives a version another tree: told, and refused where it matters."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.published import publish, serving
from tests.support.user import FILES, User, at, zoosmith
from zoosmith.contract.errors import ZooError
from zoosmith.publish.seen import Numbers, compare

OTHER = {"model.onnx": b"evil"}


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    publish(someone.registry, "toy-b", {"model.onnx": b"b"})
    return someone


def replaced(user: User) -> str:
    """toy-a@1 is published again with other files, under its old number; its tree."""
    shutil.rmtree(user.registry / "toy-a")
    file = user.registry / "registry.json"
    told = json.loads(file.read_text())
    del told["artifacts"]["toy-a"]
    file.write_text(json.dumps(told))
    return publish(user.registry, "toy-a", OTHER).tree_digest


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("gone_between", [False, True])
def test_a_version_with_another_tree_is_refused_unless_it_is_pinned(
    user: User, served: bool, gone_between: bool
) -> None:
    with serving(user.registry) as server:
        url = server.url if served else None
        user.pull("toy-a", url)
        if gone_between:  # a registry that drops the version, and brings it back as another
            whole = (user.registry / "registry.json").read_bytes()
            less = json.loads(whole)
            del less["artifacts"]["toy-a"]
            (user.registry / "registry.json").write_text(json.dumps(less))
            user.pull("toy-b", url)
            (user.registry / "registry.json").write_bytes(whole)
        tree = replaced(user)
        for wanted in ("toy-a", "toy-a@1", "toy-a@latest"):
            with pytest.raises(ZooError, match=r"toy-a@1 in .* was replaced: .* name the tree: toy-a@1#" + tree):
                user.pull(wanted, url)
        assert user.holds("toy-a", FILES)
        user.pull("toy-b", url)
        user.pull(f"toy-a@1#{tree}", url)
    assert user.holds("toy-a", OTHER)


def test_a_pin_is_the_tree_or_nothing_is_pulled(user: User) -> None:
    first = user.pull("toy-a")[0].version.row.tree_digest
    newer = publish(user.registry, "toy-a", FILES | OTHER).tree_digest
    for wanted in (f"toy-a@1#{newer}", f"toy-a@2#{first}", f"toy-b#{first}", "toy-a#" + "0" * 64):
        with pytest.raises(ZooError, match=r"not [0-9a-f]{64}: refused"):
            user.pull(wanted)
    for wanted in ("toy-a#", "toy-a@1#xyz", "toy-a#" + first[:15], "toy-a#" + first + "0"):
        with pytest.raises(ZooError, match="names no tree: expected 16 to 64 hexadecimal digits"):
            user.pull(wanted)
    assert user.pull(f"toy-a#{newer[:16]}")[0].version.number == 2
    assert user.pull(f"toy-a#{first}")[0].version.number == 1  # an older version, by its tree alone


def test_what_went_back_is_told_and_the_rest_goes_on(user: User, tmp_path: Path) -> None:
    old = (user.registry / "registry.json").read_bytes()
    publish(user.registry, "toy-a", OTHER)
    publish(user.registry, "toy-c", {"model.onnx": b"c"})
    assert zoosmith(tmp_path, "search", "--registry", str(user.registry)).stderr == ""
    (user.registry / "registry.json").write_bytes(old)
    done = zoosmith(tmp_path, "search", "--registry", str(user.registry))
    assert done.returncode == 0
    assert "toy-a@1" in done.stdout
    for told in ("toy-a@2 is gone", "the latest toy-a was 2 and is 1", "toy-c is gone"):
        assert told in done.stderr
    assert "not what it was" in zoosmith(tmp_path, "pull", "toy-a", "--registry", str(user.registry)).stderr


def test_search_shows_what_was_replaced(user: User, tmp_path: Path) -> None:
    zoosmith(tmp_path, "search", "--registry", str(user.registry))
    replaced(user)
    done = zoosmith(tmp_path, "search", "--registry", str(user.registry))
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["toy-a@1", "toy-b@1"]
    assert "toy-a@1 is another tree" in done.stderr


DAMAGE: list[bytes | Callable[[Path], object]] = [
    b"", b"[]", b"{}", b'{"artifacts": {"a": 7}}', b"\xff", b"[" * 100_000, os.mkdir, os.mkfifo
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_memory_saw_nothing_and_that_is_told(
    tmp_path: Path, damage: bytes | Callable[[Path], object]
) -> None:
    file = tmp_path / "x.seen"
    assert compare(tmp_path / "y.seen", [Numbers("a", 1, {"1": "t"})]).remark("R") == ""
    file.write_bytes(damage) if isinstance(damage, bytes) else damage(file)
    found = compare(file, [Numbers("a", 1, {"1": "t"})])
    assert found.told == []
    assert found.remark("R") == "what was remembered of R was damaged, so a replaced version would go unseen this once"
    assert compare(file, [Numbers("a", 1, {"1": "u"})]).replaced == {("a", 1): "t"}


def test_many_changes_are_counted(tmp_path: Path) -> None:
    compare(tmp_path / "x", [Numbers(f"a{i}", 1, {"1": "t"}) for i in range(9)])
    assert compare(tmp_path / "x", []).remark("R").endswith("a0 is gone, a1 is gone, a2 is gone, and 6 more")


def test_what_another_process_saw_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "registry"

    def while_another_looks() -> Iterator[Numbers]:
        yield Numbers("ours", 1, {"1": "a"})
        compare(file, [Numbers("theirs", 2, {"1": "b", "2": "c"})])

    compare(file, while_another_looks())
    changes = compare(file, [Numbers("ours", 1, {"1": "a"}), Numbers("theirs", 2, {"1": "z", "2": "c"})])
    assert changes.replaced == {("theirs", 1): "b"}
