"""Steps sent to the nodes of a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoosmith.execution.action import Action
from zoosmith.execution.cluster import node as on_node
from zoosmith.execution.cluster import own_code, stream
from zoosmith.execution.cluster.bookmarks import Bookmarks
from zoosmith.execution.cluster.claims import Claims
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.order import Order
from zoosmith.execution.cluster.pace import pace_s
from zoosmith.execution.cluster.placement import Node, Place, place, refused
from zoosmith.execution.cluster.profile import About, Profile, of_this_machine
from zoosmith.execution.cluster.roster import Roster
from zoosmith.execution.cluster.sent import packed, unpacked
from zoosmith.execution.cluster.trees import read_by
from zoosmith.execution.executor import Executor, Outcome, Progress, StepFailed, Variables
from zoosmith.execution.interrupt import Workers
from zoosmith.remote.config import CacheConfig
from zoosmith.store import suspects
from zoosmith.store.files import write_atomic
from zoosmith.store.store import Store

TRIES = 3
SENT_OUT = "zoosmith.build.build:run"


class Lost(Exception):
    """A step whose node, worker or process went away; another try may end well."""


@dataclass(frozen=True)
class Handed:
    """What every step is sent with. No credentials: a node has its own.

    cache: where trees are exchanged. variables: what to add to the environment of a worker. about: what a machine tells
    of its host. Functions go by their names, so a node calls its own. driver: what a node compares itself with.
    """

    cache: CacheConfig
    variables: Variables
    about: Callable[[], About]
    driver: Profile


class ClusterExecutor(Executor):
    """Sends builds to the nodes, and measurements of their hosts; whatever else there is to do is done here."""

    def __init__(
        self,
        store: Store,
        project: Path,
        local: Executor,
        workers: Workers,
        roster: Roster,
        bookmarks: Bookmarks,
        handed: Handed,
    ) -> None:
        """Run steps for the zoo in `project`, whose trees are in `store`; `local` runs what stays here."""
        self.store = store
        self.project = project
        self.local = local
        self.workers = workers
        self.roster = roster
        self.bookmarks = bookmarks
        self.driver = handed.driver
        self.handed = handed
        self.exchange = Exchange(handed.cache)
        self.claims = Claims(f"{self.driver.name}, process {os.getpid()}")

    def here(self, action: Action) -> bool:
        """Whether it runs on this machine."""
        return action.entry != SENT_OUT and not action.host

    def profiles(self) -> list[Profile]:
        """What the nodes that are alive announce."""
        return [node.profile for node in self.roster.nodes()]

    def leaves(self, action: Action) -> str:
        """The cache in which what a node makes stays; "" for measurements, which are read at once."""
        store, place = self.store, self.exchange.place
        is_read = store.elsewhere is not None and store.elsewhere.serves(place)
        return "" if self.here(action) or action.exclusive or not is_read else place

    @contextmanager
    def claimed(self, action: Action, waiting: Callable[[str], None]) -> Iterator[None]:
        """Nobody else of this cluster runs the action meanwhile; `waiting` is told who does before."""
        if self.here(action):
            with self.local.claimed(action, waiting):
                yield
            return
        with self.claims.held(action.key, waiting):
            yield

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action on a node that can take it; a lost node or worker is told, and the step begun again elsewhere.

        Raises StepFailed, or KeyboardInterrupt if the workers were interrupted.
        """
        if self.here(action):
            return self.local.run(action, lock, progress)
        progress({"done": None, "total": None, "text": "sending what it reads"})
        return self._tried(action, progress)

    def _tried(self, action: Action, progress: Progress) -> Outcome:
        reasons: list[str] = []
        while len(reasons) < TRIES:
            found = self._placed(action)
            order = self._order(action)
            try:
                outcome = self._received(action, self._once(action, order, found, progress), progress)
                self.bookmarks.drop(action.key)
                return outcome
            except Lost as lost:
                reasons.append(str(lost))
                if len(reasons) < TRIES:
                    progress({"say": f"{lost}; begun again ({len(reasons) + 1} of {TRIES} tries)"})
        told = "\n".join(f"  {reason}" for reason in reasons)
        raise StepFailed(f"{action.title}: lost {TRIES} times, so it is not tried again\n{told}")

    def _order(self, action: Action) -> Order:
        """What this try starts from, in the cache by now."""
        tools = [name for name, pin in (action.inputs.get("tools") or {}).items() if isinstance(pin, str)]
        code = own_code.sent(self.project, tools, self.store, self.exchange)
        trees = tuple(read_by(action, self.store))
        for tree in trees:
            self.exchange.send(tree, self.store)
        left = None if action.exclusive else self.bookmarks.last(action.key)  # a measurement begins anew
        return Order(trees, code, left, suspects.noted(self.store))

    def _placed(self, action: Action) -> Place:
        """Where it can run. Raises StepFailed, once no node says otherwise than it did before."""
        try:
            return place(action, self.roster.nodes(), self.driver)
        except StepFailed:
            return place(action, self.roster.settled(), self.driver)

    def _received(self, action: Action, result: dict[str, Any], progress: Progress) -> Outcome:
        progress({"done": None, "total": None, "text": "receiving what it made"})
        take = self.exchange.leave if self.leaves(action) else self.exchange.receive
        tree = result["tree"]
        take(tree, self.store)
        suspects.clear(self.store, suspects.blobs_of(self.store, tree))  # the node has replaced them
        return Outcome(tree, result["notes"], result["peak_mb"], result["seconds"], result["host"])

    def _once(self, action: Action, order: Order, found: Place, progress: Progress) -> dict[str, Any]:
        """What the node says last. Raises Lost, StepFailed, KeyboardInterrupt."""
        for node, message in self._messages(action, order, found):
            name = node.profile.name
            if "progress" in message:
                progress(_named(message["progress"], name))
            elif "checkpoint" in message:
                self.bookmarks.keep(action.key, message["checkpoint"])
            elif "result" in message:
                notes = message["result"]["notes"] | {"node": name}
                return dict(message["result"]) | {"notes": notes, "host": node.profile.about.host}
            elif "refused" in message:  # it has changed since it announced itself
                self.roster.forget(node.id)
                raise Lost(f"{name}: {message['refused']}")
            elif "error" in message:
                raise self._fault(action, message, name)
        raise Lost("a node ended the step without a word")

    def _messages(self, action: Action, order: Order, found: Place) -> Iterator[tuple[Node, dict[str, Any]]]:
        """What the node tells, and which one it is. Raises Lost, KeyboardInterrupt."""
        import ray

        task = _task(found).remote(packed(_fitted(action, found)), order, self.handed, pace_s(len(found.nodes)))
        name, nodes = "a node", {one.id: one for one in found.nodes}
        with closing(stream.said(task, self.workers, lambda: self.roster.has_any(nodes))) as messages:
            try:
                for message in messages:
                    node = nodes[message.pop("node")]
                    name = node.profile.name
                    yield node, message
            except stream.Stranded:
                raise Lost("the nodes that could take it left the cluster before it began") from None
            except ray.exceptions.RayError as error:
                raise Lost(f"{name}: {_why(error)}") from None

    def _fault(self, action: Action, message: dict[str, Any], name: str) -> Exception:
        suspects.note(self.store, message["suspects"])
        log = self.store.folder("logs") / f"{action.key}.log"
        write_atomic(log, str(message["log"]).encode())
        text = str(message["error"]).partition("\n  log:")[0]
        if message["killed"] or message["suspects"]:  # these are sent again
            return Lost(f"{name}: {text.removeprefix(action.title + ': ')}")
        return StepFailed(f"{text}\n  on {name}; log: {log}")


