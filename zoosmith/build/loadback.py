"""Load-back and parity: an artifact that loads but computes something else fails here.

Load-back: a clean process opens the finished tree from nothing but its files, starts from plain inputs, and must
reproduce the responses of the builder's in-memory model. Parity: if a technique claims to preserve its parent's
answers, the parent is opened the same way and both are compared. A builder without a model in memory, such as a
converter, is held by parity alone, which is then compulsory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.contract.output import Tolerance
from zoosmith.contract.task import Task
from zoosmith.execution.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from zoosmith.contract.session import Response, Session
    from zoosmith.execution.clean import CleanProcess
    from zoosmith.execution.worker import Step


class Stored(Sequence["Response"]):
    """Responses in files, read when they are asked for: a language model's are as wide as its vocabulary."""

    def __init__(self, folder: Path, count: int) -> None:
        """Those of as many inputs, in their order."""
        self._files = [folder / f"{i}.npz" for i in range(count)]

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, place: int) -> Response: ...
    @overload
    def __getitem__(self, place: slice) -> list[Response]: ...
    def __getitem__(self, place: int | slice) -> Response | list[Response]:
        chosen = self._files[place]
        return [*map(read_arrays, chosen)] if isinstance(chosen, list) else read_arrays(chosen)


class Asked(NamedTuple):
    """Responses to each input, and the artifact's labels."""

    responses: Stored
    labels: list[str]


class Opening(NamedTuple):
    """How clean processes open artifacts: the zoo, threads, device, and where responses are kept meanwhile.

    clean: a process at hand; None where one is to be started.
    """

    project: Path
    threads: int
    scratch: Path
    device: str = "cpu"
    clean: CleanProcess | None = None


class Check(NamedTuple):
    """A finished tree's task, what judges its answers, and the probes that it is asked."""

    task: Task
    scoring: ModuleType
    probes: Sequence[Any]


def check_artifact(
    step: Step, check: Check, session: Session | None, tolerance: Tolerance | None, parent: Parent | None
) -> None:
    """Raise BuildError unless the tree in `step.out` answers as the builder's model, and as its parent may.

    session: the builder's model; None for a converter.
    """
    if session is None and (tolerance is None or parent is None or parent.manifest.task is None):
        raise BuildError(
            "the builder hands back no model, so nothing shows that its artifact is right: let its `check(params)` "
            "give a Tolerance for parity with the parent, or hand back a session"
        )
    opening = Opening(step.project, step.run["threads"], step.work / "responses", step.run["device"], step.clean)
    inputs = [check.task.value(probe) for probe in check.probes]
    found = ask(step.out, inputs, step.needs(step.out), opening, "found")
    if session is not None:
        check.scoring.reproduces(_expected(session, check, opening), found.responses, check.probes)
    if tolerance is not None and parent is not None and parent.manifest.task is not None:
        theirs = ask(parent.path, inputs, step.needs(parent.path), opening, "parent")
        labels = (theirs.labels, found.labels)
        step.note(
            "parity",
            {"probes": len(inputs)} | check.scoring.preserves(theirs.responses, found.responses, tolerance, labels),
        )
    shutil.rmtree(opening.scratch, ignore_errors=True)


def _expected(session: Session, check: Check, opening: Opening) -> Stored:
    """What the builder's model answers to the probes."""
    kept = _emptied(opening.scratch / "expected")
    for i, probe in enumerate(check.probes):
        write_arrays(kept / f"{i}.npz", check.scoring.respond(session, check.task, probe))
    return Stored(kept, len(check.probes))


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def ask(folder: Path, inputs: Sequence[Any], needs: dict[str, str], opening: Opening, who: str) -> Asked:
    """Responses of the artifact in `folder` to each of `inputs`, from the clean process or one started for it.

    The latter runs in the zoo's own environment, also if the builder had one of its own. On the opening's device, or
    on the CPU if the artifact's runtime knows nothing else. Responses are kept in the opening's scratch under the name
    `who`, until that is asked again. Raises BuildError.
    """
    out = _emptied(opening.scratch / who)
    request = {"folder": str(folder), "project": str(opening.project), "threads": opening.threads, "needs": needs}
    request |= {"inputs": list(inputs), "device": opening.device, "out": str(out)}
    status, raw = opening.clean.ask(request) if opening.clean else _started(request)
    if status or not raw:
        raise BuildError(f"the process that opened the finished tree died (exit status {status})")
    reply = json.loads(raw)
    if "error" in reply:
        raise BuildError(f"the finished tree does not open in a clean process: {reply['error']}")
    return Asked(Stored(out, len(inputs)), reply["labels"])


def _started(request: dict[str, Any]) -> tuple[int, bytes]:
    """Exit status and reply of a process started for this request."""
    process = subprocess.Popen(
        [os.environ.get("ZOOSMITH_PYTHON", sys.executable), "-m", "zoosmith.execution.answer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):  # it died at once; its empty answer tells so
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    raw = process.stdout.read()
    status = process.wait()
    with suppress(BrokenPipeError):
        process.stdin.close()
    return status, raw
