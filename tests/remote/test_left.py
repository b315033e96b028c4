"""Files left in a cache come when they are read, and are checked; what is gone or wrong there is told and forgotten."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.remote.conftest import Config, Machine
from tests.support.s3 import S3, Fault
from zoosmith.contract.errors import ZooError
from zoosmith.remote.left import Left
from zoosmith.store import gc, suspects
from zoosmith.store.store import ActionResult, CorruptStore

LARGE = b"weights" * 20_000
FILES = {"model.onnx": LARGE, "manifest.json": b"{}", "empty": b""}
NAME = f"cache/cas/{(SHA := hashlib.sha256(LARGE).hexdigest())[:2]}/{SHA}"


@pytest.fixture
def made(ours: Machine) -> ActionResult:
    record = ours.build(FILES, x=1)
    ours.caches.send(record)
    return record


@pytest.fixture
def driver(theirs: Machine, config: Config) -> Machine:
    """A machine whose store brings what was left."""
    theirs.store.elsewhere = Left(lambda: [config()])
    return theirs


def left(driver: Machine, made: ActionResult) -> ActionResult | None:
    found = driver.caches.find(made.key)
    return driver.caches.leave(found) if found else None


def test_the_list_and_what_tells_of_it_come_and_the_rest_when_it_is_read(
    bucket: S3, driver: Machine, made: ActionResult, tmp_path: Path
) -> None:
    record = left(driver, made)
    store = driver.store
    assert record and store.known(made.key) == record and store.finished(made.key) is None
    assert store.read(made.tree, "manifest.json") == b"{}" and store.lacking(made.tree) == len(LARGE)
    assert f"GET {NAME}" not in bucket.asked
    came: list[int] = []
    store.bring(made.tree, tell=came.append)
    assert sum(came) == len(LARGE) and store.finished(made.key) == record
    before = len(bucket.asked)
    store.checkout(made.tree, tmp_path / "out")
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES
    assert len(bucket.asked) == before and driver.warned == []


def test_whoever_copies_it_out_or_reads_a_file_brings_it(driver: Machine, made: ActionResult, tmp_path: Path) -> None:
    left(driver, made)
    driver.store.checkout(made.tree, tmp_path / "part", only=("empty",))
    assert not driver.store.has(made.tree)
    assert driver.store.read(made.tree, "model.onnx") == LARGE and driver.store.has(made.tree)


def test_what_is_gone_there_is_told_and_no_longer_known(
    bucket: S3, driver: Machine, ours: Machine, made: ActionResult, tmp_path: Path
) -> None:
    left(driver, made)
    del bucket.objects[NAME]
    with pytest.raises(CorruptStore, match=r"were left in s3://zoo/cache, which has them no longer, .* to rebuild it"):
        driver.store.checkout(made.tree, tmp_path / "out")
    assert driver.store.known(made.key) is None and not (tmp_path / "out").exists()
    assert left(driver, made) is None, "a result that lacks a file is not taken for one"
    ours.caches.send(made)
    assert left(driver, made) and driver.store.known(made.key)


def test_wrong_bytes_are_never_served_and_replaced_by_whoever_has_the_right_ones(
    bucket: S3, driver: Machine, made: ActionResult, tmp_path: Path
) -> None:
    left(driver, made)
    bucket.objects[NAME] = LARGE[:-1] + b"?"
    with pytest.raises(CorruptStore, match="no longer, or others"):
        driver.store.checkout(made.tree, tmp_path / "out")
    assert not driver.store.has(made.tree) and suspects.noted(driver.store) == {SHA}
    found = driver.caches.find(made.key)
    assert found and found.suspected(driver.store) and driver.caches.fetch(found) is None
    driver.caches.send(driver.build(FILES, x=1))
    assert bucket.objects[NAME] == LARGE and not suspects.noted(driver.store)


def test_a_list_that_is_wrong_is_replaced_too(bucket: S3, driver: Machine, made: ActionResult) -> None:
    name = f"cache/cas/{made.tree[:2]}/{made.tree}"
    listed = bucket.objects[name]
    bucket.objects[name] = listed[:-1] + b"?"
    assert left(driver, made) is None and suspects.noted(driver.store) == {made.tree}
    driver.caches.send(driver.build(FILES, x=1))
    assert bucket.objects[name] == listed and not suspects.noted(driver.store)


def test_a_proxy_that_lies_for_a_while_costs_nothing_that_was_finished(
    bucket: S3, driver: Machine, made: ActionResult
) -> None:
    left(driver, made)
    bucket.faults.append(Fault("wrong", method="GET", name=NAME, times=2))
    with pytest.raises(CorruptStore):
        driver.store.bring(made.tree)
    found = driver.caches.find(made.key)
    assert found and found.suspected(driver.store) and driver.caches.fetch(found)
    assert driver.store.has(made.tree) and bucket.objects[NAME] == LARGE and not suspects.noted(driver.store)


def test_bytes_that_were_wrong_once_on_their_way_cost_nothing(bucket: S3, driver: Machine, made: ActionResult) -> None:
    left(driver, made)
    bucket.faults.append(Fault("wrong", method="GET", name=NAME, times=1))
    driver.store.bring(made.tree)
    assert driver.store.has(made.tree) and NAME in bucket.objects


def test_a_cache_that_does_not_answer_is_no_loss(bucket: S3, driver: Machine, made: ActionResult) -> None:
    left(driver, made)
    bucket.faults.append(Fault("status"))
    with pytest.raises(ZooError, match=r"cache team \(s3://zoo/cache\): .*; what is asked for was left there"):
        driver.store.bring(made.tree)
    assert driver.store.known(made.key)
    bucket.faults.clear()
    driver.store.bring(made.tree)
    assert driver.store.has(made.tree)


def test_a_cache_that_the_zoo_reads_no_more_has_nothing_of_it(
    driver: Machine, made: ActionResult, config: Config
) -> None:
    left(driver, made)
    for others in ([], [config(url="s3://zoo/other")], [config(read=False, trust="")]):
        driver.store.elsewhere = Left(lambda others=others: others)  # type: ignore[misc]  # mypy does not infer the default of a lambda
        assert driver.store.known(made.key) is None and driver.store.left_at(made.tree) is None
    driver.store.elsewhere = None
    assert driver.store.known(made.key) is None


@pytest.mark.parametrize("said", [b"", b"[]", b'{"place": 1}', b'{"place": "s3://zoo/other"}'])
def test_a_damaged_mark_is_none(driver: Machine, made: ActionResult, said: bytes) -> None:
    left(driver, made)
    (driver.store.root / "left" / f"{made.tree}.json").write_bytes(said)
    assert driver.store.known(made.key) is None


def test_a_result_is_sent_without_files_only_to_where_they_were_left(
    bucket: S3, driver: Machine, made: ActionResult, config: Config
) -> None:
    left(driver, made)
    own = ActionResult("c" * 64, {"x": 2}, made.tree, {"name": "toy/other"})
    before = dict(bucket.written)
    driver.caches.send(own)
    assert set(bucket.objects) - set(before) == {f"cache/ac/cc/{'c' * 64}.json"} and not driver.store.has(made.tree)
    other = Machine(driver.store.root, config(name="other", url="s3://zoo/other"))
    other.store.elsewhere = driver.store.elsewhere
    other.caches.send(replace(own, key="d" * 64))
    assert bucket.objects[NAME.replace("cache/", "other/", 1)] == LARGE and driver.store.has(made.tree)


def test_collecting_garbage_takes_the_mark_with_the_tree(driver: Machine, made: ActionResult) -> None:
    left(driver, made)
    driver.store.name("toy/a", made.key)
    gc.collect(driver.store, {"toy/a"}, remove=True)
    assert driver.store.known(made.key)
    gc.collect(driver.store, set(), remove=True)
    assert not list((driver.store.root / "left").glob("*"))
