"""The machine that an artifact was last built for: this one, or nodes of a host class, whose facts are in its key.

Whoever asks whether a result is still what its recipe says goes by that machine, unless it is there for the one that is
asked for. What nodes of a class announced last is kept in the store, so that asking takes no cluster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.common.canonical import canonical, digest
from zoosmith.common.names import IDENTIFIER
from zoosmith.contract.errors import ZooError
from zoosmith.execution.place import LOCAL
from zoosmith.recipes.graph import Ref
from zoosmith.store import heal
from zoosmith.store.store import Store

if TYPE_CHECKING:
    from zoosmith.build.machine import Machine
    from zoosmith.build.workspace import Workspace

FOLDER = "machines"


def remember(store: Store, machine: Machine) -> None:
    """Keep what the node that stands for a host class has announced."""
    if not IDENTIFIER.fullmatch(machine.host_class) or recall(store, machine.host_class) == machine:
        return
    told = machine.profile.as_json()
    heal.place(_file(store, machine.host_class), canonical({"profile": told, "digest": digest(told)}), store.root)


def recall(store: Store, host_class: str) -> Machine | None:
    """What the nodes of a host class announced last; None where none was ever asked, or that is damaged."""
    from zoosmith.build.machine import Machine
    from zoosmith.execution.cluster.profile import Profile

    if not IDENTIFIER.fullmatch(host_class):
        return None
    try:
        told = json.loads(heal.read_regular(_file(store, host_class)) or b"")
        if digest(told["profile"]) == told["digest"]:
            return Machine(Profile.of_json(told["profile"]), host_class)
    except (ValueError, KeyError, TypeError):
        pass
    return None


def recalled(store: Store) -> list[str]:
    """The host classes of which something is kept."""
    return sorted(path.stem for path in (store.root / FOLDER).glob("*.json") if recall(store, path.stem))


def facts(workspace: Workspace, host_class: str) -> Machine:
    """What keys say of nodes of a host class: of a cluster that is joined, or what they announced last.

    Raises ZooError where nobody knows.
    """
    if workspace.where != LOCAL and (machine := workspace.machine(host_class)):
        return machine
    if known := recall(workspace.store, host_class):
        return known
    raise ZooError(
        f"what nodes of host class {host_class!r} have is not known on this machine; "
        f"`doit plan NAME --executor ray:auto --profile {host_class}` asks them"
    )


def as_built(workspace: Workspace, *refs: Ref) -> Workspace:
    """The zoo with keys of the machine that the first of these artifacts that was ever built was last built for.

    It is `workspace` itself where that artifact is there for the machine that is asked for, and where none was built.
    Raises ZooError where it is not known what that machine has.
    """
    for ref in refs:
        last = workspace.store.made_for(str(ref))
        if last is not None:
            return workspace if last == workspace.profile or _is_there(workspace, ref) else workspace.made_for(last)
    return workspace


def otherwise(workspace: Workspace, ref: Ref) -> str | None:
    """In words, that an artifact was last built for another machine than keys are made for; None where it was not."""
    last = workspace.store.made_for(str(ref))
    if last in (None, workspace.profile) or _is_there(workspace, ref):
        return None
    if last:
        mine = called(workspace.profile)
        return (
            f"it was last built for {called(last)}, and keys here are those of {mine}; `--profile {last}` asks for it"
        )
    return f"it was last built for {called('')}, and keys here are those of {called(workspace.profile)}"


@contextmanager
def with_otherwise(workspace: Workspace, ref: Ref) -> Iterator[None]:
    """An error on the way says too that the artifact was last built for another machine, where it was."""
    try:
        yield
    except ZooError as error:
        if last := otherwise(workspace, ref):
            raise ZooError(f"{error}; {last}") from None
        raise


def called(host_class: str) -> str:
    """A machine that keys are made for, in words."""
    return f"nodes of host class {host_class}" if host_class else "this machine"


def _is_there(workspace: Workspace, ref: Ref) -> bool:
    with suppress(ZooError):  # such as a package of its builder that this machine has not
        return workspace.resolver.finished("artifact", ref) is not None
    return False


def _file(store: Store, host_class: str) -> Path:
    return store.root / FOLDER / f"{host_class}.json"
