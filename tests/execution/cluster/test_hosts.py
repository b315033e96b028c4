"""Measurements placed by host, and builds for nodes that are not as the driver: on nodes of a Ray cluster."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.execution.cluster.test_cluster import environment, started, zoo
from tests.support import cluster, s3
from tests.support.table import edit
from tests.support.zoo import BRIEFLY, doit
from zoosmith.bench.host import this_host

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "PYTEST_XDIST_WORKER" in os.environ,
        reason="beside other workers the nodes have no processor to be on time with; run `make test-cluster`",
    ),
]
KERNELS = "zoo_kernels"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Nodes]:
    """One node as the driver, and one with a single core that has a package more."""
    root = tmp_path_factory.mktemp("nodes")
    with cluster.running(root, nodes=1) as running:
        temporary, packages = root / "tmp", root / "packages"
        temporary.mkdir()
        write_kernels(packages)
        path = os.pathsep.join([str(packages), BRIEFLY["PYTHONPATH"]])
        running.add_small("small", ZOOSMITH_HOST_CLASS="small", TMPDIR=str(temporary), PYTHONPATH=path)
        running.cluster.wait_for_nodes()
        yield running


@pytest.fixture(scope="module")
def bucket() -> Iterator[s3.S3]:
    with s3.serving() as serving:
        yield serving


def write_kernels(folder: Path) -> None:
    """A package as pip installs it."""
    about = folder / f"{KERNELS}-2.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {KERNELS}\nVersion: 2.0+one.core\n")
    (folder / f"{KERNELS}.py").write_text("FACTOR = 1.0\n")


def run(project: Path, nodes: cluster.Nodes, *words: str) -> subprocess.CompletedProcess[str]:
    return doit(project, *words, "--executor", nodes.address, **environment(project))


def hosts_of(project: Path, name: str) -> set[str]:
    """Hosts whose figures the registry's row of an artifact has."""
    book = json.loads((project / "registry.json").read_text())
    (row,) = book["artifacts"][name]["versions"].values()
    return {result["host"] for result in row["results"]}


