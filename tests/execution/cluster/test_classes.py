"""Host classes that nodes offer, and the node that stands for one."""

from dataclasses import replace

import pytest

from tests.execution.cluster.profiles import DRIVER, host, profile
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.classes import chosen, offered, table
from zoosmith.execution.cluster.profile import About, Profile

NODES = [
    profile("two", "epyc-2c", "small"),
    profile("one", "epyc-2c", "small"),
    profile("three", "xeon-8c"),
]


def test_a_node_is_of_the_class_it_was_started_as_and_of_its_hosts_id() -> None:
    assert {name: [node.name for node in nodes] for name, nodes in offered(NODES).items()} == {
        "small": ["one", "two"], "epyc-2c": ["one", "two"], "xeon-8c": ["three"],
    }  # fmt: skip


def test_it_arrives_as_it_was_announced() -> None:
    assert Profile.of_json(NODES[0].as_json()) == NODES[0]


@pytest.mark.parametrize("name", ["small", "epyc-2c"])
def test_the_first_node_stands_for_a_class(name: str) -> None:
    assert chosen(name, NODES, DRIVER.code).name == "one"


def test_one_with_other_sources_stands_for_it_only_where_there_is_no_better() -> None:
    old = replace(NODES[1], code="b" * 64)
    assert chosen("small", [old, NODES[0]], DRIVER.code).name == "two"
    assert chosen("small", [old], DRIVER.code).name == "one"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("smal", r"no node of the cluster is of host class 'smal'; did you mean 'small'\?; `doit list --hosts`"),
        ("gpu", r"host class 'gpu'; known: epyc-2c, small, xeon-8c; `doit list --hosts`"),
    ],
)
def test_a_class_that_there_is_not_is_told_with_the_nearest(name: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        chosen(name, NODES, DRIVER.code)


def test_figures_of_two_hosts_are_not_those_of_one_class() -> None:
    nodes = [*NODES, profile("four", "xeon-8c", "small")]
    with pytest.raises(ZooError, match=r"nodes of 2 hosts say that they are of class 'small'.* epyc-2c, xeon-8c"):
        chosen("small", nodes, DRIVER.code)
    assert chosen("epyc-2c", nodes, DRIVER.code).name == "one"


def test_the_list_names_each_class_once() -> None:
    gpu = replace(profile("four"), about=About(host("epyc-2c-cuda", gpu="NVIDIA H200"), "", "cuda"))
    head, *rows = table([*NODES, gpu])
    assert head[:3] == ["HOST CLASS", "HOST", "NODES"]
    assert [row[:3] for row in rows] == [
        ["epyc-2c-cuda", "epyc-2c-cuda", "four"],
        ["small", "epyc-2c", "one, two"],
        ["xeon-8c", "xeon-8c", "three"],
    ]
    assert [row[5] for row in rows] == ["cuda (NVIDIA H200)", "cpu", "cpu"]


def test_what_takes_no_step_offers_no_class() -> None:
    assert table([replace(profile("odd"), about=About(fault="its device is odd"))])[1:] == []
