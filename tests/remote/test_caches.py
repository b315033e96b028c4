"""What one machine built another downloads whole, or not at all; a cache that fails is told once and never believed."""

from __future__ import annotations

import hashlib
import random
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.remote.conftest import HOST, Config, Machine
from tests.support import published
from tests.support.s3 import S3, SECRET, Fault
from zoosmith.remote import trees
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.origin import origin
from zoosmith.store.store import CorruptStore

LARGE = random.Random(7).randbytes((9 << 20) + 5)  # two pieces down, in parts up
FILES = {"model.onnx": LARGE, "sub/manifest.json": b"{}", "empty": b""}


@pytest.mark.parametrize("scheme", ["s3", "http", "file", "memory"])
def test_what_one_machine_sends_another_has_whole(scheme: str, bucket: S3, config: Config, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    bucket.anonymous = scheme == "http"
    urls = {"s3": "s3://zoo/cache", "file": f"file://{tmp_path}/shared", "memory": f"memory://{tmp_path.name}"}
    url = urls.get(scheme, f"{bucket.url}/zoo/cache")
    ours, theirs = (Machine(tmp_path / name, config(url=url)) for name in ("ours", "theirs"))
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    got = theirs.fetched(made.key)
    assert got and got.tree == made.tree and got.inputs == {"x": 1}
    assert origin(got) == f"downloaded from team ({url}), built on {HOST['id']}"
    assert theirs.store.finished(made.key) == got
    theirs.store.checkout(got.tree, tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES
    ours.caches.send(made)
    assert theirs.fetched("0" * 64) is None
    assert ours.warned + theirs.warned == []


def test_a_store_that_writes_under_no_condition_is_asked_first(bucket: S3, ours: Machine, theirs: Machine) -> None:
    bucket.conditions = False
    made = ours.build(FILES, x=1)
    for _ in range(2):
        ours.caches.send(made)
    assert theirs.fetched(made.key) and ours.warned == []
    first = dict(bucket.objects)
    ours.caches.caches[0].actions.put(replace(made, provenance={"name": "another"}))
    assert bucket.objects == first


def test_a_static_web_server_is_read(bucket: S3, ours: Machine, tmp_path: Path) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    for name, data in bucket.objects.items():
        (tmp_path / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "web" / name).write_bytes(data)
    with published.serving(tmp_path / "web") as server:
        web = Machine(tmp_path / "reader", CacheConfig("web", f"{server.url}/cache", trust="any", timeout_s=2))
        got = web.fetched(made.key)
        assert got and web.store.has(made.tree) and web.fetched("0" * 64) is None
    assert web.warned == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (published.Fault("status", status=500, times=9), "answered 500; gave up after 3 tries"),
        (published.Fault("status", status=403, times=9), "it answered 403"),
        (published.Fault("wrong", path=".json", times=9), "is not the result of that action"),
    ],
)
def test_a_web_server_that_fails_is_told_once(fault: published.Fault, told: str, tmp_path: Path) -> None:
    key = "0" * 64
    (tmp_path / "web" / "ac" / "00").mkdir(parents=True)
    (tmp_path / "web" / "ac" / "00" / f"{key}.json").write_text("{}")
    with published.serving(tmp_path / "web", fault) as server:
        web = Machine(tmp_path / "reader", CacheConfig("web", server.url, trust="any", timeout_s=2))
        assert web.fetched(key) is web.fetched(key) is None
    assert [told in line for line in web.warned] == [True]


def test_a_digest_alone_brings_a_tree(ours: Machine, theirs: Machine) -> None:
    """As a worker on another machine gets its inputs, and hands back what it made."""
    made, other = ours.build(FILES, x=1), ours.build({"a": b"b"}, x=2)
    blobs = ours.caches.caches[0].blobs
    assert not blobs.has(made.tree)
    sent = trees.send(blobs, ours.store, made.tree)
    assert sent > len(LARGE) and trees.send(blobs, ours.store, made.tree) == 0
    assert blobs.has(made.tree) and trees.fetch(blobs, theirs.store, made.tree) and theirs.store.has(made.tree)
    assert not trees.fetch(blobs, theirs.store, other.tree)


