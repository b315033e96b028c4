"""`zoosmith serve`, from names to a server that runs until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import ZooError
from zoosmith.predictor import folder_of
from zoosmith.serve.app import Serving
from zoosmith.serve.batching import Batcher, Batching
from zoosmith.serve.lifecycle import Server, address, bound
from zoosmith.serve.limits import Limits
from zoosmith.serve.metrics import Metrics
from zoosmith.serve.models import CLASSIFIER, Model
from zoosmith.serve.swap import follow, note
from zoosmith.serve.writing import write


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    threads: that one answer computes with. workers: answers that are computed at once, of classifiers; parallel: of
    language models, each with a KV cache of its own. poll_s: how often names are looked up again. grace_s: how long
    accepted requests may take after SIGTERM. where: the folder that a name stands for now.
    """

    names: Sequence[str]
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 1
    workers: int = 1
    parallel: int = 1
    batch: int = 8
    batch_s: float = 0.0
    poll_s: float = 2.0
    grace_s: float = 30.0
    limits: Limits = field(default_factory=Limits)
    where: Callable[[str], Path] = folder_of


def serve(settings: Settings, started: Callable[[str, Server], None] = lambda url, server: None) -> None:
    """Serve until SIGTERM or Ctrl-C, then return. `started` gets the URL once requests are taken. Raises ZooError."""
    listening = bound(settings.host, settings.port)
    try:
        models = opened(settings)
        serving = Serving({model.name: model for model in models}, settings.limits, Metrics())
        url = address(listening)

        async def background(server: Server) -> None:
            await follow(serving, settings.poll_s)

        def say() -> None:
            classifiers = [model for model in models if model.current.kind == CLASSIFIER]
            for model in models:
                _give_queue(serving, model, settings, _cores(settings, len(classifiers)))
            note(f"serving {', '.join(told(model) for model in models)} on {url}; Ctrl-C or SIGTERM stops it")
            started(url, server)

        server = Server(serving, settings.grace_s, background, say)
        server.run(sockets=[listening])
        for model in models:
            if model.batcher is not None:
                model.batcher.close()
    finally:
        listening.close()


def opened(settings: Settings) -> list[Model]:
    """Each name, opened. Raises ZooError, also for two that clients could not tell apart."""
    models = [Model(name, settings.threads, settings.where) for name in settings.names]
    names = [model.name for model in models]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ZooError(f"two artifacts would be served as {twice[0]!r}; serve them on two ports")
    return models


def told(model: Model) -> str:
    """A model in the first line of the log."""
    manifest = model.current.predictor.manifest
    return f"{model.name} ({model.current.kind}, {manifest.format} {manifest.precision}, tree {model.current.version})"


def _give_queue(serving: Serving, model: Model, settings: Settings, cores: Sequence[int]) -> None:
    """The queue before a model; called in the loop that serves. cores: those that workers of a classifier keep to."""
    waiting, observe = settings.limits.waiting, serving.metrics.observer(model.name)
    if model.current.kind == CLASSIFIER:
        batching = Batching(settings.workers, settings.batch, settings.batch_s, waiting, cores)
        model.batcher = Batcher(answer, batching, observe)
    else:
        counts = [serving.metrics.tokens.labels(model.name, kind) for kind in ("read", "written")]

        def counted(asked: Any) -> Any:
            written = write(asked)
            for count, tokens in zip(counts, (len(asked.ids), written.tokens), strict=True):
                count.inc(tokens)
            return written

        model.batcher = Batcher(counted, Batching(settings.parallel, 1, 0.0, waiting), observe)


def _cores(settings: Settings, classifiers: int) -> Sequence[int]:
    """One for each worker, where one classifier has workers of one thread for all of them; none otherwise.

    Unless they keep to a core each, two may share one while another stands still, until the scheduler sees it. The
    workers of a second classifier would keep to the same ones, busy or not.
    """
    cores = sorted(os.sched_getaffinity(0))
    return cores if classifiers == 1 and settings.threads == 1 and settings.workers >= len(cores) else ()


def answer(item: Any) -> Any:
    """An opened artifact's answer to a value."""
    tree, value = item
    return tree.answer(value)
