"""Drivers tell each other of checkpoints by real keys: what nobody signed who counts is not gone on from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.keys import key_pair
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.bookmarks import Bookmarks, name_of, statement
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.remote import trust
from zoosmith.remote.config import CacheConfig

KEY, OTHER = "ab" * 32, "cd" * 32
EARLY, LATE = Archive("1" * 64, 10), Archive("2" * 64, 20)
Driver = Callable[..., Bookmarks]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: key_pair(folder, name) for name in ("ci", "mallory")}


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


@pytest.fixture
def driver(keys: dict[str, tuple[Path, Path]], shared: Path) -> Driver:
    """One that signs by somebody's key and takes what `ci` has signed, or everything."""

    def made(signs: str = "ci", trust: Any = (str(keys["ci"][1]),)) -> Bookmarks:
        sign = str(keys[signs][0]) if signs else ""
        return Bookmarks(CacheConfig("shared", f"file://{shared}", write=True, trust=trust, sign=sign))

    return made


def test_another_driver_goes_on_from_what_a_key_that_it_trusts_has_signed(driver: Driver, shared: Path) -> None:
    ours = driver()
    ours.keep(KEY, EARLY)
    ours.keep(KEY, LATE)
    assert driver().last(KEY) == driver(signs="").last(KEY) == LATE
    assert driver().last(OTHER) is None
    ours.drop(KEY)
    assert driver().last(KEY) is None and not list(shared.rglob("*.json"))


@pytest.mark.parametrize("signs", ["mallory", ""])
def test_what_nobody_signed_who_counts_is_not_taken_but_by_those_who_trust_everybody(
    signs: str, driver: Driver
) -> None:
    driver(signs=signs, trust="any").keep(KEY, EARLY)
    assert driver().last(KEY) is None
    assert driver(signs="", trust="any").last(KEY) == EARLY


def _moved(shared: Path) -> None:
    there = shared / name_of(OTHER)
    there.parent.mkdir()
    (shared / name_of(KEY)).rename(there)


def _changed(**values: Any) -> Callable[[Path], None]:
    def change(shared: Path) -> None:
        file = shared / name_of(KEY)
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _moved,
        _changed(sha256="3" * 64),
        _changed(size=11),
        _changed(signatures=[]),
        _changed(signatures=None),
        lambda shared: (shared / name_of(KEY)).write_text("[]"),
        lambda shared: (shared / name_of(KEY)).write_text("{"),
    ],
)
def test_what_was_changed_or_moved_to_another_step_is_none(
    change: Callable[[Path], Any], driver: Driver, shared: Path
) -> None:
    driver().keep(KEY, EARLY)
    change(shared)
    assert driver().last(KEY) is None and driver().last(OTHER) is None


@pytest.mark.parametrize("values", [{"sha256": "../../key"}, {"sha256": 3}, {"size": "10"}, {"size": -1}])
def test_what_is_no_archive_is_none_whoever_is_trusted(values: dict[str, Any], driver: Driver, shared: Path) -> None:
    driver(trust="any").keep(KEY, EARLY)
    _changed(**values)(shared)
    assert driver(trust="any").last(KEY) is None


def test_a_signature_of_a_result_is_none_of_a_checkpoint(driver: Driver, shared: Path) -> None:
    ours = driver()
    ours.keep(KEY, EARLY)
    _changed(signatures=trust.signing(ours.config)(statement(KEY, EARLY)))(shared)
    assert driver().last(KEY) is None


def test_without_a_key_it_is_known_to_its_own_driver_alone(driver: Driver, shared: Path) -> None:
    ours = driver(signs="")
    ours.keep(KEY, EARLY)
    assert ours.last(KEY) == EARLY and not list(shared.rglob("*.json"))


def test_a_cache_that_breaks_costs_no_step(driver: Driver, shared: Path) -> None:
    ours = driver()
    shared.rmdir()
    shared.write_text("no folder")
    assert ours.last(KEY) is None
    ours.keep(KEY, EARLY)
    assert ours.last(KEY) == EARLY
    ours.drop(KEY)
    assert ours.last(KEY) is None


def test_a_key_that_cannot_be_used_is_said_before_anything_runs(shared: Path) -> None:
    with pytest.raises(ZooError, match=r"no\.key"):
        Bookmarks(CacheConfig("shared", f"file://{shared}", write=True, trust="any", sign=str(shared / "no.key")))
