"""A sweep takes old results that nothing refers to and blobs that no result has; never what is young or referenced."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from tests.remote.conftest import Config, Machine
from tests.support.s3 import S3, Fault
from zoosmith.contract.errors import ZooError
from zoosmith.remote.cache import opened
from zoosmith.remote.stores import CacheFault
from zoosmith.remote.sweep import Kept, doomed, remove, summary

MONTH = timedelta(days=30)
DAY_S = 86_400


def age(bucket: S3, days: float, but: str = "") -> None:
    for name in bucket.written:
        if not but or but not in name:
            bucket.written[name] -= days * DAY_S


def test_what_is_old_and_referenced_from_nowhere_goes(bucket: S3, ours: Machine, config: Config) -> None:
    old = ours.build({"a": b"old", "shared": b"both"}, x=1)
    wanted = ours.build({"a": b"wanted", "shared": b"both"}, x=2)
    for record in (old, wanted):
        ours.caches.send(record)
    age(bucket, 31)
    young = ours.build({"a": b"young"}, x=3)
    ours.caches.send(young)
    cache = ours.caches.caches[0]
    found = doomed(cache, Kept({wanted.key}, ()), MONTH)
    gone = {hashlib.sha256(b"old").hexdigest(), old.tree}
    assert {one.name.rpartition("/")[2] for one in found.objects} == {f"{old.key}.json", *gone}
    assert found.told[0].startswith("  toy/write of 2") and found.kept == 2
    assert summary(found, False).startswith("would free ")
    assert len(bucket.objects) == 10
    remove(cache, found)
    assert len(bucket.objects) == 7
    assert cache.actions.get(old.key) is None and doomed(cache, Kept({wanted.key}, ()), MONTH).objects == []
    for record in (wanted, young):
        assert Machine(ours.store.root.with_name(record.key[:5]), config()).fetched(record.key)


def test_a_lineage_and_its_measurements_stay_whole(bucket: S3, ours: Machine) -> None:
    base = ours.build({"a": b"base"}, kind="fetch")
    child = ours.build({"a": b"child"}, kind="build", parents={"from": base.tree})
    result = ours.build({"a": b"result"}, kind="measure", artifact=child.tree)
    other = ours.build({"a": b"other"}, kind="measure", artifact="0" * 64)
    for record in (base, child, result, other):
        ours.caches.send(record)
    age(bucket, 31)
    cache = ours.caches.caches[0]
    for kept in (Kept({child.key}, ()), Kept((), {child.tree})):
        assert len(doomed(cache, kept, MONTH).told) == 1
        names = {one.name.rpartition("/")[2] for one in doomed(cache, kept, MONTH).objects}
        assert names == {f"{other.key}.json", other.tree, hashlib.sha256(b"other").hexdigest()}


def test_a_file_of_a_published_version_stays_without_any_result(bucket: S3, ours: Machine) -> None:
    made = ours.build({"a": b"published"}, x=1)
    ours.caches.send(made)
    age(bucket, 31)
    file = hashlib.sha256(b"published").hexdigest()
    found = doomed(ours.caches.caches[0], Kept((), {file}), MONTH)
    assert file not in {one.name.rpartition("/")[2] for one in found.objects} and len(found.objects) == 2


def test_a_damaged_result_goes_when_it_is_old(bucket: S3, ours: Machine) -> None:
    bucket.put(f"cache/ac/00/{'0' * 64}.json", b"{}")
    cache = ours.caches.caches[0]
    assert doomed(cache, Kept({"0" * 64}, ()), MONTH).objects == []
    age(bucket, 31)
    found = doomed(cache, Kept({"0" * 64}, ()), MONTH)
    assert "which is damaged" in found.told[0] and len(found.objects) == 1


@pytest.mark.parametrize("name", ["ac", "cas"])
def test_nothing_goes_where_the_cache_cannot_be_read(name: str, bucket: S3, ours: Machine) -> None:
    kept, old = ours.build({"a": b"kept"}, x=1), ours.build({"a": b"old"}, x=2)
    for record in (kept, old):
        ours.caches.send(record)
    age(bucket, 31)
    bucket.faults.append(Fault("status", "GET", f"cache/{name}/"))
    with pytest.raises(ZooError, match=r"cache team .*it answered 500; nothing was removed"):
        doomed(ours.caches.caches[0], Kept({kept.key}, ()), MONTH)
    assert len(bucket.objects) == 6


def test_a_web_server_has_nothing_to_sweep(config: Config) -> None:
    with pytest.raises((ZooError, CacheFault), match="it is only read"):
        doomed(opened(config(url="https://example.org/zoo", write=False)), Kept((), ()), MONTH)
