"""A zoo built on three nodes of a Ray cluster, each with a store of its own, through a bucket that they share."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.support import cluster, s3
from tests.support.table import edit, write_table
from tests.support.zoo import ROOT, doit, write_project
from zoosmith.predictor import manifest_digest
from zoosmith.store.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "PYTEST_XDIST_WORKER" in os.environ,
        reason="beside other workers three nodes have no processor to be on time with; run `make test-cluster`",
    ),
]
PAUSE_S = 1.0
NAME = "build:toy-triple"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Nodes]:
    with cluster.running(tmp_path_factory.mktemp("nodes")) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_work_is_left(nodes: cluster.Nodes) -> None:
    """What a step that was lost or interrupted leaves is not the next test's."""
    for work in nodes.root.glob("node*/.store/work/*"):
        shutil.rmtree(work)


@pytest.fixture
def bucket() -> Iterator[s3.S3]:
    with s3.serving() as serving:
        yield serving


def zoo(project: Path, bucket: s3.S3 | None, **params: object) -> Path:
    return cached(write_table(project, **params), bucket)


def cached(project: Path, bucket: s3.S3 | None) -> Path:
    (project / "artifacts").mkdir()
    if bucket:
        lines = (
            "[[cache]]",
            'url = "s3://zoo/cache"',
            f'endpoint = "{bucket.url}"',
            'trust = "any"',
            "write = true",
            "",
        )
        (project / "zoosmith.toml").write_text("\n".join(lines))
    return project


def environment(project: Path) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": s3.SECRET}
    return keys | {"TMPDIR": str(project / "artifacts")}  # its own lock for measurements


def build(project: Path, nodes: cluster.Nodes, name: str = NAME) -> subprocess.CompletedProcess[str]:
    return doit(project, name, "--executor", nodes.address, **environment(project))


def started(project: Path, nodes: cluster.Nodes, name: str, **variables: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "doit", name, "--executor", nodes.address]
    return subprocess.Popen(
        command, cwd=project, env=os.environ | environment(project) | variables, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may start us in the background
    )  # fmt: skip


def trees(project: Path) -> dict[str, str]:
    found = {path.parent.name: json.loads(path.read_text()) for path in (project / "results").rglob("build.json")}
    return {name: build["tree_digest"] for name, build in found.items()}


def soon(what: Callable[[], object], limit_s: float = 60) -> object:
    until = time.monotonic() + limit_s
    while not (found := what()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)
    return found


def shards(nodes: cluster.Nodes, count: int) -> Path | None:
    """The scratch of a step on a node that has written so many shards."""
    found = [path.parent for path in nodes.root.glob(f"node*/.store/work/*/scratch/shard-{count - 1}.dat")]
    return found[0] if found else None


def test_the_same_trees_as_on_one_machine_and_nothing_to_do_anywhere_after(
    nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path
) -> None:
    here, alone = zoo(tmp_path / "here", bucket), zoo(tmp_path / "alone", None)
    built = build(here, nodes)
    assert built.returncode == 0, built.stderr
    local = doit(alone, NAME, **environment(alone))
    assert local.returncode == 0, local.stderr
    assert trees(here) == trees(alone) and trees(here)
    node = re.compile(r"node\d")
    told = [json.loads(path.read_text())["provenance"] for path in (here / "results").rglob("build.json")]
    assert all(node.fullmatch(one["notes"]["node"]) for one in told)

    assert (build(here, nodes).stderr, build(here, nodes).returncode) == ("", 0)
    assert not list(nodes.root.glob("node*/.store/work/*")), "a node keeps nothing of a step that is finished"
    third = zoo(tmp_path / "third", bucket)
    downloaded = build(third, nodes)
    assert downloaded.returncode == 0, downloaded.stderr
    assert "build " not in downloaded.stderr and trees(third) == trees(here)


