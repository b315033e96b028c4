"""A cache on a real S3 server, OpenStack Swift: what the tests' own server is taken to do is what one does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.remote.conftest import Machine
from tests.remote.test_caches import FILES, LARGE
from tests.support import swift
from tests.support.keys import key_pair
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.sweep import Kept, doomed, remove

TIMEOUT_S = 10.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    swift.require()
    with swift.serving(tmp_path_factory.mktemp("swift")) as url:
        yield url


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", swift.KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", swift.SECRET)


def machine(server: str, root: Path, **changed: Any) -> Machine:
    about: dict[str, Any] = {"name": "team", "url": f"s3://zoo/{root.parent.name}", "write": True, "trust": "any"}
    return Machine(root, CacheConfig(**(about | {"endpoint": server, "timeout_s": TIMEOUT_S} | changed)))


def test_what_one_machine_sends_another_has_whole(server: str, tmp_path: Path) -> None:
    ours, theirs = machine(server, tmp_path / "ours"), machine(server, tmp_path / "theirs")
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    got = theirs.fetched(made.key)
    assert got and got.tree == made.tree and theirs.store.has(got.tree)
    assert theirs.fetched("0" * 64) is None
    assert ours.warned + theirs.warned == []


def test_the_first_result_stays_unless_it_is_to_be_replaced(server: str, tmp_path: Path) -> None:
    objects = machine(server, tmp_path / "ours").caches.caches[0].objects
    assert objects.size("a") is None and objects.read("a", 9) is None
    assert objects.create("a", b"one") and not objects.create("a", b"two")
    assert objects.read("a", 9) == b"one"
    assert objects.create("a", b"three", again=True)
    assert (objects.read("a", 9), objects.size("a")) == (b"three", 5)
    objects.delete("a")
    objects.delete("a")
    assert objects.size("a") is None


def test_a_download_that_was_cut_off_goes_on(server: str, tmp_path: Path) -> None:
    ours = machine(server, tmp_path / "ours")
    ours.caches.send(ours.build(FILES, x=1))
    part, came = tmp_path / "part", list[int]()
    part.write_bytes(LARGE[:5_000_000])
    sha256 = hashlib.sha256(LARGE).hexdigest()
    assert ours.caches.caches[0].blobs.get(sha256, len(LARGE), part, came.append)
    assert part.read_bytes() == LARGE
    assert sum(came) in (len(LARGE), len(LARGE) - 5_000_000)


def test_a_sweep_lists_and_removes(server: str, tmp_path: Path) -> None:
    ours = machine(server, tmp_path / "ours")
    old, kept = ours.build({"a": b"old"}, x=1), ours.build({"a": b"kept"}, x=2)
    for made in (old, kept):
        ours.caches.send(made)
    cache = ours.caches.caches[0]
    assert doomed(cache, Kept((), ()), timedelta(days=1)).objects == []
    remove(cache, doomed(cache, Kept({kept.key}, ()), timedelta(days=-1)))
    assert len(list(cache.objects.listed("ac"))) == 1 and len(list(cache.objects.listed("cas"))) == 2
    theirs = machine(server, tmp_path / "theirs")
    assert theirs.fetched(kept.key) and theirs.fetched(old.key) is None and theirs.warned == []


def test_a_signed_result_replaces_an_unsigned_one(server: str, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path, "ci")
    unsigned = machine(server, tmp_path / "unsigned")
    made = unsigned.build(FILES, x=1)
    unsigned.caches.send(made)
    ours = machine(server, tmp_path / "ours", trust=(str(public),), sign=str(private))
    assert ours.fetched(made.key) is None and "is not signed" in ours.warned[0]
    ours.caches.send(ours.build(FILES, x=1))
    theirs = machine(server, tmp_path / "theirs", trust=(str(public),), write=False)
    assert theirs.fetched(made.key) and theirs.warned == []


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_told_and_never_printed(
    variable: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "canary:canary")
    ours = machine(server, tmp_path / "ours")
    assert ours.fetched("0" * 64) is None
    (line,) = ours.warned
    assert "access is denied; look at AWS_ACCESS_KEY_ID" in line
    assert "canary" not in line and swift.SECRET not in line


def test_a_bucket_that_is_not_there(server: str, tmp_path: Path) -> None:
    ours = machine(server, tmp_path / "ours", url="s3://other/cache")
    assert ours.fetched("0" * 64) is None
    assert "there is no such bucket" in ours.warned[0]
