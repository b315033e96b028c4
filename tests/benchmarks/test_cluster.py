"""benchmarks/cluster.py at a small size: the same steps both ways, the same bytes both ways, and its verdict."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import cluster
from tests.support import s3
from tests.support.s3 import bucket
from zoosmith.remote.config import CacheConfig

__all__ = ["bucket"]  # a fixture


def test_all_take_turns_and_each_round_begins_with_another() -> None:
    said: list[str] = []
    ways = {name: lambda name=name: said.append(name) or len(said) for name in "ab"}
    assert cluster.in_turns(ways, 3) == {"a": [1, 4, 5], "b": [2, 3, 6]}
    assert said == ["a", "b", "b", "a", "a", "b"]


def test_a_file_goes_to_a_bucket_and_back_both_ways_and_nothing_is_left(bucket: s3.S3, tmp_path: Path) -> None:
    config = CacheConfig("file", "s3://zoo/cache", write=True, trust="any", endpoint=bucket.url)
    found = cluster.transfer(tmp_path, 20, 2, config)
    assert (found["size_mb"], found["scheme"]) == (20, "s3")
    assert all(len(times) == 2 and min(times) > 0 for side in found["seconds"].values() for times in side.values())
    assert found["ratio"]["send"] > 0 and found["ratio"]["fetch"] > 0
    assert not bucket.objects and not bucket.uploads
    sent = [asked for asked in bucket.asked if asked.startswith("PUT cache/cas/")]
    assert len(sent) >= 2 * 2, "each round sends anew"


def test_a_file_goes_to_a_folder_and_back(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    found = cluster.transfer(
        tmp_path, 2, 1, CacheConfig("file", f"file://{tmp_path / 'cache'}", write=True, trust="any")
    )
    assert found["ratio"].keys() == {"send", "fetch"}
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_steps_with_local_workers_start_from_nothing_each_time(tmp_path: Path) -> None:
    project = cluster.write_zoo(tmp_path / "zoo", 2)
    first, again = (cluster.built(project, 2, "-n", "2") for _ in range(2))
    assert first.wall > cluster.STEP_S and again.wall > cluster.STEP_S and again.processor > 0.1
    recipe = project / "recipes" / "family0.yaml"
    recipe.write_text(recipe.read_text().replace("scale: 1.0", "scale: wrong", 1))
    with pytest.raises(RuntimeError, match="0 of 2 steps are there"):
        cluster.built(project, 2, "-n", "2")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="a cluster beside other workers; run it alone")
def test_steps_through_ray_beside_local_ones(tmp_path: Path) -> None:
    found = cluster.throughput(tmp_path, 3, 1)
    assert found["seconds"].keys() == found["driver_processor_s"].keys() == {"local", "ray"}
    assert found["steps_a_second"]["ray"] > 0 and found["ratio"] > 0
    assert len(list((tmp_path / "nodes").glob("node*/.store/trees/*.json"))) > 0, "nodes have worked"


def test_a_ratio_below_its_goal_is_told() -> None:
    good = {"throughput": {"ratio": 0.81}, "transfer": {"ratio": {"send": 0.7, "fetch": 1.2}}}
    assert cluster.missed(good) == []
    slow = {"throughput": {"ratio": 0.79}, "transfer": {"ratio": {"send": 0.69, "fetch": 1.2}}}
    assert cluster.missed(slow) == ["throughput: 0.79, the goal is 0.8", "send: 0.69, the goal is 0.7"]
