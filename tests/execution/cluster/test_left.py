"""What nodes make stays in the cache until somebody here reads it: code of real nodes in threads of this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.execution.cluster.profiles import DRIVER
from tests.support.built import _own_measure_lock
from tests.support.table import nodes, write_table
from tests.support.zoo import BRIEFLY
from zoosmith.build import planned
from zoosmith.build.machine import about
from zoosmith.build.rebuild import check
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.bookmarks import Bookmarks
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.executor import ClusterExecutor, Handed
from zoosmith.execution.cluster.node import NodeStep
from zoosmith.execution.cluster.order import Order
from zoosmith.execution.cluster.placement import Node, Place
from zoosmith.execution.cluster.profile import of_this_machine
from zoosmith.execution.cluster.roster import Roster
from zoosmith.execution.cluster.sent import packed, unpacked
from zoosmith.execution.executor import LocalExecutor, no_variables
from zoosmith.recipes.graph import Ref
from zoosmith.remote.config import configured
from zoosmith.store import suspects
from zoosmith.store.store import CorruptStore

__all__ = ["_own_measure_lock"]
PLAIN, TRIPLE, SEXTUPLE = (Ref("toy", name) for name in ("plain", "triple", "sextuple"))
NODE = Node("id", replace(of_this_machine("node", 1, about()), name="node"), 8000, 0)


class One(Roster):
    """A single node, which is always there."""

    def __init__(self) -> None:
        super().__init__(about)

    def nodes(self) -> list[Node]:
        return [NODE]

    def settled(self) -> list[Node]:
        return [NODE]


class Threads(ClusterExecutor):
    """A node's step runs in a thread of this process, over the store of the node; there is no Ray between."""

    def claimed(self, action: Action, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        return nullcontext()

    def _messages(self, action: Action, order: Order, found: Place) -> Iterator[tuple[Node, dict[str, Any]]]:
        arrived = unpacked(packed(action))
        step = NodeStep(arrived, order, Exchange(self.handed.cache))
        for message in step.messages(no_variables, 0.5):
            yield NODE, message


def opened(project: Path) -> Workspace:
    workspace = Workspace(project)
    (cache,) = configured(project)
    local = LocalExecutor(workspace.store, project, workspace.workers)
    handed = Handed(cache, no_variables, about, replace(NODE.profile, name=DRIVER.name))
    bookmarks = Bookmarks(cache)
    workspace.executor = Threads(workspace.store, project, local, workspace.workers, One(), bookmarks, handed)
    return workspace


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that lies in a folder."""
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("ZOOSMITH_CACHE", f"file://{tmp_path}/shared read write trust=any name=shared")
    monkeypatch.setenv("ZOOSMITH_NODE", str(tmp_path / "node"))
    monkeypatch.setenv("PYTHONPATH", BRIEFLY["PYTHONPATH"])
    return tmp_path / "shared"


@pytest.fixture
def driver(shared: Path, tmp_path: Path) -> Workspace:
    return opened(write_table(tmp_path / "zoo"))


def bring_up(workspace: Workspace, ref: Ref) -> list[str]:
    """Names of what was not up to date."""
    waiting = [(kind, node) for kind, node in nodes(workspace, ref) if not workspace.made(kind, node)]
    return [workspace.make(kind, node).provenance["name"] for kind, node in nodes(workspace, ref) if waiting]


def tree(workspace: Workspace, ref: Ref) -> str:
    return workspace.resolver.tree("artifact", ref)


def only(workspace: Workspace, ref: Ref, name: str = "table.json") -> Path:
    """The file of an artifact in the cache."""
    (sha256,) = [entry.sha256 for entry in workspace.store.tree(tree(workspace, ref)) or () if entry.path == name]
    return Path("cas", sha256[:2], sha256)


def test_the_driver_has_what_was_asked_for_and_only_that(driver: Workspace) -> None:
    bring_up(driver, SEXTUPLE)
    plain, sextuple = tree(driver, PLAIN), tree(driver, SEXTUPLE)
    assert not driver.store.has(plain) and not driver.store.has(sextuple)
    assert driver.store.known(driver.resolver.action("artifact", PLAIN).key)
    said = planned.plan(driver, SEXTUPLE)
    assert "  reuse    artifact toy/plain (" in said and f", left in {driver.store.left_at(plain)})" in said
    driver.deliver(SEXTUPLE)
    assert driver.store.has(sextuple) and driver.faults_of_delivery(SEXTUPLE) == []
    assert not driver.store.has(plain)


def test_a_local_step_gets_what_it_reads(driver: Workspace) -> None:
    bring_up(driver, TRIPLE)
    assert driver.measure(PLAIN, "quick") and driver.store.has(tree(driver, PLAIN))
    assert not driver.store.has(tree(driver, TRIPLE))
    assert driver.measure(TRIPLE, "quick") and driver.measured(TRIPLE, "quick")


def test_a_zoo_that_goes_on_without_the_cluster_builds_on_what_was_left(driver: Workspace) -> None:
    bring_up(driver, PLAIN)
    alone = Workspace(driver.project)
    assert alone.made("artifact", PLAIN)
    alone.make("artifact", TRIPLE)
    assert alone.store.has(tree(alone, PLAIN)) and alone.store.has(tree(alone, TRIPLE))


def test_another_driver_takes_results_over_without_their_files(driver: Workspace, tmp_path: Path) -> None:
    bring_up(driver, TRIPLE)
    other = opened(write_table(tmp_path / "other"))
    bring_up(other, TRIPLE)
    assert tree(other, TRIPLE) == tree(driver, TRIPLE) and not other.store.has(tree(other, TRIPLE))
    record = other.resolver.finished("artifact", TRIPLE)
    assert record and record.provenance["downloaded"]["name"] == "shared"
    other.deliver(TRIPLE)
    assert other.faults_of_delivery(TRIPLE) == []


def test_a_rebuild_is_compared_without_the_files(driver: Workspace) -> None:
    bring_up(driver, TRIPLE)
    assert check(driver, TRIPLE)[0] and not driver.store.has(tree(driver, TRIPLE))


def test_what_the_cache_lost_is_told_and_built_again(driver: Workspace, shared: Path, tmp_path: Path) -> None:
    bring_up(driver, PLAIN)
    gone = shared / only(driver, PLAIN)
    gone.unlink()
    (tmp_path / "node" / ".store" / "files" / gone.name[:2] / gone.name[2:]).unlink()
    again = opened(driver.project)
    assert again.made("artifact", PLAIN), "whoever has nothing to do asks no cache"
    with pytest.raises(ZooError, match="which has them no longer, or others; run the command again to rebuild it"):
        again.make("artifact", TRIPLE)
    last = opened(driver.project)
    assert not last.made("artifact", PLAIN)
    bring_up(last, TRIPLE)
    assert gone.is_file()
    last.deliver(TRIPLE)
    assert last.faults_of_delivery(TRIPLE) == []


def test_bytes_that_were_changed_in_the_cache_are_never_delivered(driver: Workspace, shared: Path) -> None:
    bring_up(driver, PLAIN)
    changed = shared / only(driver, PLAIN)
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes().replace(b"0", b"1"))
    with pytest.raises(CorruptStore, match="no longer, or others"):
        driver.deliver(PLAIN)
    assert not driver.home(PLAIN).exists()
    again = opened(driver.project)
    bring_up(again, PLAIN)
    again.deliver(PLAIN)
    assert again.faults_of_delivery(PLAIN) == []


def test_a_node_that_is_handed_wrong_bytes_is_sent_the_right_ones_at_once(
    driver: Workspace, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_up(driver, PLAIN)
    driver.deliver(PLAIN)
    changed, right = shared / only(driver, PLAIN), (shared / only(driver, PLAIN)).read_bytes()
    changed.chmod(0o644)
    changed.write_bytes(right.replace(b"0", b"1"))
    shutil.rmtree(tmp_path / "node")
    again = opened(driver.project)
    bring_up(again, TRIPLE)
    assert changed.read_bytes() == right and again.store.known(again.resolver.action("artifact", TRIPLE).key)
    assert "other bytes there than it should" in capsys.readouterr().err


def test_what_was_left_wrong_is_replaced_by_the_node_that_builds_it_again(
    driver: Workspace, shared: Path, tmp_path: Path
) -> None:
    bring_up(driver, PLAIN)
    changed, right = shared / only(driver, PLAIN), (shared / only(driver, PLAIN)).read_bytes()
    changed.chmod(0o644)
    changed.write_bytes(right.replace(b"0", b"1"))
    shutil.rmtree(tmp_path / "node")
    with pytest.raises(CorruptStore):
        driver.deliver(PLAIN)
    again = opened(driver.project)
    bring_up(again, TRIPLE)
    assert changed.read_bytes() == right and not again.store.has(tree(again, PLAIN))
    assert not suspects.noted(again.store)
