"""Which nodes can take a step, and what is missing where none can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoosmith.execution.action import Action
from zoosmith.execution.cluster.profile import Profile, unfit
from zoosmith.execution.executor import StepFailed


@dataclass(frozen=True)
class Node:
    """A node that is alive: its id, what it announced, and what Ray may hand out there (MiB, GPUs)."""

    id: str
    profile: Profile
    memory_mb: int
    gpus: int


@dataclass(frozen=True)
class Place:
    """Nodes that can take a step, and what Ray is asked for."""

    nodes: tuple[Node, ...]
    cpus: int
    memory_mb: int
    gpus: int


def place(action: Action, nodes: Sequence[Node], driver: Profile) -> Place:
    """Where an action can run. Raises StepFailed with what each node lacks: Ray itself would wait for ever.

    A step that asks for more cores than a node has takes all of that node, as on one machine; memory has to be there.
    """
    if not nodes:
        raise StepFailed(
            f"{action.title}: the cluster has no node that is alive; `ray status` says what became of them"
        )
    gpus = 0 if _device(action) == "cpu" else 1
    lacks = [(node, _lacks(action, gpus, node, driver)) for node in nodes]
    fit = tuple(node for node, missing in lacks if not missing)
    if not fit:
        told = "\n".join(f"  {node.profile.name}: {'; '.join(missing)}" for node, missing in lacks)
        raise StepFailed(f"{action.title}: no node of the cluster can take it\n{told}")
    cpus = min(action.resources.cpus, max(node.profile.cpus for node in fit))
    most = tuple(node for node in fit if node.profile.cpus >= cpus)
    if gpus and action.exclusive:
        gpus = min(node.gpus for node in most)
    return Place(most, cpus, action.resources.memory_mb, gpus)


def _device(action: Action) -> str:
    """Where it computes: a build's key has that only where it is not the CPU, so it is asked for what it is told."""
    return str(action.run.get("device") or action.inputs.get("device") or "cpu")


def refused(action: Action, driver: Profile, here: Profile) -> list[str]:
    """Why a machine as it is now cannot run an action as the driver would; [] if it can. One line a reason."""
    theirs = here.about.host.get("id", "")
    if action.host and theirs != action.host:
        return [f"its host is {theirs or 'unknown'}, figures of {action.host} are asked for"]
    return unfit(action, driver, here)


def _lacks(action: Action, gpus: int, node: Node, driver: Profile) -> list[str]:
    missing = refused(action, driver, node.profile)
    if action.resources.memory_mb > node.memory_mb:
        missing.append(f"the step takes {action.resources.memory_mb} MiB of memory, {node.memory_mb} are there")
    if gpus > node.gpus:
        missing.append("the step computes on a GPU, and none is there")
    missing += _machine(action, node.profile)
    return missing


def _machine(action: Action, profile: Profile) -> list[str]:
    """Where the key says for which machine the bytes are made."""
    machine = action.inputs.get("machine")
    if machine is None:
        return []
    absent = sorted(set(machine["isa"]) - set(profile.flags))
    found = [f"its processor has no {', '.join(absent)}"] if absent else []
    if machine["threads"] > profile.cpus:
        found.append(f"the step computes with {machine['threads']} threads, {profile.cpus} cores are there")
    return found
