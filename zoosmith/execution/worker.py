"""A step's own process.

It gets one JSON line on standard input (digests and paths of this machine's store, nothing else), reports
progress as JSON lines on the file descriptor that it is told, and leaves when its standard input closes.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.execution import watchdog as watchdog
from zoosmith.execution.clean import CleanProcess
from zoosmith.execution.failure import failure
from zoosmith.store import heal
from zoosmith.store.lending import Loan, take_back
from zoosmith.store.store import Store

Report = Callable[[dict[str, Any]], None]


@dataclass
class Step:
    """What a step function is given. It writes its tree below `out`; `scratch` survives a kill.

    clean: a process forked before the step was loaded, which opens what the step made; None if one is to be started.
    """

    key: str
    inputs: dict[str, Any]
    run: dict[str, Any]
    store: Store
    project: Path
    report: Report
    clean: CleanProcess | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    lent: list[Loan] = field(default_factory=list)
    last_progress: float = 0.0

    @property
    def work(self) -> Path:
        """The folder of this action key; everything in it but `scratch` is made anew."""
        return self.store.root / "work" / self.key

    @property
    def out(self) -> Path:
        """Where the step's tree is written."""
        return self.work / "out"

    @property
    def scratch(self) -> Path:
        """What an interrupted run of the same action left."""
        return self.work / "scratch"

    def parent(self, tree: str, name: str, only: tuple[str, ...] | None = None) -> Path:
        """A tree, below the work folder: small files copied, large ones lent, to be read alone."""
        target = self.work / "parents" / name
        self.store.checkout(tree, target, only, self.lent)
        return target

    def needs(self, folder: Path) -> dict[str, str]:
        """Role -> folder of the trees that the artifact in `folder` cannot be opened without."""
        needs = json.loads((folder / PAYLOAD_MANIFEST).read_bytes())["needs"]
        return {role: str(self.parent(tree, f"needs-{tree[:16]}")) for role, tree in needs.items()}

    def progress(self, done: float | None = None, total: float | None = None, text: str = "") -> None:
        """Tell how far the step is; more than five reports a second are dropped."""
        now = time.monotonic()
        if now - self.last_progress >= 0.2 or (done is not None and done == total):
            self.last_progress = now
            self.report({"progress": {"done": done, "total": total, "text": text}})

    def say(self, text: str) -> None:
        """Tell the user something that stays on the screen."""
        self.report({"progress": {"say": text}})

    def note(self, name: str, value: Any) -> None:
        """Record something volatile in the provenance."""
        self.notes[name] = value


def prepare(step: Step) -> None:
    """Fresh folders, scratch kept."""
    for name in ("out", "parents"):
        heal.clear(step.work / name)
    for folder in (step.out, step.scratch):
        heal.make_folder(folder, step.store.root)


def execute(step: Step, entry: str) -> dict[str, Any]:
    """Run the step function and put its tree into the store."""
    module, _, function = entry.partition(":")
    prepare(step)
    try:
        getattr(importlib.import_module(module), function)(step)
    finally:
        take_back(step.lent)
    step.report({"progress": {"done": None, "total": None, "text": "storing"}})
    return {"tree": step.store.add_tree(step.out), "notes": step.notes}


def main() -> int:
    """Run the step described on standard input; report its result or its error."""
    request = json.loads(watchdog.first_line(0))
    clean = CleanProcess(let_go=(request["channel"], request["lock"])) if request["clean"] else None
    watchdog.watch(0)
    channel = os.fdopen(request["channel"], "w", buffering=1)

    def report(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")

    step = Step(
        key=request["key"],
        inputs=request["inputs"],
        run=request["run"],
        store=Store(Path(request["store"])),
        project=Path(request["project"]),
        report=report,
        clean=clean,
    )
    try:
        report({"result": execute(step, request["entry"])})
    except Exception as error:  # whatever a step raises becomes one message and a log
        report({"error": failure(error)})
        with suppress(OSError):  # the log may be on a full disk
            traceback.print_exc()
        return 1
    return 0


def run_and_leave() -> NoReturn:
    """`main`, and the end of this process: native thread pools of torch and ONNX Runtime need no orderly one."""
    code = main()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run_and_leave()
