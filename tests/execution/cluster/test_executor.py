"""What a driver does with what nodes say: nodes are scripts here, the cache between them is a real one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.execution.cluster.profiles import DRIVER
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.bookmarks import Bookmarks
from zoosmith.execution.cluster.executor import SENT_OUT, ClusterExecutor, Handed, Lost
from zoosmith.execution.cluster.order import Order
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.execution.cluster.placement import Node, Place
from zoosmith.execution.cluster.profile import About
from zoosmith.execution.cluster.roster import Roster
from zoosmith.execution.executor import LocalExecutor, Outcome, StepFailed, no_variables
from zoosmith.remote.config import CacheConfig
from zoosmith.store.store import Store

BUILD = Action("toy/plain", "build toy-plain", SENT_OUT, {"packages": {"torch": "2.13.0"}}, {}, Resources(1, 100))
ONE, TWO = (Node(f"id-{name}", replace(DRIVER, name=name), 8000, 0) for name in ("one", "two"))
HALF, MORE = Archive("1" * 64, 10), Archive("2" * 64, 20)


class Known(Roster):
    """Nodes that answer `later` once they are asked again."""

    def __init__(self, *nodes: Node, later: tuple[Node, ...] = ()) -> None:
        super().__init__(About)
        self.now, self.later = list(nodes), later or nodes
        self.forgotten: list[str] = []
        self.settlings = 0

    def nodes(self) -> list[Node]:
        return self.now

    def settled(self) -> list[Node]:
        self.settlings += 1
        self.now = list(self.later)
        return self.now

    def forget(self, id: str) -> None:
        self.forgotten.append(id)
        self.now = [node for node in self.now if node.id != id]


class Scripted(ClusterExecutor):
    """Each try is a script: a node and what it says, the last of which may be an error to raise."""

    def script(self, *tries: tuple[Node, list[Any]]) -> None:
        self.tries, self.orders = list(tries), list[Order]()

    def _messages(self, action: Action, order: Order, found: Place) -> Iterator[tuple[Node, dict[str, Any]]]:
        node, says = self.tries.pop(0)
        assert node in found.nodes
        self.orders.append(order)
        for message in says:
            if isinstance(message, BaseException):
                raise message
            yield node, message


@pytest.fixture
def cache(tmp_path: Path) -> CacheConfig:
    (tmp_path / "shared").mkdir()
    return CacheConfig("shared", f"file://{tmp_path}/shared", write=True, trust="any")


def driver(root: Path, cache: CacheConfig, roster: Roster) -> Scripted:
    root.mkdir()
    store = Store(root / ".store")
    local = LocalExecutor(store, root)
    handed = Handed(cache, no_variables, About, DRIVER)
    return Scripted(store, root, local, local.workers, roster, Bookmarks(cache), handed)


def made(one: ClusterExecutor) -> dict[str, Any]:
    """The last word of a node that has made something and sent it."""
    node = Store(one.project / "node")
    staging = node.folder("work") / "table"
    staging.mkdir()
    (staging / "table.json").write_text(json.dumps([1, 2]))
    tree = node.add_tree(staging)
    one.exchange.send(tree, node)
    shutil.rmtree(node.root)
    return {"result": {"tree": tree, "notes": {}, "peak_mb": 1, "seconds": 2.0}}


def run(one: ClusterExecutor, said: list[dict[str, Any]] | None = None) -> Outcome:
    return one.run(BUILD, 0, (said if said is not None else []).append)


def test_a_lost_node_has_the_next_one_go_on_from_the_last_checkpoint_that_was_told(
    tmp_path: Path, cache: CacheConfig
) -> None:
    one, said = driver(tmp_path / "one", cache, Known(ONE, TWO)), list[dict[str, Any]]()
    one.script(
        (ONE, [{"checkpoint": HALF}, {"checkpoint": MORE}, Lost("one: the node left the cluster")]), (TWO, [made(one)])
    )
    outcome = run(one, said)
    assert [order.left for order in one.orders] == [None, MORE]
    assert one.store.has(outcome.tree) and outcome.notes == {"node": "two"}
    assert "one: the node left the cluster; begun again (2 of 3 tries)" in [message.get("say") for message in said]
    assert Bookmarks(cache).last(BUILD.key) is None, "after a good end there is nothing to go on from"


def test_another_driver_goes_on_from_it_after_the_first_was_killed(tmp_path: Path, cache: CacheConfig) -> None:
    one = driver(tmp_path / "one", cache, Known(ONE))
    one.script((ONE, [{"checkpoint": HALF}, KeyboardInterrupt()]))
    with pytest.raises(KeyboardInterrupt):
        run(one)
    other = driver(tmp_path / "other", cache, Known(TWO))
    other.script((TWO, [made(other)]))
    run(other)
    assert [order.left for order in other.orders] == [HALF]


def test_a_measurement_goes_on_from_nothing(tmp_path: Path, cache: CacheConfig) -> None:
    measured = replace(BUILD, exclusive=True)
    one = driver(tmp_path / "one", cache, Known(ONE))
    one.bookmarks.keep(measured.key, HALF)
    one.script((ONE, [made(one)]))
    one.run(measured, 0, lambda message: None)
    assert [order.left for order in one.orders] == [None]


def test_a_node_that_has_changed_refuses_and_the_step_goes_to_another(tmp_path: Path, cache: CacheConfig) -> None:
    roster, said = Known(ONE, TWO), list[dict[str, Any]]()
    one = driver(tmp_path / "one", cache, roster)
    one.script((ONE, [{"refused": "torch 2.13.0 here, 2.12.1 there"}]), (TWO, [made(one)]))
    assert run(one, said).notes == {"node": "two"}
    assert (roster.forgotten, roster.settlings) == (["id-one"], 0)
    told = "one: torch 2.13.0 here, 2.12.1 there; begun again (2 of 3 tries)"
    assert told in [message.get("say") for message in said]


def test_where_no_node_would_do_all_are_asked_again_before_the_step_fails(tmp_path: Path, cache: CacheConfig) -> None:
    old = replace(ONE, profile=replace(ONE.profile, packages={"torch": "2.12.1"}))
    mended = Known(old, later=(ONE,))
    one = driver(tmp_path / "one", cache, mended)
    one.script((ONE, [made(one)]))
    assert run(one).notes == {"node": "one"} and mended.settlings == 1

    stays = Known(old)
    other = driver(tmp_path / "other", cache, stays)
    with pytest.raises(StepFailed, match=r"no node .*\n  one: torch 2.13.0 here, 2.12.1 there"):
        run(other)
    assert stays.settlings == 1
