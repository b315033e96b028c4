"""The nodes of a cluster and what each announced, asked once of each.

A node that starts anew has another id, so what it said holds while its id is on Ray's list. It looks at itself again
before each step (executor.py), so what has changed meanwhile costs a refusal, and no step runs where it should not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from zoosmith.execution.cluster.placement import Node
from zoosmith.execution.cluster.profile import About, Profile

ANSWER_S = 60.0
LIST_S = 1.0  # Ray's list of nodes is read at most so often, however many steps are placed
AGAIN_S = 30.0  # where no node can take a step, all are asked again, at most so often


class Roster:
    """Who is there. Safe for threads."""

    def __init__(self, about: Callable[[], About], clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is asked yet. about: what each tells of its host; it goes by its name, so a node calls its own."""
        self.about = about
        self.clock = clock
        self._alive: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, Any] = {}  # those that have not answered yet
        self._known: dict[str, Node] = {}
        self._listed = self._began = self._until = float("-inf")
        self._lock = threading.Lock()

    def nodes(self) -> list[Node]:
        """Nodes that are alive and have announced themselves; waits for answers only where there is none yet."""
        with self._lock:
            is_first = not self._known
            self._list()
            if is_first:
                self._hear(self._until - self.clock())
            return self._present()

    def settled(self) -> list[Node]:
        """The same once all that are alive have answered, or had a minute; what is old is asked for again."""
        with self._lock:
            if self.clock() - self._began >= AGAIN_S:
                self._known.clear()
                self._asked.clear()
            self._listed = float("-inf")
            self._list()
            self._hear(self._until - self.clock())
            return self._present()

    def has_any(self, ids: Collection[str]) -> bool:
        """Whether one of these nodes is alive."""
        with self._lock:
            self._list()
            return not self._alive.keys().isdisjoint(ids)

    def forget(self, id: str) -> None:
        """Ask a node again before anything is placed on it."""
        with self._lock:
            self._known.pop(id, None)
            self._listed = float("-inf")

    def _list(self) -> None:
        """Take Ray's list over, and ask those on it that were not asked yet."""
        if self.clock() - self._listed >= LIST_S:
            import ray

            self._alive = {one["NodeID"]: one for one in ray.nodes() if _works(one)}
            self._listed = self.clock()
            if not self._known and not self._asked:
                self._began = self._listed
            self._asked = {id: ref for id, ref in self._asked.items() if id in self._alive}
            for id in self._alive.keys() - self._known.keys() - self._asked.keys():
                self._asked[id] = _ask(self._alive[id], self.about)
                self._until = self._listed + ANSWER_S
        self._hear(0)

    def _hear(self, seconds: float) -> None:
        """Take over what was answered, and wait so long for the rest."""
        if not self._asked:
            return
        import ray

        done, _ = ray.wait(list(self._asked.values()), num_returns=len(self._asked), timeout=max(0.0, seconds))
        for id in [id for id, ref in self._asked.items() if ref in done]:
            if announced := _told(self._asked.pop(id)):
                self._known[id] = _node(self._alive[id], announced)

    def _present(self) -> list[Node]:
        return [self._known[id] for id in self._alive if id in self._known]


def _works(one: dict[str, Any]) -> bool:
    return bool(one["Alive"]) and one["Resources"].get("CPU", 0) >= 1


def _ask(one: dict[str, Any], about: Callable[[], About]) -> Any:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    probe = ray.remote(num_cpus=0, max_retries=0)(_announce)
    on_it = NodeAffinitySchedulingStrategy(one["NodeID"], soft=False)
    return probe.options(scheduling_strategy=on_it).remote(one["NodeName"], int(one["Resources"]["CPU"]), about)


def _announce(name: str, cpus: int, about: Callable[[], About]) -> dict[str, Any]:
    """Runs on the node."""
    from zoosmith.execution.cluster.profile import of_this_machine

    return of_this_machine(name, cpus, about()).as_json()


def _told(asked: Any) -> dict[str, Any] | None:
    """What a node announced; None where it has gone meanwhile, which Ray knows a little later."""
    import ray

    try:
        announced: dict[str, Any] = ray.get(asked)
    except ray.exceptions.RayError:
        return None
    return announced


def _node(one: dict[str, Any], announced: dict[str, Any]) -> Node:
    has = one["Resources"]
    return Node(one["NodeID"], Profile.of_json(announced), int(has.get("memory", 0)) // 2**20, int(has.get("GPU", 0)))
