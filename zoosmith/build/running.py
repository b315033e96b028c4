"""What runs the steps of an opened zoo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoosmith.execution.display import Display
from zoosmith.execution.executor import Executor, LocalExecutor
from zoosmith.execution.place import LOCAL
from zoosmith.execution.resources import of_this_machine
from zoosmith.execution.runner import Runner
from zoosmith.sources import xet

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace


def runner(workspace: Workspace) -> Runner:
    """Runs actions in worker processes, with the zoo's caches around them."""
    display, caches = Display(), workspace.caches
    if caches:
        caches.warn = display.say
    return Runner(
        workspace.store,
        workspace.project,
        of_this_machine(),
        display,
        workspace.executor,
        lambda action: xet.remark(action.run),
        caches,
    )


def executor(workspace: Workspace) -> Executor:
    """Worker processes of this machine, or nodes of the named cluster. Raises ZooError."""
    local = LocalExecutor(workspace.store, workspace.project, workspace.workers, xet.switch)
    if workspace.where == LOCAL:
        return local
    from zoosmith.build.machine import about
    from zoosmith.execution.cluster.opening import open_executor
    from zoosmith.remote.config import configured

    caches = configured(workspace.project)
    return open_executor(workspace.where, workspace.store, workspace.project, local, caches, about)
