"""A Ray cluster of three nodes on this machine, each with a store of its own, and a bucket that they share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import s3

NODES = 3


@dataclass
class Nodes:
    """A cluster that runs: its address as `--executor` takes it, and what keeps it."""

    address: str
    cluster: Any
    root: Path
    joined: dict[str, Any]

    def add(self, name: str, **variables: str) -> Any:
        """One more node, of one core, with more in its environment."""
        own = {"ZOOSMITH_NODE": str(self.root / name), "RAY_memory_usage_threshold": "1.0"}
        node = self.cluster.add_node(
            num_cpus=1, node_name=name, env_vars=own | variables, object_store_memory=80 * 2**20
        )
        self.joined[name] = node
        return node

    def add_small(self, name: str, **variables: str) -> Any:
        """One more node that may use one processor of this machine: another host, which has a single core."""
        before = os.sched_getaffinity(0)
        assert len(before) > 1, "a host of its own takes a machine of two cores"
        os.sched_setaffinity(0, {min(before)})
        try:
            return self.add(name, **variables)
        finally:
            os.sched_setaffinity(0, before)

    def lose(self, name: str) -> None:
        """End a node at once, as a power cut does."""
        self.cluster.remove_node(self.joined.pop(name), allow_graceful=False)


def apart(folder: Path) -> None:
    """Nodes that are added from now on do not wait for measurements of others on this host; `running` undoes it."""
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)


@contextmanager
def running(root: Path, nodes: int = NODES) -> Iterator[Nodes]:
    """A cluster whose nodes work below `root`."""
    from ray.cluster_utils import Cluster

    short = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # its sockets lie there, and their paths have 107 bytes at most
    before = dict(os.environ)
    os.environ |= {"AWS_ACCESS_KEY_ID": s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": s3.SECRET, "RAY_TMPDIR": short}
    head = {"num_cpus": 0, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        found = Nodes(f"ray:{cluster.address}", cluster, root, {})
        for one in range(nodes):
            found.add(f"node{one}")
        cluster.wait_for_nodes()
        yield found
    finally:
        cluster.shutdown()
        shutil.rmtree(short, ignore_errors=True)
        os.environ.clear()
        os.environ.update(before)
