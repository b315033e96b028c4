"""Steps sent to the nodes of a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoosmith.execution.action import Action
from zoosmith.execution.cluster import leases, own_code, stream
from zoosmith.execution.cluster import node as on_node
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.own_code import Archive
from zoosmith.execution.cluster.placement import Node, Place, place
from zoosmith.execution.cluster.profile import About, Profile
from zoosmith.execution.cluster.sent import packed, unpacked
from zoosmith.execution.cluster.trees import read_by
from zoosmith.execution.executor import Executor, Outcome, Progress, StepFailed, Variables
from zoosmith.execution.interrupt import Workers
from zoosmith.remote.config import CacheConfig
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
    of its host. Functions go by their names, so a node calls its own.
    """

    cache: CacheConfig
    variables: Variables
    about: Callable[[], About]


@dataclass(frozen=True)
class Order:
    """Trees that a step reads, and the zoo's own code, None where it has none."""

    trees: tuple[str, ...]
    code: Archive | None


class ClusterExecutor(Executor):
    """Sends builds to the nodes, and measurements of their hosts; whatever else there is to do is done here."""

    def __init__(
        self,
        store: Store,
        project: Path,
        local: Executor,
        workers: Workers,
        nodes: Callable[[], Sequence[Node]],
        driver: Profile,
        handed: Handed,
    ) -> None:
        """Run steps for the zoo in `project`, whose trees are in `store`.

        local: runs what stays here. nodes: those that are alive when a step is to be placed.
        """
        self.store = store
        self.project = project
        self.local = local
        self.workers = workers
        self.nodes = nodes
        self.driver = driver
        self.handed = handed
        self.exchange = Exchange(handed.cache)
        self.owner = f"{driver.name}, process {os.getpid()}"

    def here(self, action: Action) -> bool:
        """Whether it runs on this machine."""
        return action.entry != SENT_OUT and not action.host

    def profiles(self) -> list[Profile]:
        """What the nodes that are alive announce."""
        return [node.profile for node in self.nodes()]

    @contextmanager
    def claimed(self, action: Action, waiting: Callable[[str], None]) -> Iterator[None]:
        """Nobody else of this cluster runs the action meanwhile; `waiting` is told who does before."""
        if self.here(action):
            with self.local.claimed(action, waiting):
                yield
            return
        registry = _leases()
        take, give_back = registry.take.remote, registry.give_back.remote
        with leases.held(
            lambda: _answer(take(action.key, self.owner)), lambda: give_back(action.key, self.owner), waiting
        ):
            yield

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action on a node that can take it; a lost node or worker is told, and the step begun again elsewhere.

        Raises StepFailed, or KeyboardInterrupt if the workers were interrupted.
        """
        if self.here(action):
            return self.local.run(action, lock, progress)
        progress({"done": None, "total": None, "text": "sending what it reads"})
        tools = [name for name, pin in (action.inputs.get("tools") or {}).items() if isinstance(pin, str)]
        code = own_code.sent(self.project, tools, self.store, self.exchange)
        order = Order(tuple(read_by(action, self.store)), code)
        for tree in order.trees:
            self.exchange.send(tree, self.store)
        return self._tried(action, order, progress)

    def _tried(self, action: Action, order: Order, progress: Progress) -> Outcome:
        reasons: list[str] = []
        while len(reasons) < TRIES:
            found = place(action, self.nodes(), self.driver)
            try:
                return self._received(self._once(action, order, found, progress), progress)
            except Lost as lost:
                reasons.append(str(lost))
                if len(reasons) < TRIES:
                    progress({"say": f"{lost}; begun again ({len(reasons) + 1} of {TRIES} tries)"})
        told = "\n".join(f"  {reason}" for reason in reasons)
        raise StepFailed(f"{action.title}: lost {TRIES} times, so it is not tried again\n{told}")

    def _received(self, result: dict[str, Any], progress: Progress) -> Outcome:
        progress({"done": None, "total": None, "text": "receiving what it made"})
        self.exchange.receive(result["tree"], self.store)
        return Outcome(result["tree"], result["notes"], result["peak_mb"], result["seconds"], result["host"])

    def _once(self, action: Action, order: Order, found: Place, progress: Progress) -> dict[str, Any]:
        """What the node says last. Raises Lost, StepFailed, KeyboardInterrupt."""
        hosts = {one.profile.name: one.profile.about.host for one in found.nodes}
        names = {one.id: one.profile.name for one in found.nodes}
        for name, message in self._messages(action, order, found, names):
            if "progress" in message:
                progress(_named(message["progress"], name))
            elif "result" in message:
                notes = message["result"]["notes"] | {"node": name}
                return dict(message["result"]) | {"notes": notes, "host": hosts.get(name)}
            elif "error" in message:
                raise self._fault(action, message, name)
        raise Lost("a node ended the step without a word")

    def _messages(
        self, action: Action, order: Order, found: Place, names: dict[str, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the node tells, with its name. Raises Lost, KeyboardInterrupt."""
        import ray

        task = _task(found).remote(packed(_fitted(action, found)), order, self.handed)
        name = "a node"
        with closing(stream.said(task, self._go_on)) as messages:
            try:
                for message in messages:
                    name = names.get(message.pop("node", ""), name)
                    yield name, message
            except ray.exceptions.RayError as error:
                raise Lost(f"{name}: {_why(error)}") from None

    def _go_on(self) -> None:
        if self.workers.interrupted:
            raise KeyboardInterrupt

    def _fault(self, action: Action, message: dict[str, Any], name: str) -> Exception:
        log = self.store.folder("logs") / f"{action.key}.log"
        write_atomic(log, str(message["log"]).encode())
        text = str(message["error"]).partition("\n  log:")[0]
        if message["killed"]:
            return Lost(f"{name}: {text.removeprefix(action.title + ': ')}")
        return StepFailed(f"{text}\n  on {name}; log: {log}")


def _leases() -> Any:
    """The process of the cluster that knows who works on what, started by whoever asks first.

    Where its node is lost it begins anew on another, and knows of who works by the next heartbeat of each.
    """
    import ray

    kept = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(leases.Leases)
    return kept.options(name="zoosmith-leases", get_if_exists=True, lifetime="detached").remote()


def _answer(asked: Any) -> str | None:
    """Who holds the lease; None where nobody can say: then a step may be built twice, to the same bytes."""
    import ray

    try:
        answer: str | None = ray.get(asked, timeout=leases.LAPSES_S)
    except ray.exceptions.RayError:
        return None
    return answer


def _task(found: Place) -> Any:
    """The remote function, where it may be placed."""
    import ray

    task = ray.remote(num_returns="streaming", max_retries=0)(_run)
    return task.options(
        num_cpus=found.cpus, num_gpus=found.gpus, memory=found.memory_mb * 2**20,
        label_selector={"ray.io/node-id": f"in({','.join(node.id for node in found.nodes)})"},
    )  # fmt: skip


def _run(sent: dict[str, Any], order: Order, handed: Handed) -> Iterator[dict[str, Any]]:
    """Runs on the node."""
    import ray

    node = ray.get_runtime_context().get_node_id()
    action = unpacked(sent)
    if action.host and (here := handed.about().host.get("id")) != action.host:
        said = f"{action.title}: its host has become {here}, figures of {action.host} are asked for"
        yield {"error": said, "killed": False, "log": "", "node": node}
        return
    step = on_node.NodeStep(action, order.trees, order.code, Exchange(handed.cache))
    for message in step.messages(handed.variables):
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
