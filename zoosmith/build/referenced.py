"""What a zoo refers to in a cache: what its recipes are made by now, and every version in its registry."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from zoosmith.build import elsewhere
from zoosmith.build.built_for import recalled
from zoosmith.build.recorded import build_in, recorded
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.store.gc import keys_in_use

if TYPE_CHECKING:
    from zoosmith.remote.sweep import Kept


def kept(workspace: Workspace) -> Kept:
    """Keys and blobs that stay in a cache; it is asked what the recipes' steps were made into.

    These are the steps as this machine has them, as the host class in zoosmith.toml has them, and as each that
    was ever asked from here. Raises ZooError where it is not known what such nodes have.
    """
    from zoosmith.remote.sweep import Kept

    keys = keys_in_use(workspace.store, workspace.names())
    blobs: set[str] = set()
    artifacts = list(workspace.zoo.artifacts())
    for host_class in dict.fromkeys(["", workspace.profile, *recalled(workspace.store)]):
        theirs = workspace.made_for(host_class)
        with elsewhere.as_if_fetched(theirs, artifacts):
            for action_of in elsewhere.actions(theirs, artifacts):
                with suppress(ZooError):
                    keys.add(action_of().key)
    for entry in workspace.records.book().artifacts.values():
        for row in entry.versions.values():
            keys.add(row.action_key)
            blobs |= {row.tree_digest, *row.needs.values(), *row.parents.values(), *(file.sha256 for file in row.files)}
    for folder in recorded(workspace.project).values():
        if build := build_in(folder):
            keys.add(build.action_key)
            blobs |= {build.tree_digest, *build.needs.values(), *build.ancestors.values()}
    return Kept(keys, blobs)
