"""A Ray cluster, joined or started, and what its nodes announce."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.placement import Node
from zoosmith.execution.cluster.profile import About, Profile

ANSWER_S = 5.0
PROBE_S = 60


def join(address: str) -> None:
    """Connect this process to the cluster at `address`, as zoosmith.execution.place has them.

    Raises ZooError in Ray's words, which name both sides where versions of Ray or Python differ.
    """
    ray = _ray()
    if ray.is_initialized():
        return
    _require_answer(address)
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


def _require_answer(address: str) -> None:
    """Raise ZooError where nothing listens at the address: Ray would ask again for minutes."""
    host, _, port = address.removeprefix("ray:").removeprefix("//").rpartition(":")
    if not host:  # one of this machine, which Ray finds or starts
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except OSError as error:
        raise ZooError(
            f"the Ray cluster at {address} cannot be joined: nothing answers there ({error.strerror or error}); "
            "`ray status` on its head says whether it runs"
        ) from None


def nodes(about: Callable[[], About]) -> list[Node]:
    """Nodes that are alive and what each announces; one that does not answer within a minute is left out.

    about: what each tells of its host; it goes by its name, so a node calls its own.
    """
    ray = _ray()
    alive = {one["NodeID"]: one for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU", 0) >= 1}
    asked = {id: _asked(one, about) for id, one in alive.items()}
    done, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=PROBE_S) if asked else ([], [])
    told = {id: _told(ref) for id, ref in asked.items() if ref in done}
    return [_node(alive[id], announced) for id, announced in told.items() if announced]


def _told(asked: Any) -> dict[str, Any] | None:
    """What a node announced; None where it has gone meanwhile, which Ray knows a little later."""
    ray = _ray()
    try:
        announced: dict[str, Any] = ray.get(asked)
    except ray.exceptions.RayError:
        return None
    return announced


def _asked(one: dict[str, Any], about: Callable[[], About]) -> Any:
    ray = _ray()
    probe = ray.remote(num_cpus=0, max_retries=0)(_announce)
    on_it = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(one["NodeID"], soft=False)
    return probe.options(scheduling_strategy=on_it).remote(one["NodeName"], int(one["Resources"]["CPU"]), about)


def _announce(name: str, cpus: int, about: Callable[[], About]) -> dict[str, Any]:
    """Runs on the node."""
    from zoosmith.execution.cluster.profile import of_this_machine

    return of_this_machine(name, cpus, about()).as_json()


def _node(one: dict[str, Any], announced: dict[str, Any]) -> Node:
    has = one["Resources"]
    return Node(one["NodeID"], Profile.of_json(announced), int(has.get("memory", 0)) // 2**20, int(has.get("GPU", 0)))


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
        import ray.util.scheduling_strategies
    except ImportError:
        raise ZooError("Ray is not installed; run: pip install 'zoosmith[ray]'") from None
    return ray


def _reason(error: BaseException) -> str:
    """Ray's own words, in one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 400 else text[:397] + "..."