def small_names(project: Path, bucket: s3.S3 | None) -> Path:
    """Family `minilm-names` over its real encoder, with few pairs to learn from."""
    recipe = yaml.safe_load((ROOT / "recipes" / "minilm-names.yaml").read_text(encoding="utf-8"))
    recipe["data"]["names"]["params"] = {"train": 192, "dev": 48, "eval": 48}
    recipe["evals"] = {"names": {key: recipe["evals"]["names"][key] for key in ("kind", "data", "split")}}
    kept = ("fp32", "torch-int8", "onnx-fp32", "onnx-int8")
    recipe["artifacts"] = {name: recipe["artifacts"][name] | {"gates": {}} for name in kept}
    cached(write_project(project), bucket)
    (project / "recipes" / "minilm-names.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return project


@pytest.fixture
def _one_core() -> Iterator[None]:
    """What is started meanwhile computes with one thread, as the nodes do: sums depend on how many there are."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("_one_core")
def test_a_real_encoder_is_trained_and_converted_to_the_same_trees(
    nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path
) -> None:
    here, alone, third = (
        small_names(tmp_path / "here", bucket),
        small_names(tmp_path / "alone", None),
        small_names(tmp_path / "third", bucket),
    )
    names = [f"minilm-names-{name}" for name in ("torch-int8", "onnx-int8")]
    wanted = [f"artifact:{name}" for name in names]
    built = doit(here, "-n", "3", *wanted, "--executor", nodes.address, **environment(here))
    assert built.returncode == 0, built.stdout + built.stderr
    local = doit(alone, *wanted, **environment(alone))
    assert local.returncode == 0, local.stderr
    assert digests(here, names) == digests(alone, names)
    again = doit(here, *wanted, "--executor", nodes.address, **environment(here))
    assert (again.stderr, again.returncode) == ("", 0)
    downloaded = doit(third, *wanted, **environment(third))
    assert downloaded.returncode == 0, downloaded.stderr
    assert "build " not in downloaded.stderr and digests(third, names) == digests(here, names)


def digests(project: Path, names: list[str]) -> list[str | None]:
    """Of what was delivered."""
    return [manifest_digest(project / "artifacts" / name) for name in names]


def test_the_driver_takes_the_files_of_what_was_asked_for_alone(
    nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path
) -> None:
    here = zoo(tmp_path / "here", bucket, shard_bytes=1003)
    built = build(here, nodes, "artifact:toy-triple")
    assert built.returncode == 0, built.stderr
    assert re.search(r"download toy-triple: \S+ .?B from s3://zoo/cache", built.stderr), built.stderr
    store = Store(here / "artifacts" / ".store")
    parent = store.named("toy/plain")
    assert parent
    lacking = [entry.path for entry in store.tree(parent.tree) or () if not store.file(entry.sha256).exists()]
    assert lacking == ["table.json"], "what its child has too came with that"


def test_a_lost_node_costs_what_was_not_saved_and_is_told(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    here = zoo(tmp_path / "here", bucket, shards=8, pause_s=PAUSE_S)
    running = started(here, nodes, "artifact:toy-plain")
    scratch = soon(lambda: shards(nodes, 2))
    assert isinstance(scratch, Path)
    lost = scratch.relative_to(nodes.root).parts[0]
    nodes.lose(lost)
    _, stderr = running.communicate(timeout=120)
    nodes.add(f"node{time.monotonic_ns()}")
    assert running.returncode == 0, stderr
    assert re.search(rf"build toy-plain: {lost}: .*; begun again \(2 of 3 tries\)", stderr), stderr
    assert "build toy-plain: done" in stderr


def test_ctrl_c_ends_the_work_on_the_node(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    here = zoo(tmp_path / "here", bucket, shards=60, pause_s=PAUSE_S, shard_bytes=1001)
    running = started(here, nodes, "artifact:toy-plain")
    scratch = soon(lambda: shards(nodes, 1))
    assert isinstance(scratch, Path)
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode not in (0, None) and time.monotonic() - begun < 5
    count = len(list(scratch.glob("shard-*.dat")))
    time.sleep(max(0.0, 5 - (time.monotonic() - begun)))
    after = len(list(scratch.glob("shard-*.dat")))
    time.sleep(2 * PAUSE_S)
    assert len(list(scratch.glob("shard-*.dat"))) == after <= count + 6
    shutil.rmtree(scratch)


def test_two_drivers_build_a_step_once(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    one, other = (
        zoo(tmp_path / name, bucket, shards=4, pause_s=PAUSE_S, shard_bytes=1002) for name in ("one", "other")
    )
    first = started(one, nodes, "artifact:toy-plain")
    soon(lambda: shards(nodes, 1))
    second = started(other, nodes, "artifact:toy-plain")
    told = [running.communicate(timeout=120)[1] for running in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    assert "build toy-plain: done" in told[0]
    assert "the same step runs already" in told[1] and "build toy-plain: done" not in told[1]
    assert "download toy/plain" in told[1]


def test_what_no_node_can_take_and_what_fails_there(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    here = zoo(tmp_path / "here", bucket)
    builder = here / "builders" / "table.py"
    edit(builder, "return (1, 64)", "return (1, 9_000_000)")
    begun = time.monotonic()
    refused = build(here, nodes, "artifact:toy-plain")
    assert refused.returncode != 0 and time.monotonic() - begun < 60
    assert "no node of the cluster can take it" in refused.stdout + refused.stderr
    assert re.search(r"node\w+: the step takes 9000000 MiB of memory, \d+ are there", refused.stdout + refused.stderr)

    edit(builder, "return (1, 9_000_000)", "return (1, 64)")
    edit(builder, '    """Counts, and', '    raise ValueError("no shards today")\n    """Counts, and')
    failed = build(here, nodes, "artifact:toy-plain")
    told = failed.stdout + failed.stderr
    assert failed.returncode != 0 and "ValueError: no shards today" in told
    log = re.search(r"on node\w+; log: (\S+\.log)", told)
    assert log and "no shards today" in Path(log[1]).read_text()


def test_without_a_cache_and_without_a_cluster(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    alone = build(zoo(tmp_path / "alone", None), nodes)
    assert alone.returncode != 0 and "this zoo names none that is read and written" in alone.stdout + alone.stderr
    nowhere = doit(
        zoo(tmp_path / "here", bucket), NAME, "--executor", "ray:127.0.0.1:1", **environment(tmp_path / "here")
    )
    told = nowhere.stdout + nowhere.stderr
    assert nowhere.returncode != 0 and "the Ray cluster at ray:127.0.0.1:1 cannot be joined" in told
    assert "Traceback" not in told
