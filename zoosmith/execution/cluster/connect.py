"""A Ray cluster, joined or started, and what its nodes announce."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.placement import Node
from zoosmith.execution.cluster.profile import Profile

PROBE_S = 60


def join(address: str) -> None:
    """Connect this process to the cluster at `address`, as zoosmith.execution.place has them.

    Raises ZooError in Ray's words, which name both sides where versions of Ray or Python differ.
    """
    ray = _ray()
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    where: dict[str, Any] = {} if address == "ray" else {"address": address if "//" in address else address[4:]}
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            ray.init(**where, logging_level=logging.ERROR, log_to_driver=False, namespace="zoosmith")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ZooError(f"the Ray cluster at {address} cannot be joined: {_reason(error)}") from None


def nodes() -> list[Node]:
    """Nodes that are alive and what each announces; one that does not answer within a minute is left out."""
    ray = _ray()
    alive = {one["NodeID"]: one for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU", 0) >= 1}
    asked = {id: _asked(one) for id, one in alive.items()}
    done, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=PROBE_S) if asked else ([], [])
    return [_node(alive[id], ray.get(ref)) for id, ref in asked.items() if ref in done]


def _asked(one: dict[str, Any]) -> Any:
    ray = _ray()
    probe = ray.remote(num_cpus=0, max_retries=0)(_announce)
    on_it = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(one["NodeID"], soft=False)
    return probe.options(scheduling_strategy=on_it).remote(one["NodeName"], int(one["Resources"]["CPU"]))


def _announce(name: str, cpus: int) -> dict[str, Any]:
    """Runs on the node."""
    from zoosmith.execution.cluster.profile import of_this_machine

    return of_this_machine(name, cpus).as_json()


def _node(one: dict[str, Any], announced: dict[str, Any]) -> Node:
    has = one["Resources"]
    return Node(one["NodeID"], Profile(**announced), int(has.get("memory", 0)) // 2**20, int(has.get("GPU", 0)))


def _ray() -> Any:
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError:
        raise ZooError("Ray is not installed; run: pip install 'zoosmith[ray]'") from None
    return ray


def _reason(error: BaseException) -> str:
    """Ray's own words, in one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 400 else text[:397] + "..."
