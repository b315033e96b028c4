"""Nodes are asked once what they are, and again where that may have changed: calls of Ray, counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.execution.cluster.profiles import DRIVER
from zoosmith.execution.cluster.profile import About
from zoosmith.execution.cluster.roster import AGAIN_S, ANSWER_S, LIST_S, Roster


class RayError(Exception):
    """As ray.exceptions has it."""


class Ray:
    """Nodes by id, each of which announces itself with the packages that it has now, is silent or has gone."""

    def __init__(self, *nodes: str) -> None:
        self.now = 0.0
        self.packages = dict.fromkeys(nodes, "1.0")
        self.silent: set[str] = set()
        self.gone: set[str] = set()
        self.listed = 0
        self.asked: list[str] = []
        self.exceptions = SimpleNamespace(RayError=RayError)

    def nodes(self) -> list[dict[str, Any]]:
        self.listed += 1
        has = {"CPU": 2.0, "memory": 8000.0 * 2**20}
        return [{"NodeID": id, "NodeName": f"name-{id}", "Alive": True, "Resources": has} for id in self.packages]

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        return lambda function: self

    def options(self, scheduling_strategy: str) -> Any:
        def ask(name: str, cpus: int, about: Any) -> str:
            self.asked.append(scheduling_strategy)
            return scheduling_strategy

        return SimpleNamespace(remote=ask)

    def wait(self, asked: Sequence[str], num_returns: int, timeout: float) -> tuple[list[str], list[str]]:
        done = [id for id in asked if id not in self.silent]
        if len(done) < num_returns:
            self.now += timeout
        return done, [id for id in asked if id in self.silent]

    def get(self, id: str) -> dict[str, Any]:
        if id in self.gone:
            raise RayError
        return replace(DRIVER, name=f"name-{id}", packages={"torch": self.packages[id]}).as_json()


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    fake = Ray(*(f"{one}" for one in range(1000)))
    strategies = ModuleType("ray.util.scheduling_strategies")
    strategies.NodeAffinitySchedulingStrategy = lambda node_id, soft: node_id  # type: ignore[attr-defined]
    for name, module in {"ray": fake, "ray.util": ModuleType("ray.util"), strategies.__name__: strategies}.items():
        monkeypatch.setitem(sys.modules, name, module)
    return fake


@pytest.fixture
def roster(ray: Ray) -> Roster:
    return Roster(About, lambda: ray.now)


def versions(roster: Roster) -> dict[str, str]:
    return {node.id: node.profile.packages["torch"] for node in roster.nodes()}


def test_thousands_of_steps_ask_each_node_once_and_list_them_once_a_second(ray: Ray, roster: Roster) -> None:
    for _ in range(3000):
        assert len(roster.nodes()) == 1000
        ray.now += LIST_S / 100
    assert sorted(ray.asked) == sorted(ray.packages)
    assert 30 <= ray.listed <= 31


def test_one_that_joins_is_asked_and_one_that_leaves_is_no_longer_there(ray: Ray, roster: Roster) -> None:
    roster.nodes()
    del ray.packages["7"]
    ray.packages["new"] = "2.0"
    ray.now += LIST_S
    found = versions(roster)
    assert found["new"] == "2.0" and "7" not in found and len(found) == 1000
    assert ray.asked.count("new") == 1 and len(ray.asked) == 1001


def test_one_that_has_refused_a_step_is_asked_again_and_no_other(ray: Ray, roster: Roster) -> None:
    roster.nodes()
    ray.packages["7"] = "2.0"
    assert versions(roster)["7"] == "1.0"
    roster.forget("7")
    assert versions(roster)["7"] == "2.0"
    assert len(ray.asked) == 1001


def test_where_no_node_could_take_a_step_all_are_asked_again_but_not_for_each_step(ray: Ray, roster: Roster) -> None:
    roster.nodes()
    ray.packages["7"] = "2.0"
    for _ in range(100):
        roster.settled()
    assert len(ray.asked) == 1000, "they have just been asked"
    ray.now += AGAIN_S
    assert {node.id: node.profile.packages["torch"] for node in roster.settled()}["7"] == "2.0"
    for _ in range(100):
        roster.settled()
    assert len(ray.asked) == 2000


def test_one_that_does_not_answer_holds_the_others_up_once(ray: Ray, roster: Roster) -> None:
    ray.silent = {"7"}
    assert len(roster.nodes()) == 999 and ray.now == ANSWER_S
    for _ in range(10):
        assert len(roster.nodes()) == 999
    assert ray.now == ANSWER_S
    ray.silent = set()
    assert len(roster.nodes()) == 1000 and len(ray.asked) == 1000, "it was only late"


def test_one_that_joins_and_is_slow_is_waited_for_only_where_no_other_node_will_do(ray: Ray, roster: Roster) -> None:
    roster.nodes()
    ray.packages["new"], ray.silent = "2.0", {"new"}
    ray.now += LIST_S
    assert len(roster.nodes()) == 1000 and ray.now == LIST_S
    roster.settled()
    assert ray.now == LIST_S + ANSWER_S


def test_one_that_has_gone_before_it_answered_is_left_out(ray: Ray, roster: Roster) -> None:
    ray.gone = {"7"}
    assert len(roster.nodes()) == 999


def test_whether_one_of_some_nodes_is_left(ray: Ray, roster: Roster) -> None:
    roster.nodes()
    assert roster.has_any({"7", "8"})
    del ray.packages["7"], ray.packages["8"]
    assert roster.has_any({"7", "8"}), "Ray's list was read just now"
    ray.now += LIST_S
    assert not roster.has_any({"7", "8"}) and roster.has_any({"8", "9"})