@pytest.fixture(scope="module")
def measured(nodes: cluster.Nodes, bucket: s3.S3, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo with an artifact that is measured on both hosts."""
    project = zoo(tmp_path_factory.mktemp("zoo") / "here", bucket)
    lock = nodes.root / "tmp" / "zoosmith-measure.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)  # as a build on that host does
        there = started(project, nodes, "bench:toy-triple@small", PYTHONPATH=BRIEFLY["PYTHONPATH"])
        waits = "waiting for builds on its node to end, so as to measure alone (on small)"
        said = soon_said(there, waits)
        assert not list((project / "results").rglob("*.json"))
    stdout, stderr = there.communicate(timeout=300)
    assert there.returncode == 0, (said, stdout, stderr)
    here = run(project, nodes, "build:toy-triple")
    assert here.returncode == 0, here.stdout + here.stderr
    return project


def soon_said(process: subprocess.Popen[str], what: str) -> list[str]:
    """The lines that it has said until it says so."""
    lines: list[str] = []
    assert process.stderr
    for line in process.stderr:
        lines.append(line)
        if what in line:
            return lines
    raise AssertionError(f"it never said {what!r}: {''.join(lines)}")


def test_a_measurement_is_of_the_node_and_both_hosts_stand_in_one_card(measured: Path) -> None:
    small, mine = hosts_of(measured, "toy-triple") - {this_host().id}, this_host().id
    (there,) = small
    assert hosts_of(measured, "toy-triple") == {there, mine}
    told = json.loads((measured / "results" / "toy" / "triple" / f"{there}.json").read_text())["suites"]["full"]
    assert (told["host"]["id"], told["host"]["cores"], told["suite"]) == (there, 1, "full")
    card = (measured / "model_cards" / "toy-triple.md").read_text()
    first, _, others = card.partition("## On other hosts")
    assert there in first and re.search(rf"\| `{mine}` \| quick \|", others)


def test_the_record_says_which_node_measured(measured: Path) -> None:
    inputs, provenance = record_of(measured, "toy/measured/triple-full")
    assert (provenance["notes"]["node"], provenance["host"]["cores"]) == ("small", 1)
    assert inputs["host"] == provenance["host"]["id"] != this_host().id
    reference, _ = record_of(measured, "toy/measured/plain-full")
    assert reference["host"] == inputs["host"], "both sides of a comparison are of one host"


def test_nothing_is_measured_again_here_or_by_another_driver(
    measured: Path, nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path
) -> None:
    again = run(measured, nodes, "bench:toy-triple@small")
    assert (again.stdout, again.stderr) == ("bench:toy-triple@small is up to date\n", "")
    other = zoo(tmp_path / "other", bucket)
    downloaded = run(other, nodes, "bench:toy-triple@small")
    assert downloaded.returncode == 0 and "measure toy" not in downloaded.stderr, downloaded.stderr
    there = hosts_of(measured, "toy-triple") - {this_host().id}
    assert hosts_of(other, "toy-triple") == there
    pattern = run(other, nodes, "bench:toy-*ple@small")
    assert pattern.returncode == 0, pattern.stdout + pattern.stderr
    assert pattern.stderr.count("measure toy-") == pattern.stderr.count("measure toy-sextuple on") > 0
    assert hosts_of(other, "toy-sextuple") == there


def test_host_classes_are_listed_and_a_misspelt_one_gets_the_nearest(
    nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path
) -> None:
    project = zoo(tmp_path / "here", bucket)
    listed = run(project, nodes, "list", "--hosts")
    assert listed.returncode == 0, listed.stderr
    head, *rows = [line.split() for line in listed.stdout.splitlines()]
    assert head[:4] == ["HOST", "CLASS", "HOST", "NODES"]
    assert {row[0]: row[2:4] for row in rows} == {
        "small": ["small", "1"],
        this_host().id: ["node0", str(this_host().cores)],
    }
    misspelt = run(project, nodes, "bench:toy-triple@smal")
    assert misspelt.returncode == 1 and misspelt.stdout == ""
    assert "no node of the cluster is of host class 'smal'; did you mean 'small'?" in misspelt.stderr
    assert not (project / "artifacts" / ".store" / "actions").exists()


def test_a_driver_has_built_what_it_could_not_build_itself(nodes: cluster.Nodes, bucket: s3.S3, tmp_path: Path) -> None:
    project = zoo(tmp_path / "here", bucket)
    needs_kernels(project / "builders" / "scaled.py")
    refused = run(project, nodes, "artifact:toy-triple")
    assert refused.returncode != 0 and "the package zoo_kernels is not installed" in refused.stdout + refused.stderr

    built = run(project, nodes, "artifact:toy-triple", "--profile", "small")
    assert built.returncode == 0, built.stdout + built.stderr
    inputs, provenance = record_of(project, "toy/triple")
    assert inputs["packages"][KERNELS] == inputs["imports"][KERNELS] == "2.0"
    assert (inputs["machine"]["threads"], provenance["notes"]["node"]) == (1, "small")
    assert provenance["host"]["cores"] == 1
    asked_without_the_nodes(project)
    checked = run(project, nodes, "check", "toy-triple")
    assert checked.returncode == 0 and "toy-triple: the rebuild gives the same bytes" in checked.stdout, checked.stderr

    with (project / "zoosmith.toml").open("a") as settings:
        settings.write(f'[executor]\naddress = "{nodes.address}"\nprofile = "small"\n')
    again = doit(project, "artifact:toy-triple", **environment(project))
    assert (again.stdout, again.stderr) == ("artifact:toy-triple is up to date\n", "")
    planned = doit(project, "plan", "toy-triple", **environment(project))
    assert "reuse    artifact toy/triple" in planned.stdout, planned.stdout + planned.stderr
    misspelt = doit(project, "plan", "toy-triple", "--profile", "smal", **environment(project))
    assert misspelt.returncode == 1 and "is of host class 'smal'; did you mean 'small'?" in misspelt.stderr


def asked_without_the_nodes(project: Path) -> None:
    """This machine lacks the package, and says all the same what is there."""
    delivered = doit(project, "check", "--delivered", "toy-triple", **environment(project))
    assert delivered.stdout == "toy-triple: every file is as it was built\n", delivered.stderr
    why = doit(project, "why", "toy-triple", **environment(project))
    assert (
        "zoo_kernels is not installed" in why.stderr and "it was last built for nodes of host class small" in why.stderr
    )
    alone = doit(project, "check", "toy-triple", **environment(project))
    assert (
        alone.returncode == 1 and "built by nodes of host class small, and this machine is none of them" in alone.stderr
    )
    command = [sys.executable, "-m", "zoosmith.app.cli.main", "ls", "toy", "--json"]
    listed = subprocess.run(
        command, cwd=project, capture_output=True, text=True,
        env=os.environ | BRIEFLY | environment(project), check=True,
    )  # fmt: skip
    marks = {one["name"]: one["mark"] for one in map(json.loads, listed.stdout.splitlines())}
    assert (marks["toy-triple"], marks["toy-double"]) == ("built", "-")


def needs_kernels(builder: Path) -> None:
    """What is built depends on a package that one node alone has, and on the processor."""
    edit(builder, 'FORMAT = "table"', f'REPRODUCES = "logits"\nREQUIRES = ("{KERNELS}",)\nFORMAT = "table"')
    edit(builder, "def build(job):", f"def build(job):\n    import {KERNELS}\n")
    edit(builder, "value * job.params.factor", f"value * job.params.factor * {KERNELS}.FACTOR")


def record_of(project: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and provenance of the finished action with this name."""
    told = [json.loads(path.read_text()) for path in (project / "artifacts" / ".store" / "actions").glob("*")]
    (one,) = [record for record in told if record["provenance"]["name"].partition(".")[0] == name]
    return one["inputs"], one["provenance"]
