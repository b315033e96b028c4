"""What an interrupted step left goes to another node."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from zoosmith.execution.cluster.checkpoints import Checkpoints
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.remote.config import CacheConfig
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
        path.write_text(text)


def left(one: Checkpoints) -> dict[str, str]:
    scratch = one.work / "scratch"
    return {path.name: path.read_text() for path in scratch.rglob("*")} if scratch.is_dir() else {}


def test_another_node_goes_on_from_it(exchange: Exchange, tmp_path: Path) -> None:
    one, other = node(tmp_path / "one", exchange), node(tmp_path / "other", exchange)
    write(one, state_pt="half", half_tmp="being written")
    assert one.save() and not one.save()
    assert other.restore()
    assert left(other) == {"state.pt": "half"}
    assert not other.save(), "what came is there already"


def test_what_a_node_has_itself_is_newer(exchange: Exchange, tmp_path: Path) -> None:
    one, other = node(tmp_path / "one", exchange), node(tmp_path / "other", exchange)
    write(one, state_pt="early")
    one.save()
    write(other, state_pt="late")
    assert not other.restore()
    assert left(other) == {"state.pt": "late"}


def test_after_a_good_end_nothing_is_left_and_after_a_bad_one_it_is(exchange: Exchange, tmp_path: Path) -> None:
    one = node(tmp_path / "one", exchange)
    with pytest.raises(ValueError), one.kept():
        write(one, state_pt="half")
        one.save()
        raise ValueError
    assert node(tmp_path / "other", exchange).restore()
    with one.kept():
        pass
    assert not node(tmp_path / "third", exchange).restore()


def test_a_checkpoint_that_is_damaged_is_none(exchange: Exchange, tmp_path: Path) -> None:
    one = node(tmp_path / "one", exchange)
    write(one, state_pt="half")
    one.save()
    for blob in (tmp_path / "shared" / "cas").rglob("*"):
        if blob.is_file():
            blob.chmod(0o644)
            blob.write_bytes(bytes(blob.stat().st_size))
    other = node(tmp_path / "other", exchange)
    assert not other.restore() and left(other) == {}


def test_where_results_must_be_signed_nobody_goes_on_from_what_a_stranger_left(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = node(tmp_path / "one", exchange)
    write(one, state_pt="half")
    one.save()
    signed = Exchange(replace(exchange.cache.config, trust=("ci",)))
    other = node(tmp_path / "other", signed)
    assert not other.restore() and left(other) == {}
    monkeypatch.setattr("zoosmith.execution.cluster.checkpoints.EVERY_S", 0.01)
    with other.kept():
        write(other, state_pt="other")
        time.sleep(0.1)
    third = node(tmp_path / "third", exchange)
    assert third.restore() and left(third) == {"state.pt": "half"}


def test_without_anything_there_is_nothing(exchange: Exchange, tmp_path: Path) -> None:
    one = node(tmp_path / "one", exchange)
    assert not one.save() and not one.restore()
