"""The files of docs/scale-out are what their programs read."""

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from zoosmith.execution.place import ADDRESS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def cluster() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCS / "scale-out" / "raycluster.yaml").read_text())
    return found


def test_the_cluster_of_kuberay_has_what_its_operator_asks_for(cluster: dict[str, Any]) -> None:
    assert (cluster["apiVersion"], cluster["kind"]) == ("ray.io/v1", "RayCluster")
    spec = cluster["spec"]
    assert spec["rayVersion"] == metadata.version("ray")
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    assert all(isinstance(value, str) for group in groups for value in group["rayStartParams"].values())
    for group in groups:
        for container in group["template"]["spec"]["containers"]:
            resources = container["resources"]
            assert resources["requests"] == resources["limits"], "Ray counts on what it is told"
            assert {"secretRef": {"name": "zoosmith-bucket"}} in container["envFrom"]
    for group in spec["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_a_worker_works_on_a_volume_of_its_own(cluster: dict[str, Any]) -> None:
    for group in cluster["spec"]["workerGroupSpecs"]:
        spec = group["template"]["spec"]
        container = spec["containers"][0]
        where = {one["name"]: one["value"] for one in container["env"]}["ZOOSMITH_NODE"]
        mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        assert mounted[where] in {one["name"] for one in spec["volumes"]}


def test_the_driver_has_a_volume_in_the_pod_of_the_head_where_the_page_says(cluster: dict[str, Any]) -> None:
    page = (DOCS / "scale-out.md").read_text()
    (where,) = set(re.findall(r"git clone \S+ (\S+)$", page, flags=re.M) + re.findall(r"env -C (\S+) doit", page))
    spec = cluster["spec"]["headGroupSpec"]["template"]["spec"]
    mounted = {one["mountPath"]: one["name"] for one in spec["containers"][0]["volumeMounts"]}
    assert mounted[where] in {one["name"] for one in spec["volumes"]}
    name = cluster["metadata"]["name"]
    assert f"ray.io/cluster={name},ray.io/node-type=head" in page, "labels that the operator gives"


def test_the_script_for_slurm_is_one() -> None:
    script = DOCS / "scale-out" / "slurm.sh"
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    text = script.read_text()
    comments = re.match(r"(?:#.*\n)+", text)
    assert comments and comments[0].count("#SBATCH --") == text.count("#SBATCH --"), "sbatch reads none after a command"


def test_the_script_starts_the_nodes_and_builds_on_them(tmp_path: Path) -> None:
    """With stand-ins for SLURM's and Ray's commands that print what they are told."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in {"scontrol": "printf 'n1\\nn2\\nn3\\n'", "sleep": ":", "srun": 'echo "$@"'}.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    environment = {
        "PATH": f"{tools}:/usr/bin:/bin", "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_JOB_ID": "7",
        "SLURM_JOB_NUM_NODES": "3", "SLURM_CPUS_PER_TASK": "16",
    }  # fmt: skip
    bash = shutil.which("bash")
    assert bash
    # The script leaves the nodes in the background: their output ends when the last of them has spoken.
    said = subprocess.run(
        [bash, str(DOCS / "scale-out" / "slurm.sh"), "build:a-b"],
        env=environment, check=True, text=True, stdout=subprocess.PIPE,
    ).stdout  # fmt: skip
    lines = said.splitlines()
    assert any("--nodelist=n1 ray start --head --port=6379 --num-cpus=16 --block" in line for line in lines)
    assert any("--nodes=2 --ntasks=2 --exclude=n1 ray start --address=n1:6379" in line for line in lines)
    built = next(line for line in lines if "doit run" in line)
    assert built.endswith("doit run --continue -n 16 --executor ray:n1:6379 build:a-b")


def test_addresses_of_the_page_are_addresses() -> None:
    text = (DOCS / "scale-out.md").read_text()
    found = re.findall(r"--executor (\S+)", text) + re.findall(r'^address = "(.+)"', text, flags=re.M)
    assert len(found) >= 3
    assert all(ADDRESS.fullmatch(one) for one in found)
