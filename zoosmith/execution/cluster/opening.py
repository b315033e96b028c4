"""An executor on the cluster at an address, put together."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

from zoosmith.execution.cluster import connect
from zoosmith.execution.cluster.bookmarks import Bookmarks
from zoosmith.execution.cluster.exchange import meeting_place, without_key
from zoosmith.execution.cluster.executor import ClusterExecutor, Handed
from zoosmith.execution.cluster.profile import About, of_this_machine
from zoosmith.execution.cluster.roster import Roster
from zoosmith.execution.executor import LocalExecutor
from zoosmith.remote.config import CacheConfig
from zoosmith.store.store import Store


def open_executor(
    address: str,
    store: Store,
    project: Path,
    local: LocalExecutor,
    caches: list[CacheConfig],
    about: Callable[[], About],
) -> ClusterExecutor:
    """Join the cluster; nothing is asked of its nodes before a step is to be placed.

    caches: those of the zoo; trees are exchanged through the first that is read and written. about: what a machine
    tells of its host. Raises ZooError.
    """
    place = meeting_place(caches)
    bookmarks = Bookmarks(place)
    connect.join(address)
    driver = of_this_machine(platform.node(), len(os.sched_getaffinity(0)), about())
    handed = Handed(without_key(place), local.variables, about, driver)
    return ClusterExecutor(store, project, local, local.workers, Roster(about), bookmarks, handed)
