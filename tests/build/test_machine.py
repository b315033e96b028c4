"""What a node tells of itself, and what of it enters the key of a measurement."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.execution.cluster.profiles import DRIVER, profile
from tests.support.table import edit
from zoosmith.bench.host import this_host
from zoosmith.build.machine import Machine, about, of_class
from zoosmith.build.measuring import measure_action
from zoosmith.build.resolve import Resolver
from zoosmith.build.workspace import Workspace
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import differences, version_of_module
from zoosmith.execution.cluster.placement import Node, place
from zoosmith.execution.cluster.profile import of_this_machine
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref

PLAIN, TRIPLE = Ref("toy", "plain"), Ref("toy", "triple")


def test_it_tells_its_host_and_what_it_was_started_as(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (about().host, about().host_class, about().device) == (this_host().model_dump(mode="json"), "", "cpu")
    monkeypatch.setenv("ZOOSMITH_HOST_CLASS", "small")
    monkeypatch.setenv("ZOOSMITH_DEVICE", "cuda")
    assert (about().host["id"], about().host_class, about().device) == (f"{this_host().id}", "small", "cuda")
    assert about().host["id"].endswith("-cuda") and not about().fault


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("ZOOSMITH_HOST_CLASS", "its ZOOSMITH_HOST_CLASS is 'No Name'"),
        ("ZOOSMITH_DEVICE", "ZOOSMITH_DEVICE is 'No Name'"),
    ],
)
def test_what_is_wrong_there_is_told_and_the_node_says_no_more(
    variable: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "No Name")
    assert about().fault.startswith(told) and not about().host


def test_versions_are_those_of_the_machine() -> None:
    machine = Machine(profile("one", packages={"huggingface-hub": "1.0", "torch": "2.12.1"}))
    assert machine.versions(("torch", "huggingface_hub")) == {"huggingface_hub": "1.0", "torch": "2.12.1"}
    with pytest.raises(ZooError, match="the package numpy is not installed on one"):
        machine.versions(("torch", "numpy"))


def test_where_it_is_measured_is_all_that_differs_in_the_key(built: Path) -> None:
    resolver, machine = Workspace(built).resolver, Machine(profile("one", "epyc-2c-cuda", device="cuda", packages={
        "numpy": "1.0", "tokenizers": "2.0",
    }))  # fmt: skip
    here, there = measure_action(resolver, PLAIN, "full"), measure_action(resolver, PLAIN, "full", machine)
    told = [line.split(":")[0] for line in differences(here.inputs, there.inputs)]
    assert told == ["device", "host", "packages.numpy", "packages.tokenizers"]
    assert there.inputs["packages"] == {"numpy": "1.0", "tokenizers": "2.0"}
    assert (here.host, there.host) == ("", "epyc-2c-cuda")
    assert (here.name, there.name) == ("toy/measured/plain-full", "toy/measured/plain-full.epyc.2c.cuda")


def test_a_machine_alone_has_no_host_classes(built: Path) -> None:
    with pytest.raises(ZooError, match=r"steps run on this machine alone.*add `--executor ray:auto`"):
        of_class("small", Workspace(built).executor)


def depends_on_its_machine(zoo: Path) -> None:
    edit(
        zoo / "builders" / "scaled.py",
        'FORMAT = "table"',
        'REPRODUCES = "logits"\nREQUIRES = ("torch",)\nFORMAT = "table"',
    )
    edit(zoo / "builders" / "scaled.py", "import json", "import json\n\nimport yaml")


def test_keys_of_this_machine_are_what_they_were(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte, or every zoo would be built anew."""
    depends_on_its_machine(built)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1})
    monkeypatch.setattr("zoosmith.toolkit.torch.processor.flags", lambda: frozenset({"sse2", "amx_bf16", "avx2"}))
    monkeypatch.setattr("zoosmith.build.key_parts.public_versions", lambda names: dict.fromkeys(names, "0.0.1"))
    monkeypatch.setattr("zoosmith.build.key_parts.version_of_module", lambda name: "0.0.2")
    resolver = Workspace(built).resolver
    monkeypatch.setattr(resolver, "code", lambda *entries: {"zoo_builders_scaled": "c" * 64})
    monkeypatch.setattr(resolver, "parent_tree", lambda parent: "d" * 64)
    expected = {
        "schema": 1,
        "kind": "build",
        "builder": "scaled",
        "code": ["c" * 64],
        "params": {"factor": 3.0},
        "parents": {"from": "d" * 64},
        "splits": {},
        "task": {
            "kind": "text-classification", "inputs": ["text"], "labels": ["negative", "positive"], "max_length": 32,
        },
        "packages": {"torch": "0.0.1"},
        "tools": {},
        "seed": 42,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "imports": {"numpy": "0.0.2", "yaml": "0.0.2"},
        "machine": {"threads": 2, "isa": ["avx2", "amx_bf16"]},
    }  # fmt: skip
    action = resolver.artifact(TRIPLE)
    assert action.inputs == expected and action.key == digest(expected)


def test_a_node_like_this_machine_has_the_same_keys(built: Path) -> None:
    depends_on_its_machine(built)
    workspace = Workspace(built)
    there = Machine(of_this_machine("node", len(os.sched_getaffinity(0)), about()))
    twin = Resolver(workspace.zoo, workspace.store, built, there)
    assert twin.artifact(TRIPLE).inputs == workspace.resolver.artifact(TRIPLE).inputs


def test_builds_for_other_nodes_have_their_facts_in_the_key(built: Path) -> None:
    depends_on_its_machine(built)
    edit(built / "builders" / "scaled.py", 'FORMAT = "table"', 'DEVICES = ("cuda",)\nFORMAT = "table"')
    workspace = Workspace(built)
    numpy = {"numpy": str(version_of_module("numpy"))}  # the parent's key has it, and the parent is built already
    packages = {"torch": "2.14.0", "pyyaml": "7.0"} | numpy
    node = profile("one", packages=packages, flags=["avx512_bf16", "sse2"], cpus=16)
    gpu = replace(node, about=replace(node.about, build_device="cuda"))
    there = Resolver(workspace.zoo, workspace.store, built, Machine(gpu)).artifact(TRIPLE)
    assert there.inputs == workspace.resolver.artifact(TRIPLE).inputs | {
        "packages": {"torch": "2.14.0"},
        "imports": numpy | {"yaml": "7.0"},
        "machine": {"threads": 16, "isa": ["avx512_bf16"]},
        "device": "cuda",
    }
    assert (there.run["threads"], there.run["device"]) == (16, "cuda")
    assert place(there, [Node("1", gpu, 8000, 1)], DRIVER).gpus == 1
    with pytest.raises(StepFailed) as caught:
        place(there, [Node("2", profile("other", packages={"torch": "2.13.0"} | numpy), 8000, 0)], DRIVER)
    assert str(caught.value).endswith(
        "  other: torch 2.14.0 in the key, 2.13.0 there; yaml 7.0 in the key, not installed there; "
        "the step computes on a GPU, and none is there; its processor has no avx512_bf16; "
        "the step computes with 16 threads, 2 cores are there"
    )
