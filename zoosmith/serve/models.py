"""What is served under a name: the artifact that the name stands for now, opened, and the queue before it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import Predictor, folder_of, manifest_digest
from zoosmith.publish.damage import load
from zoosmith.serve.batching import Batcher, Full
from zoosmith.serve.refusals import Refused

if TYPE_CHECKING:
    import asyncio

    from zoosmith.toolkit.causal.requests import CausalSession
    from zoosmith.toolkit.causal.sequence import CachedSequence

CLASSIFIER, LANGUAGE = "classifier", "language model"
SHOWN = 16  # characters of a tree's digest that clients see


class Opened:
    """An artifact that answers, and which tree it is. It lives as long as a request holds it."""

    def __init__(self, predictor: Predictor, tree: str) -> None:
        """Answer once, so that no request is the first. Raises ZooError for a task that is not served."""
        self.predictor, self.tree, self.version = predictor, tree, tree[:SHOWN]
        self.since = int(time.time())
        self.kind = kind_of(predictor)
        self._free: SimpleQueue[CachedSequence] = SimpleQueue()
        if self.kind == CLASSIFIER:
            self.answer(predictor.task.value(predictor.task.probes()[0]))
        else:
            self.give_back(self.session.decoder())

    @property
    def session(self) -> CausalSession:
        """That of a language model."""
        session: CausalSession = self.predictor.session
        return session

    def answer(self, value: Any) -> Any:
        """The answer to one input of a classifier, computed on its own."""
        return self.predictor.predict([value])[0]

    def sequence(self) -> CachedSequence:
        """An empty sequence of a language model with a cache of its own: one that is free, else another one."""
        try:
            return self._free.get_nowait()
        except Empty:
            return self.session.decoder()

    def give_back(self, sequence: CachedSequence) -> None:
        """Let others use it, empty."""
        sequence.reset()
        self._free.put(sequence)


def kind_of(predictor: Predictor) -> str:
    """CLASSIFIER or LANGUAGE. Raises ZooError for any other task: its inputs may name files of this machine."""
    if hasattr(predictor.scoring, "stream"):
        return LANGUAGE
    spec = predictor.task.spec
    if not spec.labels or "image" in spec.inputs:
        raise ZooError(
            f"`zoosmith serve` answers for classifiers of texts and for language models; found {spec.kind}: "
            "ask it with `zoosmith run` or in Python"
        )
    return CLASSIFIER


class Model:
    """A name that is served."""

    def __init__(self, wanted: str, threads: int, where: Callable[[str], Path] = folder_of) -> None:
        """Open what `wanted` stands for, a name or a folder; each answer computes with `threads`.

        where: the folder that it stands for now, fetched where it has to be. Raises ZooError.
        """
        self.wanted, self.threads, self._where = wanted, threads, where
        self.name = served_name(wanted)
        self.current = open_now(where(wanted), threads)
        self.refused: str | None = None  # a tree that could not be opened: it is not tried again
        self.lost = 0  # how often in a row it could not be looked up
        self.batcher: Batcher | None = None

    def submit(self, items: Sequence[Any]) -> asyncio.Future[list[Any]]:
        """Accept items, as the batcher's work takes them. Raises Refused (429) where the queue is full."""
        assert self.batcher is not None, "the server gives each model its queue when it starts"
        try:
            return self.batcher.submit(items)
        except Full as full:
            again = {"retry-after": str(full.retry_after)}
            raise Refused(429, f"{self.name}: {full}", code="rate_limit_exceeded", headers=again) from None

    def renewed(self) -> str | None:
        """Open what the name stands for now, if that is another tree, and answer with it from here on.

        What is being answered goes on with the tree that it began with, which goes with the last of it. What happened,
        for the log; None where nothing did. Raises ZooError, once a tree, where the new one cannot take its place.
        """
        folder = self._where(self.wanted)
        tree = manifest_digest(folder.resolve())
        if tree is None or tree in (self.current.tree, self.refused):
            return None
        try:
            found = open_now(folder, self.threads)
            if found.kind != self.current.kind:
                raise ZooError(f"it is a {found.kind} now, and was a {self.current.kind}")
        except Exception:
            self.refused = tree
            raise
        before, self.current, self.refused = self.current.version, found, None
        return f"{self.name} answers with tree {found.version} from now on; it was {before}"


def served_name(wanted: str) -> str:
    """Under which name clients ask: the name without the version or alias behind it, or that of a folder."""
    path = Path(wanted)
    return path.resolve().name if "/" in wanted or path.is_dir() else re.split("[@:#]", wanted, maxsplit=1)[0]


def open_now(folder: Path, threads: int) -> Opened:
    """Open an artifact and be sure which one it was. Raises ZooError, also where a pull replaced it meanwhile."""
    tree = manifest_digest(folder.resolve())
    if tree is None:
        raise ZooError(f"{folder} has no whole tree: `zoosmith verify {folder.name}` names what is missing")
    opened = Opened(load(folder, threads=threads), tree)
    if manifest_digest(folder.resolve()) != tree:
        raise ZooError(f"{folder} was replaced while it was opened; it is tried again")
    return opened


def chosen(models: dict[str, Model], name: Any, kind: str | None = None) -> Model:
    """The model of a name; without a name the only one. Raises Refused, with the nearest name."""
    fitting = {key: model for key, model in models.items() if kind in (None, model.current.kind)}
    if name is None and len(fitting) == 1:
        return next(iter(fitting.values()))
    if name is None:
        raise Refused(400, f"several models are served; name one as `model`{nearest('', fitting)}", param="model")
    if not isinstance(name, str):
        raise Refused(400, f"`model` should be a name; found {str(name)[:60]!r}", param="model")
    if name in models and name not in fitting:
        other = "/predict or /v2" if models[name].current.kind == CLASSIFIER else "/v1"
        raise Refused(400, f"{name} is a {models[name].current.kind}: ask it at {other}", param="model")
    if name not in fitting:
        message = f"no model {name[:100]!r} is served here{nearest(name[:100], fitting)}"
        raise Refused(404, message, param="model", code="model_not_found")
    return fitting[name]