def _task(found: Place) -> Any:
    """The remote function, where it may be placed."""
    import ray

    task = ray.remote(num_returns="streaming", max_retries=0)(_run)
    return task.options(
        num_cpus=found.cpus, num_gpus=found.gpus, memory=found.memory_mb * 2**20,
        label_selector={"ray.io/node-id": f"in({','.join(node.id for node in found.nodes)})"},
    )  # fmt: skip


def _run(sent: dict[str, Any], order: Order, handed: Handed, every_s: float) -> Iterator[dict[str, Any]]:
    """Runs on the node."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    action = unpacked(sent)
    if reasons := refused(action, handed.driver, of_this_machine("", 0, handed.about())):
        yield {"refused": "; ".join(reasons), "node": node}
        return
    step = on_node.NodeStep(action, order, Exchange(handed.cache))
    for message in step.messages(handed.variables, every_s):
        yield message | {"node": node}


def _fitted(action: Action, found: Place) -> Action:
    """With the threads that it can have there, unless these are part of its key."""
    if "threads" not in action.run or "machine" in action.inputs:
        return action
    return replace(action, run=action.run | {"threads": max(1, found.cpus)})


def _named(message: dict[str, Any], name: str) -> dict[str, Any]:
    """A report with the node that it comes from."""
    if "say" in message:
        return message | {"say": f"{message['say']} (on {name})"}
    return message | {"text": f"[{name}] {message['text']}"} if "text" in message else message


def _why(error: Exception) -> str:
    """What became of a worker, in few words."""
    kinds = {
        "NodeDiedError": "the node left the cluster",
        "WorkerCrashedError": "its worker was killed",
        "OutOfMemoryError": "the node was out of memory, and Ray ended the step",
        "OutOfDiskError": "the disk of the node is full",
        "LocalRayletDiedError": "the node's Ray process ended",
    }
    return kinds.get(type(error).__name__, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