def test_sending_again_sends_nothing_and_replaces_nothing(bucket: S3, ours: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    before = dict(bucket.written)
    ours.caches.send(made)
    assert bucket.written == before and len(before) == 5  # three files, their list, the result
    assert ours.warned == []


def test_only_what_is_missing_is_fetched(bucket: S3, ours: Machine, theirs: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    theirs.build({"other": LARGE}, x=2)
    found = theirs.caches.find(made.key)
    assert found and found.size(theirs.store) == 2
    theirs.caches.fetch(found)
    large = hashlib.sha256(LARGE).hexdigest()
    assert not [line for line in bucket.asked if line.startswith("GET") and large in line]


def test_a_download_that_was_cut_off_is_taken_up_again(bucket: S3, ours: Machine, theirs: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    sha = hashlib.sha256(LARGE).hexdigest()
    (theirs.store.folder("incoming") / sha).write_bytes(LARGE[: 8 << 20])
    found = theirs.caches.find(made.key)
    came: list[int] = []
    assert found and theirs.caches.fetch(found, came.append)
    assert theirs.store.has(made.tree) and theirs.warned == []
    assert len([line for line in bucket.asked if line == f"GET cache/cas/{sha[:2]}/{sha}"]) == 1


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("status"), "it answered 500"),
        (Fault("silent"), "no answer came within 1 s"),
        (Fault("cut", name="cas/"), "cache team"),
        (Fault("drip", method="GET", name=".json", seconds=0.2), "no answer came within 1 s"),
        (Fault("status", status=301), "the bucket is in another region"),
        (Fault("denied"), "access is denied; look at AWS_ACCESS_KEY_ID"),
        (Fault("wrong", name=hashlib.sha256(LARGE).hexdigest()), "other bytes"),
        (Fault("wrong", name="ac/"), "is not the result of that action"),
        (Fault("short", name=hashlib.sha256(LARGE).hexdigest()), "cache team"),
    ],
    ids=lambda value: value.kind + value.name[:4] if isinstance(value, Fault) else "",
)
def test_a_cache_that_fails_is_told_once_and_left_alone(
    fault: Fault, told: str, bucket: S3, ours: Machine, theirs: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoosmith.remote.bucket.PATIENCE", 2)
    made, other = ours.build(FILES, x=1), ours.build({"a": b"b"}, x=2)
    for record in (made, other):
        ours.caches.send(record)
    bucket.faults.append(fault)
    begun = time.monotonic()
    assert theirs.fetched(made.key) is None
    assert time.monotonic() - begun < 9
    assert [told in line for line in theirs.warned] == [True]
    asked = len(bucket.asked)
    assert theirs.fetched(other.key) is None
    assert len(theirs.warned) == 1 and len(bucket.asked) == asked
    assert theirs.store.recorded(made.key) is None
    assert not theirs.store.file(hashlib.sha256(LARGE).hexdigest()).exists()
    assert SECRET not in theirs.warned[0]


def test_a_server_that_is_not_there_is_told(config: Config, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "m", config(endpoint="http://127.0.0.1:9"))
    assert machine.fetched("0" * 64) is None
    assert machine.warned == [
        "cache team (s3://zoo/cache): it cannot be reached; it is asked for nothing more in this run"
    ]


def test_a_fault_that_passes_is_not_even_told(bucket: S3, ours: Machine, theirs: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    bucket.faults += [Fault("status", times=1, status=503), Fault("cut", name="cas/", times=1)]
    assert theirs.fetched(made.key)
    assert theirs.warned == []


def test_what_a_cache_has_wrong_the_local_build_puts_right(bucket: S3, ours: Machine, theirs: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    name = next(name for name in bucket.objects if hashlib.sha256(LARGE).hexdigest() in name)
    bucket.objects[name] = LARGE[:-1] + b"!"
    assert theirs.fetched(made.key) is None
    theirs.caches.send(theirs.build(FILES, x=1))
    assert bucket.objects[name] == LARGE


def test_a_result_without_its_files_is_none(bucket: S3, ours: Machine, theirs: Machine) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    name = next(name for name in bucket.objects if hashlib.sha256(LARGE).hexdigest() in name)
    del bucket.objects[name]
    assert theirs.fetched(made.key) is None and theirs.warned == []
    theirs.caches.send(theirs.build(FILES, x=1))
    assert name in bucket.objects


def test_a_full_cache_is_still_read(bucket: S3, ours: Machine) -> None:
    made = ours.build({"a": b"b"}, x=1)
    ours.caches.send(made)
    bucket.faults.append(Fault("full", method="PUT"))
    for x in (2, 3):
        ours.caches.send(ours.build({"a": bytes([x])}, x=x))
    assert [line.partition(": ")[2] for line in ours.warned] == ["it is full; nothing more is sent to it in this run"]
    assert ours.caches.find(made.key)


def test_wrong_credentials_are_told_and_never_printed(ours: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    assert ours.fetched("0" * 64) is None
    assert len(ours.warned) == 1 and "access is denied" in ours.warned[0]
    assert not re.search(f"AKIDOTHER|{SECRET}|Signature", ours.warned[0])


@pytest.mark.parametrize("url", ["s3://other/cache", "file:///nowhere/at/all"])
def test_a_bucket_that_is_not_there(url: str, config: Config, tmp_path: Path) -> None:
    machine = Machine(tmp_path / "m", config(url=url))
    assert machine.fetched("0" * 64) is None
    machine.caches.send(machine.build({"a": b"b"}, x=1))
    assert len(machine.warned) == 1 and re.search("there is no such (bucket|folder)", machine.warned[0])
    assert not Path("/nowhere").exists()


def test_without_obstore_the_extra_is_named(ours: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoosmith.remote.bucket.find_spec", lambda name: None)
    assert ours.fetched("0" * 64) is None
    assert "pip install 'zoosmith[remote]'" in ours.warned[0]


def test_a_base_is_what_its_recipe_pins_whoever_is_trusted(bucket: S3, ours: Machine, theirs: Machine) -> None:
    pinned = {"model.onnx": hashlib.sha256(b"right").hexdigest()}
    for data in (b"wrong", b"right"):
        made = ours.build({"model.onnx": data, "manifest.json": b"{}"}, kind="fetch", files=pinned)
        ours.caches.send(made)
        if data == b"wrong":
            assert theirs.fetched(made.key) is None
            assert "model.onnx of toy/write is not what its recipe pins" in theirs.warned[0]
            bucket.objects.clear()
    assert Machine(ours.store.root.with_name("third"), ours.caches.caches[0].config).fetched(made.key)


def test_what_nobody_would_take_is_not_sent(bucket: S3, ours: Machine) -> None:
    ours.caches.send(ours.build({"weights.bin": b"x"}, x=1))
    assert "weights.bin may run code" in ours.warned[0] and bucket.objects == {}


def test_a_damaged_file_is_not_sent(bucket: S3, ours: Machine) -> None:
    for x, data in enumerate((b"small", LARGE)):
        made = ours.build({"a": data}, x=x)
        file = ours.store.file(hashlib.sha256(data).hexdigest())
        file.chmod(0o644)
        file.write_bytes(b"!" + data[1:])
        with pytest.raises(CorruptStore, match="other bytes than its name says"):
            ours.caches.caches[0].blobs.put(hashlib.sha256(data).hexdigest(), file)
        ours.caches.send(made)
        assert "is not sent" in ours.warned[x]
    assert bucket.objects == {} and bucket.uploads == {}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("../../outside", "expected a relative path"),
        ("model.pkl", "may run code"),
        ("model.py", "may run code"),
        ("a\\b", "backslash"),
    ],
)
def test_a_hostile_list_of_files_writes_nothing(path: str, told: str, bucket: S3, theirs: Machine) -> None:
    from zoosmith.common.canonical import canonical, digest
    from zoosmith.remote.trees import listing

    rows = [[path, 1, hashlib.sha256(b"x").hexdigest()]]
    bucket.put(f"cache/cas/{digest(rows)[:2]}/{digest(rows)}", canonical(rows))
    cache = theirs.caches.caches[0]
    assert cache.asked(lambda cache: listing(cache.blobs, digest(rows)), theirs.warned.append) is None
    assert told in theirs.warned[0]


def test_a_disk_without_room_is_said_before_anything_comes(
    ours: Machine, theirs: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)
    monkeypatch.setattr("zoosmith.remote.caches.shutil.disk_usage", lambda path: type("Disk", (), {"free": 100}))
    with pytest.raises(OSError, match="No space left"):
        theirs.fetched(made.key)
    assert not list(theirs.store.folder("incoming").iterdir())
