"""What a name stands for is looked up now and then: another tree is opened beside the old one, then takes its place."""

from __future__ import annotations

import asyncio
import gc
import sys

from zoosmith.common.text import show
from zoosmith.contract.errors import ZooError
from zoosmith.serve.app import Serving
from zoosmith.serve.models import Model

PATIENCE = 3


async def follow(serving: Serving, every_s: float) -> None:
    """Look every `every_s` seconds, for ever."""
    while True:
        await asyncio.sleep(every_s)
        for model in serving.models.values():
            await look(serving, model)


async def look(serving: Serving, model: Model) -> None:
    """Let a model answer with what its name stands for now. What fails is told; the old tree answers on."""
    refused = model.refused
    try:
        said = await asyncio.to_thread(model.renewed)
    except Exception as error:  # a tree that does not open must not end what is served
        what = str(error) if isinstance(error, ZooError) else f"{type(error).__name__}: {error}"
        if model.refused != refused:
            serving.metrics.swaps.labels(model.name, "failed").inc()
            note(f"{model.name} still answers with tree {model.current.version}, for the new one failed: {what}")
        else:
            _lost(model, what)
        return
    model.lost = 0
    if said is not None:
        serving.metrics.swaps.labels(model.name, "done").inc()
        note(said)
        gc.collect()  # sessions are parts of cycles, and the old weights need not lie about


def _lost(model: Model, what: str) -> None:
    """Tell once that a name cannot be looked up, if it stays so: a pull takes a folder away to put another there."""
    model.lost += 1
    if model.lost == PATIENCE:
        note(f"what {model.name} stands for cannot be looked up ({what}); it answers as before")


def note(text: str) -> None:
    """A line of the log."""
    show(f"zoosmith: {text}", to=sys.stderr)
    sys.stderr.flush()
