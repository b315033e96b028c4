"""What an interrupted step left goes to another node."""

import queue
import shutil
import time
from pathlib import Path

import pytest

from zoosmith.execution.cluster.checkpoints import Checkpoints
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.remote.config import CacheConfig
from zoosmith.store.files import write_atomic
from zoosmith.store.store import Store

KEY = "ab" * 32


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    (tmp_path / "shared").mkdir()
    return Exchange(CacheConfig("shared", f"file://{tmp_path}/shared", write=True, trust="any"))


def node(root: Path, exchange: Exchange) -> Checkpoints:
    return Checkpoints(KEY, Store(root / ".store"), exchange)


def write(one: Checkpoints, **files: str) -> None:
    for name, text in files.items():
        path = one.work / "scratch" / name.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())


def left(one: Checkpoints) -> dict[str, str]:
    scratch = one.work / "scratch"
    return {path.name: path.read_text() for path in scratch.rglob("*")} if scratch.is_dir() else {}


def test_another_node_goes_on_from_it(exchange: Exchange, tmp_path: Path) -> None:
    one, other = node(tmp_path / "one", exchange), node(tmp_path / "other", exchange)
    write(one, state_pt="half", half_tmp="being written")
    saved = one.save()
    assert saved and not one.save()
    assert other.restore(saved)
    assert left(other) == {"state.pt": "half"}
    assert not other.save(), "what came is there already"


def test_what_a_node_has_itself_is_newer(exchange: Exchange, tmp_path: Path) -> None:
    one, other = node(tmp_path / "one", exchange), node(tmp_path / "other", exchange)
    write(one, state_pt="early")
    write(other, state_pt="late")
    assert not other.restore(one.save())
    assert left(other) == {"state.pt": "late"}


def test_each_that_was_sent_is_told_of_and_one_that_was_not_is_not(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoosmith.execution.cluster.checkpoints.EVERY_S", 0.01)
    one, told = node(tmp_path / "one", exchange), queue.SimpleQueue[Archive]()
    with one.kept(told.put):
        write(one, state_pt="half")
        first = told.get(timeout=10)
        write(one, state_pt="nearly done")
        last = told.get(timeout=10)
    assert first != last and told.empty()
    other = node(tmp_path / "other", exchange)
    assert other.restore(last) and left(other) == {"state.pt": "nearly done"}
    shutil.rmtree(tmp_path / "shared")
    (tmp_path / "shared").write_text("no folder")
    with one.kept(told.put):
        write(one, state_pt="all")
        time.sleep(0.1)
    assert told.empty()


def test_a_checkpoint_that_is_damaged_is_none(exchange: Exchange, tmp_path: Path) -> None:
    one = node(tmp_path / "one", exchange)
    write(one, state_pt="half")
    saved = one.save()
    for blob in (tmp_path / "shared" / "cas").rglob("*"):
        if blob.is_file():
            blob.chmod(0o644)
            blob.write_bytes(bytes(blob.stat().st_size))
    other = node(tmp_path / "other", exchange)
    assert not other.restore(saved) and left(other) == {}


def test_without_anything_there_is_nothing(exchange: Exchange, tmp_path: Path) -> None:
    one = node(tmp_path / "one", exchange)
    assert not one.save() and not one.restore(None)
    assert not one.restore(Archive("0" * 64, 10)), "it is there no longer"
