"""Which nodes can take a step, and what is said where none can."""

from dataclasses import replace
from typing import Any

import pytest

from tests.execution.cluster.profiles import DRIVER, host, profile
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.placement import Node, place
from zoosmith.execution.cluster.profile import About
from zoosmith.execution.executor import StepFailed


def node(name: str, memory_mb: int = 8000, gpus: int = 0, **other: Any) -> Node:
    return Node(f"id-{name}", replace(DRIVER, name=name, **{"cpus": 2} | other), memory_mb, gpus)


def step(cpus: int = 1, memory_mb: int = 1000, device: str = "cpu", **inputs: Any) -> Action:
    return Action("f/x", "build f-x", "m:f", inputs, {"device": device}, Resources(cpus, memory_mb))


def test_every_node_that_is_as_the_driver_can_take_it() -> None:
    found = place(step(packages={"torch": "2.13.0"}), [node("one"), node("two")], DRIVER)
    assert [one.profile.name for one in found.nodes] == ["one", "two"]
    assert (found.cpus, found.memory_mb, found.gpus) == (1, 1000, 0)


def test_a_step_of_more_cores_than_a_node_has_takes_the_largest_whole() -> None:
    found = place(step(cpus=4), [node("small"), node("large", cpus=3)], DRIVER)
    assert ([one.profile.name for one in found.nodes], found.cpus) == (["large"], 3)


@pytest.mark.parametrize(
    ("action", "other", "told"),
    [
        (step(memory_mb=9000), {}, "takes 9000 MiB of memory, 8000 are there"),
        (step(device="cuda"), {}, "computes on a GPU, and none is there"),
        (
            step(),
            {"code": "b" * 64},
            "its zoosmith is another one (zoosmith 0.1.0 here, 0.1.0 there; sources aaaaaaaaaaaa",
        ),
        (step(), {"python": "3.12"}, "Python 3.11 here, 3.12 there"),
        (step(packages={"torch": "2.13.0"}), {"packages": {"torch": "2.12.1"}}, "torch 2.13.0 here, 2.12.1 there"),
        (step(packages={"torch": "2.13.0"}), {"packages": {}}, "torch 2.13.0 here, not installed there"),
        (step(machine={"isa": ["avx512f"], "threads": 2}), {"flags": ["avx2"]}, "its processor has no avx512f"),
        (step(machine={"isa": [], "threads": 4}), {}, "computes with 4 threads, 2 cores are there"),
    ],
)
def test_what_no_node_can_take_is_said_at_once_with_what_each_lacks(action: Action, other: Any, told: str) -> None:
    with pytest.raises(StepFailed) as caught:
        place(action, [node("one", **other), node("two", **other)], DRIVER)
    text = str(caught.value)
    assert text.startswith("build f-x: no node of the cluster can take it\n  one: ")
    assert text.count(told) == 2


def test_nodes_that_differ_are_passed_over_while_one_is_alike() -> None:
    found = place(step(), [node("old", code="b" * 64), node("new")], DRIVER)
    assert [one.profile.name for one in found.nodes] == ["new"]


def test_packages_of_an_environment_of_its_own_are_not_the_nodes() -> None:
    action = replace(step(packages={"vllm": "1.0"}), environment=("vllm==1.0",))
    assert place(action, [node("one")], DRIVER).nodes


def test_a_cluster_without_nodes() -> None:
    with pytest.raises(StepFailed, match="no node that is alive"):
        place(step(), [], DRIVER)


def measurement(host: str, **inputs: Any) -> Action:
    asked = {"host": host, "packages": {"torch": "2.13.0"}} | inputs
    return Action("f/x", "measure f-x", "m:f", asked, resources=Resources(10**6, 1000), exclusive=True, host=host)


def test_a_measurement_has_a_node_of_its_host_to_itself() -> None:
    nodes = [Node("1", profile("one", "epyc-2c"), 8000, 0), Node("2", profile("two", "xeon-8c", cpus=8), 8000, 0)]
    found = place(measurement("epyc-2c"), nodes, DRIVER)
    assert ([one.profile.name for one in found.nodes], found.cpus) == (["one"], 2)


def test_one_on_gpus_has_all_of_them_to_itself() -> None:
    node = Node("1", profile("one", "epyc-2c-cuda", device="cuda"), 8000, 4)
    assert place(measurement("epyc-2c-cuda", device="cuda"), [node], DRIVER).gpus == 4


def test_what_each_node_lacks_for_a_measurement() -> None:
    old = profile("two", "xeon-8c", packages={"torch": "2.12.1"})
    nodes = [Node("1", profile("one", "epyc-2c"), 8000, 0), Node("2", old, 500, 0)]
    with pytest.raises(StepFailed) as caught:
        place(measurement("xeon-8c"), nodes, DRIVER)
    assert str(caught.value).splitlines()[1:] == [
        "  one: its host is epyc-2c, figures of xeon-8c are asked for",
        "  two: torch 2.13.0 here, 2.12.1 there; the step takes 1000 MiB of memory, 500 are there",
    ]


def test_a_node_that_says_itself_that_something_is_wrong_takes_no_step() -> None:
    odd = replace(profile("one"), about=About(host("epyc-2c"), fault="ZOOSMITH_DEVICE is 'odd'; it takes cpu"))
    with pytest.raises(StepFailed, match="one: ZOOSMITH_DEVICE is 'odd'"):
        place(step(), [Node("1", odd, 8000, 0)], DRIVER)
