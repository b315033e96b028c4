"""Builds on a cluster as a simulation of discrete events: deterministic, and without a clock, a process or a file.

A step goes the way that `zoosmith.execution.cluster.executor` sends it: doit gives it out, the driver sends what the
cache lacks of what it reads, a node that `place` admits fetches what it has not had before, builds, sends what is new,
and is free again; the driver receives what was made, and only then are its children given out. Each node has a link of
its own, and so has the driver, whose transfers stand in a queue; the cache itself takes whatever comes.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

from benchmarks._scale_policies import LOOKED_AT, Order, Policy, Room
from benchmarks._scale_steps import Blob, Step, Tree
from zoosmith.execution.cluster.placement import Node, Place, place
from zoosmith.execution.cluster.profile import Profile


@dataclass(frozen=True)
class Cluster:
    """Nodes, and links of so many MB/s each way.

    in_flight: steps that are out at once, `-n`. driver_s: what the driver computes for each.
    """

    nodes: tuple[Node, ...]
    driver: Profile
    link_mb_s: float
    in_flight: int
    driver_s: float = 0.0

    def seconds(self, size: int) -> float:
        """For so many bytes over one link."""
        return size / (self.link_mb_s * 1e6)


@dataclass
class Traffic:
    """Bytes between each side and the cache, and requests that are made of it."""

    driver_up: int = 0
    driver_down: int = 0
    nodes_up: int = 0
    nodes_down: int = 0
    requests: int = 0


@dataclass
class Ran:
    """What came of it: when each step ended, where it ran, how often each blob was fetched by nodes.

    held: bytes on each node at the end. under_way_s: seconds that steps were out, all together.
    """

    makespan_s: float
    ended: dict[str, float]
    where: dict[str, int]
    traffic: Traffic
    held: list[int]
    under_way_s: float = 0.0
    fetched: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, eq=False)
class _Class:
    """Steps that the same nodes can take, and what they take of one."""

    place: Place
    nodes: frozenset[int]
    waiting: deque[tuple[int, Step]] = field(default_factory=deque)


class Simulation:
    """One run."""

    def __init__(self, steps: Sequence[Step], cluster: Cluster, policy: Policy) -> None:
        """Of these steps, of which each stands after its parents."""
        self.cluster, self.policy, self.order = cluster, policy, Order(steps)
        self.cpus = [node.profile.cpus for node in cluster.nodes]
        self.memory = [node.memory_mb for node in cluster.nodes]
        self.free_cpus, self.free_memory = list(self.cpus), list(self.memory)
        self.held: list[dict[str, float]] = [{} for _ in cluster.nodes]  # when each blob is there
        self.holders: dict[str, list[int]] = defaultdict(list)
        self.cache: dict[str, float] = {}
        self.driver: set[str] = set()
        self.busy = {"processor": 0.0, "up": 0.0, "down": 0.0}  # until when, of the driver
        self.ran = Ran(0.0, {}, {}, Traffic(), [0] * len(cluster.nodes))
        self.classes: dict[str, _Class] = {}  # by the name of an action, which copies of a step share
        self.queues: dict[tuple[Any, ...], _Class] = {}
        self.events: list[tuple[float, int, Any, tuple[Any, ...]]] = []
        self.number = count()
        self.under_way = 0

    def run(self) -> Ran:
        """To the end of the last step."""
        self._give_out(0.0)
        while self.events:
            now, _, event, told = heapq.heappop(self.events)
            event(now, *told)
            self.ran.makespan_s = now
        return self.ran

    def _at(self, time: float, event: Any, *told: Any) -> None:
        heapq.heappush(self.events, (time, next(self.number), event, told))

    def _driver(self, what: str, now: float, seconds: float) -> float:
        """When the driver is through with something that stands in a queue there."""
        self.busy[what] = max(now, self.busy[what]) + seconds
        return self.busy[what]

    def _give_out(self, now: float) -> None:
        while self.under_way < self.cluster.in_flight and (step := self.order.next()):
            self.under_way += 1
            self.ran.under_way_s -= now
            self._at(self._sent(now, step), self._arrived, step)

    def _sent(self, now: float, step: Step) -> float:
        """When the cache has all that a step reads; what no node made comes from the driver."""
        now = self._driver("processor", now, self.cluster.driver_s)
        missing = [blob for blob in _blobs(step.reads) if blob.name not in self.cache]
        size = sum(blob.size for blob in missing)
        if missing:
            there = self._driver("up", now, self.cluster.seconds(size))
            self.cache |= dict.fromkeys((blob.name for blob in missing), there)
            self.driver |= {blob.name for blob in missing}
        self.ran.traffic.driver_up += size
        self.ran.traffic.requests += sum(map(len, step.reads))  # each is asked for, or sent
        return max([now, *(self.cache[blob.name] for blob in _blobs(step.reads))])

    def _arrived(self, now: float, step: Step) -> None:
        """At Ray, which looks for a node."""
        kind = self._class(step)
        room = [Room(node, self._used(node)) for node in kind.nodes if self._fits(kind, node)]
        if room and not kind.waiting:
            self._start(now, step, kind, self.policy.node(step, room, self._near(step)))
        else:
            kind.waiting.append((next(self.number), step))

    def _class(self, step: Step) -> _Class:
        """What `place` says, asked once for an action: the nodes do not change."""
        name = step.action.name
        if name not in self.classes:
            found = place(step.action, self.cluster.nodes, self.cluster.driver)
            chosen = {node.id for node in found.nodes}
            numbers = frozenset(number for number, node in enumerate(self.cluster.nodes) if node.id in chosen)
            alike = (found.cpus, found.memory_mb, numbers)
            self.classes[name] = self.queues.setdefault(alike, _Class(found, numbers))
        return self.classes[name]

    def _used(self, node: int) -> float:
        cpus, memory = self.free_cpus[node] / self.cpus[node], self.free_memory[node] / self.memory[node]
        return 1 - min(cpus, memory)

    def _fits(self, kind: _Class, node: int) -> bool:
        return self.free_cpus[node] >= kind.place.cpus and self.free_memory[node] >= kind.place.memory_mb

    def _near(self, step: Step) -> Counter[int]:
        near = Counter[int]()
        for blob in _blobs(step.reads):
            for node in self.holders[blob.name]:
                near[node] += blob.size
        return near

    def _start(self, now: float, step: Step, kind: _Class, node: int) -> None:
        self.free_cpus[node] -= kind.place.cpus
        self.free_memory[node] -= kind.place.memory_mb
        self.ran.where[step.name] = node
        missing = [blob for blob in _blobs(step.reads) if blob.name not in self.held[node]]
        size = sum(blob.size for blob in missing)
        self._keep(node, missing, now + self.cluster.seconds(size))
        self.ran.traffic.nodes_down += size
        self.ran.traffic.requests += len(missing)
        self.ran.fetched.update(blob.name for blob in missing)
        ready = max([now, *(self.held[node][blob.name] for blob in _blobs(step.reads))])
        self._at(ready + step.seconds, self._built, step, kind, node)

    def _built(self, now: float, step: Step, kind: _Class, node: int) -> None:
        fresh = [blob for blob in _blobs([step.writes]) if blob.name not in self.cache]
        size = sum(blob.size for blob in fresh)
        there = now + self.cluster.seconds(size)
        self.cache |= dict.fromkeys((blob.name for blob in fresh), there)
        self._keep(node, [blob for blob in _blobs([step.writes]) if blob.name not in self.held[node]], now)
        self.ran.traffic.nodes_up += size
        self.ran.traffic.requests += len(step.writes)
        self._at(there, self._free, step, kind, node)

    def _keep(self, node: int, blobs: Iterable[Blob], when: float) -> None:
        for blob in blobs:
            self.held[node][blob.name] = when
            self.holders[blob.name].append(node)
            self.ran.held[node] += blob.size

    def _free(self, now: float, step: Step, kind: _Class, node: int) -> None:
        """A node has room again, and takes what waits for it; the driver begins to receive what was made."""
        self.free_cpus[node] += kind.place.cpus
        self.free_memory[node] += kind.place.memory_mb
        fresh = [blob for blob in _blobs([step.writes]) if blob.name not in self.driver]
        size = sum(blob.size for blob in fresh)
        self.driver |= {blob.name for blob in fresh}
        self.ran.traffic.driver_down += size
        self.ran.traffic.requests += len(fresh)
        self._at(self._driver("down", now, self.cluster.seconds(size)), self._received, step)
        while ready := [q for q in self.queues.values() if q.waiting and node in q.nodes and self._fits(q, node)]:
            first = min(ready, key=lambda queue: queue.waiting[0][0])
            self._start(now, self._taken(first, node), first, node)

    def _taken(self, kind: _Class, node: int) -> Step:
        """The step that the policy takes from a queue."""
        near = (self._here(step, node) for _, step in islice(kind.waiting, LOOKED_AT))
        chosen = self.policy.step(near)
        step = kind.waiting[chosen][1]
        del kind.waiting[chosen]
        return step

    def _here(self, step: Step, node: int) -> int:
        return sum(blob.size for blob in _blobs(step.reads) if blob.name in self.held[node])

    def _received(self, now: float, step: Step) -> None:
        self.ran.ended[step.name] = now
        self.ran.under_way_s += now
        self.under_way -= 1
        self.order.done(step)
        self._give_out(now)


def critical_path_s(steps: Sequence[Step]) -> float:
    """The longest chain of steps, each of which stands after its parents."""
    ends: dict[str, float] = {}
    for step in steps:
        ends[step.name] = step.seconds + max((ends[parent] for parent in step.parents), default=0.0)
    return max(ends.values(), default=0.0)


def work_s(steps: Sequence[Step], cluster: Cluster) -> float:
    """Seconds that all cores of the cluster take for the steps alone, were they never idle."""
    taken = {step.action.name: step.action for step in steps}
    cpus = {name: place(action, cluster.nodes, cluster.driver).cpus for name, action in taken.items()}
    return sum(step.seconds * cpus[step.action.name] for step in steps) / sum(n.profile.cpus for n in cluster.nodes)


def ideal_s(steps: Sequence[Step], cluster: Cluster) -> float:
    """No order and no placement ends sooner."""
    return max(critical_path_s(steps), work_s(steps, cluster))


def _blobs(trees: Iterable[Tree]) -> dict[Blob, None]:
    """Each once."""
    return dict.fromkeys(blob for tree in trees for blob in tree)
