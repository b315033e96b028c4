"""benchmarks/cluster_faults.py blames what it is there to find, and a few faults on a real cluster end well."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import cluster_faults as faults
from benchmarks import kills
from benchmarks._cluster_nodes import Nodes, can_mount
from tests.support import s3
from tests.support.zoo import ROOT

alone = pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="a cluster beside other workers; run it alone")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def name_of(data: bytes) -> str:
    return f"cache/cas/{sha256(data)[:2]}/{sha256(data)}"


@pytest.fixture
def bench(tmp_path: Path) -> faults.Bench:
    """A bucket with one result, a node with one file; nothing runs."""
    weights = b"weights"
    listing = json.dumps([["model.safetensors", len(weights), sha256(weights)], ["empty", 0, sha256(b"")]]).encode()
    result = json.dumps({"tree": sha256(listing)}).encode()
    bucket = s3.S3(objects={name_of(weights): weights, name_of(listing): listing, "cache/ac/aa/aa.json": result})
    file = tmp_path / "node0" / ".store" / "files" / sha256(weights)[:2] / sha256(weights)[2:]
    file.parent.mkdir(parents=True)
    file.write_bytes(weights)
    running: Any = SimpleNamespace(root=tmp_path, joined={"node0": None})
    zoo = kills.Zoo(tmp_path / "zoo", (), random.Random(1))
    zoo.project.mkdir()
    zoo.log.write_text("")
    return faults.Bench(zoo, Nodes(running, disks=False), bucket)


def blamed(bench: faults.Bench, sent: dict[str, bytes] | None = None) -> str:
    faults.whole(bench, sent or {})
    return "\n".join(bench.zoo.faults)


def test_a_bucket_and_nodes_that_are_whole_are_not_blamed(bench: faults.Bench) -> None:
    assert blamed(bench, dict(bench.bucket.objects)) == ""


def test_what_was_there_and_is_gone_or_changed_is_blamed(bench: faults.Bench) -> None:
    before = dict(bench.bucket.objects) | {"cache/checkpoints/aa/aa.json": b"{}"}
    del bench.bucket.objects["cache/ac/aa/aa.json"]
    assert blamed(bench, before) == "cache/ac/aa/aa.json was in the bucket and is now gone"


@pytest.mark.parametrize(("tree", "is_blamed"), [("the same", False), ("another", True)])
def test_a_result_that_was_sent_anew_must_name_the_same_tree(bench: faults.Bench, tree: str, is_blamed: bool) -> None:
    name = "cache/ac/aa/aa.json"
    before = dict(bench.bucket.objects)
    told = json.loads(before[name])["tree"]
    bench.bucket.objects[name] = json.dumps({"tree": told, "provenance": "anew"}).encode()
    before[name] = json.dumps({"tree": told if tree == "the same" else "0" * 64}).encode()
    assert (blamed(bench, before) == f"{name} was in the bucket and is now changed") is is_blamed


def test_a_result_without_one_of_its_files_is_blamed(bench: faults.Bench) -> None:
    del bench.bucket.objects[name_of(b"weights")]
    assert "the bucket has cache/ac/aa/aa.json and not " + sha256(b"weights")[:12] in blamed(bench)


def test_wrong_bytes_in_the_bucket_and_on_a_node_are_blamed(bench: faults.Bench) -> None:
    bench.bucket.objects[name_of(b"weights")] = b"weighTs"
    next((bench.nodes.folder("node0") / ".store" / "files").glob("*/*")).write_bytes(b"other")
    told = blamed(bench)
    assert f"the bucket has other bytes under {name_of(b'weights')}" in told and "holds other bytes" in told


def test_a_disk_of_its_own_can_be_filled_and_has_room_again(tmp_path: Path) -> None:
    """The full disk is the real one of a node where mounting is allowed; elsewhere the kind of fault is not drawn."""
    running: Any = SimpleNamespace(root=tmp_path, joined={}, add=lambda name: None)
    nodes = Nodes(running, can_mount(tmp_path / "tried"))
    assert ("disk full" in faults.Bench(None, nodes, None).kinds()) == nodes.disks  # type: ignore[arg-type]
    if not nodes.disks:
        return
    nodes.add()
    try:
        with nodes.full("node0"), pytest.raises(OSError, match="No space left"):
            (nodes.folder("node0") / "more").write_bytes(b"more")
        (nodes.folder("node0") / "more").write_bytes(b"more")
    finally:
        nodes.unmount()


def test_the_page_says_what_the_recorded_run_found() -> None:
    found = json.loads((ROOT / "benchmarks" / "results" / "cluster_faults.json").read_text())
    page = (ROOT / "docs" / "scale-out.md").read_text()
    assert (found["faults"], found["violations"], found["disks"]) == (100, [], True)
    assert f"{found['counts']['ended well all the same']} of the 100 builds ended well without being run again" in page
    assert {count for kind, count in found["counts"].items() if "killed" in kind} == {11, 12}
    assert {count for kind, count in found["counts"].items() if kind.startswith(("bucket", "disk"))} == {11}


@alone
def test_a_fault_on_a_cluster_ends_well(tmp_path: Path) -> None:
    said: list[str] = []
    found = faults.broken(tmp_path, 1, 1, said.append)
    assert found["violations"] == [] and found["faults"] == 1
    assert found["counts"]["worker killed"] == 1 and said[-1] == "1 of 1: worker killed"
