"""A Ray cluster, joined or started."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
from typing import Any

from zoosmith.contract.errors import ZooError

ANSWER_S = 5.0


def join(address: str) -> None:
    """Connect this process to the cluster at `address`, as zoosmith.execution.place has them.

    Raises ZooError in Ray's words, which name both sides where versions of Ray or Python differ.
    """
    ray = _ray()
    if ray.is_initialized():
        return
    _require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    where: dict[str, Any] = {} if address == "ray" else {"address": address.removeprefix("ray:")}
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
    host, _, port = address.removeprefix("ray:").rpartition(":")
    if not host:  # one of this machine, which Ray finds or starts
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except OSError as error:
        raise ZooError(
            f"the Ray cluster at {address} cannot be joined: nothing answers there ({error.strerror or error}); "
            "`ray status` on its head says whether it runs"
        ) from None


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise ZooError("Ray is not installed; run: pip install 'zoosmith[ray]'") from None
    return ray


def _reason(error: BaseException) -> str:
    """Ray's own words, in one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= 400 else text[:397] + "..."
