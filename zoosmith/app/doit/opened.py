"""What a command line is about: known before there is a workspace, and read by all that comes after."""

from __future__ import annotations

import gc
import os
from typing import Any

from zoosmith.common.safe import printable
from zoosmith.contract.errors import ZooError
from zoosmith.execution.failure import failure
from zoosmith.execution.interrupt import Workers

gc.set_threshold(100_000, 50, 100)  # what is imported stays: looking through it for cycles took 3 % of a build
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look through every package for some
WORKERS = Workers()  # of this process, known before there is a workspace: Ctrl-C may come while one is opened
OPENED: dict[str, Any] = {"scratch": False, "names": [], "args": [], "crossval": {}, "placed": []}
"""What the command line says, and the workspace once there is one."""


def told_of(error: BaseException) -> str:
    """The words of an error of ours, or of the system; doit prints them as they are, so nothing steers a terminal."""
    return printable(str(error) if isinstance(error, ZooError) else failure(error))
