"""A cluster whose nodes announce what they are told to; steps run in this process."""

from __future__ import annotations

from pathlib import Path

from tests.execution.cluster.profiles import profile
from tests.support.here import Here, open_here
from zoosmith.build.workspace import Workspace
from zoosmith.execution.cluster.profile import Profile
from zoosmith.store.store import Store

SMALL = profile("one", host_class="small", cpus=1, python="3.99")


class Nodes(Here):
    """Stands in for `zoosmith.execution.cluster.executor.ClusterExecutor`."""

    def __init__(self, store: Store, project: Path, *announced: Profile) -> None:
        """Of these nodes."""
        super().__init__(store, project)
        self.announced = list(announced)

    def profiles(self) -> list[Profile]:
        """As they announced themselves."""
        return self.announced


def open_joined(project: Path, *announced: Profile, profile: str = "small") -> Workspace:
    """The zoo in `project` with keys for nodes of a host class; "" for this machine."""
    workspace = open_here(project)
    workspace.where, workspace.profile = "ray:auto", profile
    workspace.executor = workspace.runner.executor = Nodes(workspace.store, project, *(announced or (SMALL,)))
    return workspace
