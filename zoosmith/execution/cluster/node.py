"""What runs on a node: one step, over the node's own store, in a process of its own."""

from __future__ import annotations

import os
import queue
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from zoosmith.execution.action import Action
from zoosmith.execution.cluster.checkpoints import Checkpoints
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.order import Order
from zoosmith.execution.cluster.own_code import received
from zoosmith.execution.cluster.pace import Paced
from zoosmith.execution.executor import LocalExecutor, StepFailed, StepKilled, Variables
from zoosmith.execution.failure import failure
from zoosmith.execution.interrupt import Workers
from zoosmith.store import suspects
from zoosmith.store.locks import flock, quiet
from zoosmith.store.store import Store
from zoosmith.transfer.cache import default_root

BEAT_S = 1.0  # Ray's cancellation reaches this process between two bytecodes, so no wait is longer
LOG_BYTES = 20_000
Message = dict[str, Any]


def node_root() -> Path:
    """Where a node keeps trees and works: `$ZOOSMITH_NODE`, or `node/` in the user's cache."""
    given = os.environ.get("ZOOSMITH_NODE")
    return Path(given) if given else default_root() / "node"


class NodeStep:
    """One step on this node, and what it tells meanwhile."""

    def __init__(self, action: Action, order: Order, exchange: Exchange) -> None:
        """Run `action` from what `order` names, which `exchange` brings."""
        self.action = action
        self.order = order
        self.exchange = exchange
        self.store = Store(node_root() / ".store")
        self.workers = Workers()
        self.said: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def messages(self, variables: Variables, every_s: float) -> Iterator[Message]:
        """{"progress": ...} and {"checkpoint": ...} while it runs, at last {"result": ...} or {"error": ...}.

        every_s: how often it is told how far the step is; what it says in words is told at once.
        Closing the iterator ends the step.
        """
        thread = threading.Thread(target=self._to_its_end, args=(variables,), daemon=True)
        thread.start()
        paced = Paced(every_s)
        try:
            while True:
                message = self._next()
                if "say" not in message.get("progress", {"say": ""}):
                    paced.add(message.pop("progress"))
                if state := paced.due():
                    yield {"progress": state}
                if message:
                    yield message
                if message.keys() & {"result", "error"}:
                    return
        finally:
            self.workers.interrupt()

    def _next(self) -> Message:
        """What comes next; {} where that takes longer than a beat."""
        try:
            return self.said.get(timeout=BEAT_S)
        except queue.Empty:
            return {}

    def _to_its_end(self, variables: Variables) -> None:
        try:
            self.said.put({"result": self._result(variables)})
        except StepFailed as error:
            self._fail(str(error), killed=isinstance(error, StepKilled))
        except BaseException as error:  # whatever it is, the driver waits for a last word
            self._fail(f"{self.action.title}: {failure(error)}")

    def _fail(self, text: str, *, killed: bool = False) -> None:
        wrong = sorted(suspects.noted(self.store) - self.order.suspects)
        suspects.clear(self.store, wrong)  # told once: the driver sees to them
        self.said.put({"error": text, "killed": killed, "log": self._log(), "suspects": wrong})

    def _result(self, variables: Variables) -> Message:
        started = time.monotonic()
        with self.store.kept(), ExitStack() as held:
            lock = held.enter_context(flock(self.store.folder("locks") / f"{self.action.key}.lock"))
            for tree in self.order.trees:
                self.exchange.receive(tree, self.store)
            held.enter_context(quiet(alone=self.action.exclusive, waiting=self._waits))
            if not self.action.exclusive:  # a measurement begins anew, and nothing runs beside it
                held.enter_context(self._going_on())
            executor = LocalExecutor(self.store, self._project(), self.workers, variables)
            suspects.note(self.store, self.order.suspects)
            outcome = executor.run(self.action, lock, lambda message: self.said.put({"progress": message}))
            self.exchange.send(outcome.tree, self.store)
            shutil.rmtree(self.store.root / "work" / self.action.key, ignore_errors=True)
        return {
            "tree": outcome.tree, "notes": outcome.notes, "peak_mb": outcome.peak_mb,
            "seconds": time.monotonic() - started,
        }  # fmt: skip

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """From what another node left, and so that another one can."""
        checkpoints = Checkpoints(self.action.key, self.store, self.exchange)
        if checkpoints.restore(self.order.left):
            self._say("goes on from where another node left it")
        with checkpoints.kept(lambda saved: self.said.put({"checkpoint": saved})):
            yield

    def _waits(self) -> None:
        alone = "builds on its node to end, so as to measure alone"
        self._say(f"waiting for {alone if self.action.exclusive else 'a measurement on its node to end'}")

    def _say(self, text: str) -> None:
        self.said.put({"progress": {"say": text}})

    def _project(self) -> Path:
        """A folder with the zoo's own code; an empty one where everything comes with zoosmith."""
        home = node_root() / "projects"
        code = self.order.code
        folder = home / (code.sha256 if code else "none")
        with flock(self.store.folder("locks") / "projects.lock"):
            home.mkdir(parents=True, exist_ok=True)
            if code and not folder.is_dir():
                received(code, folder, self.store, self.exchange)
            folder.mkdir(exist_ok=True)
        return folder

    def _log(self) -> str:
        try:
            return (
                (self.store.root / "logs" / f"{self.action.key}.log").read_bytes()[-LOG_BYTES:].decode(errors="replace")
            )
        except OSError:  # it never came so far
            return ""
