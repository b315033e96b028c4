"""Who decides on a cluster: doit when a step is sent, Ray which of the nodes that can take it does.

Which nodes can is `zoosmith.execution.cluster.placement.place`, the executor's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from doit.control import TaskDispatcher
from doit.task import Task

from benchmarks._scale_steps import Step

SPREAD_THRESHOLD = 0.5
TOP_K_FRACTION = 0.2
LOOKED_AT = 64  # steps that wait, of which the one nearest to a free node is taken


class _InOrder(dict[Any, None]):
    """A set that is walked in the order in which it was filled."""

    def add(self, one: Any) -> None:
        self[one] = None


class _Dispatcher(TaskDispatcher):
    """doit's, which takes those that one step makes ready in any order: here in that of the recipes."""

    def _gen_node(self, parent: Any, task_name: str) -> Any:
        node = super()._gen_node(parent, task_name)
        if node:
            node.waiting_me = _InOrder()
        return node


class Order:
    """Steps in the order of doit's own dispatcher."""

    def __init__(self, steps: Sequence[Step]) -> None:
        """Of all these; parents are among them."""
        self.steps = {step.name: step for step in steps}
        tasks = {step.name: Task(step.name, None, task_dep=list(step.parents)) for step in steps}
        self._dispatcher = _Dispatcher(tasks, {}, list(tasks)).generator
        self._nodes: dict[str, Any] = {}
        self._ready: list[str] = []
        self._ended = not tasks
        self._ask(None)

    def next(self) -> Step | None:
        """A step whose parents are done; None where there is none now."""
        if not self._ready:
            self._ask(None)
        return self.steps[self._ready.pop(0)] if self._ready else None

    def done(self, step: Step) -> None:
        """A step that was given has ended well."""
        node = self._nodes.pop(step.name)
        node.run_status = "successful"
        self._ask(node)

    def _ask(self, done: Any) -> None:
        if self._ended:
            return
        try:
            node = self._dispatcher.send(done)
        except StopIteration:
            self._ended = True
            return
        if node != "hold on":
            self._nodes[node.task.name] = node
            self._ready.append(node.task.name)


class Room(NamedTuple):
    """A node that can take a step now: its number, and the share of what it has most in use."""

    node: int
    used: float


class Policy(Protocol):
    """Chooses where a step runs, and which of those that wait a free node takes."""

    def node(self, step: Step, room: Sequence[Room], held: Mapping[int, int]) -> int:
        """One of `room`; `held` has, by node, bytes that the step reads and that are there."""
        ...

    def step(self, waiting: Iterable[int]) -> int:
        """Which of the first steps that wait, by the bytes of what they read that the free node has."""
        ...


class Ray:
    """Ray's strategy "DEFAULT" for arguments that are no objects of Ray, as digests are not.

    Nodes of which less than half is in use count alike; one of the best 20 % of the cluster is drawn. Source: Ray,
    "Scheduling strategies", with hybrid_scheduling_policy.cc.
    """

    def __init__(self, nodes: int, seed: int = 1) -> None:
        """Of a cluster of so many nodes."""
        self.best = max(1, int(nodes * TOP_K_FRACTION))
        self.random = Random(seed)

    def node(self, step: Step, room: Sequence[Room], held: Mapping[int, int]) -> int:
        ranked = sorted(room, key=lambda one: (one.used if one.used >= SPREAD_THRESHOLD else 0.0, one.node))
        return self.random.choice(ranked[: self.best]).node

    def step(self, waiting: Iterable[int]) -> int:
        return 0


class Near(Ray):
    """Where most of what a step reads is already; where that is nowhere, as Ray does."""

    def node(self, step: Step, room: Sequence[Room], held: Mapping[int, int]) -> int:
        most = max(held.get(one.node, 0) for one in room)
        return super().node(step, [one for one in room if held.get(one.node, 0) == most], held)

    def step(self, waiting: Iterable[int]) -> int:
        near = list(waiting)
        return near.index(max(near))
