"""A process that holds one artifact open and does what it is told, one JSON line at a time.

While it waits it blocks in a read, so it takes no processor time from the one that is being measured. It
leaves when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def memory_mb(field: str) -> int:
    """VmRSS or VmHWM of this process in MiB. Source: proc_pid_status(5)."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) // 1024


class Child:
    """State of the process: the opened artifact and its inputs."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        self.predictor: Any = None
        self._watch: Any = None
        self.project = Path()
        self._evals: dict[str, tuple[Any, Any]] = {}
        self.runtime: Any = None
        self.folder = Path()
        self.device = "cpu"
        self.inputs: list[Any] = []
        self.loaded_mb = 0
        self.vram_before = self.vram_loaded = self.vram_loading = self.vram_answering = 0

    def open(
        self,
        folder: str,
        project: str,
        threads: int,
        cpus: list[int],
        inputs: list[Any],
        needs: dict[str, dict[str, str]],
        device: str,
    ) -> dict[str, Any]:
        """Import what the artifact takes, then open it pinned to `cpus`.

        `inputs` are what timed calls go through in turn; `needs` maps folders of artifacts to the folders that they
        need, by role.
        """
        import importlib

        from zoosmith import plugins
        from zoosmith.predictor import open_artifact, read_manifest
        from zoosmith.toolkit.torch.imports import modules_of

        self.folder, self.project, self.device = Path(folder), Path(project), device
        self.runtime = plugins.load("runtimes", read_manifest(self.folder).format, Path(project))
        for module in modules_of(self.runtime.REQUIRES):  # on any processor: sides that start together share `cpus`
            importlib.import_module(module)
        os.sched_setaffinity(0, cpus)
        self.vram_before = self._vram()["now"]
        roles = {role: Path(path) for role, path in needs[folder].items()}
        self.predictor = open_artifact(self.folder, project=Path(project), threads=threads, device=device, needs=roles)
        self.inputs = inputs
        self._watch = None
        self.loaded_mb = memory_mb("VmRSS")
        loaded = self._vram()
        self.vram_loaded, self.vram_loading = loaded["now"], loaded["peak"]
        return {"load_mb": self.loaded_mb}

    def cold(self, started: int, folder: str, project: str, **arguments: Any) -> dict[str, float]:
        """Milliseconds from the process's start, at `started` of the monotonic clock, to imports, load, first answer.

        `imports` is the interpreter, this project and the packages that the artifact's runtime requires.
        """
        import importlib

        from zoosmith import plugins
        from zoosmith.common.packages import module_of
        from zoosmith.predictor import read_manifest

        os.sched_setaffinity(0, arguments["cpus"])
        for package in plugins.load("runtimes", read_manifest(Path(folder)).format, Path(project)).REQUIRES:
            importlib.import_module(module_of(package))
        stages = [started, time.monotonic_ns()]
        self.open(folder, project, **arguments)
        stages.append(time.monotonic_ns())
        self.watch.prepare(0)()
        self._synchronize()
        stages.append(time.monotonic_ns())
        took = [(after - before) / 1e6 for before, after in pairwise(stages)]
        return dict(zip(("imports", "load", "first"), took, strict=True))

    def respond(self, kind: str, row: dict[str, Any], out: str) -> dict[str, Any]:
        """Write the response to a row of an eval of this kind to the file `out`."""
        from zoosmith.execution.arrays import write_arrays

        task, scoring = self._eval(kind)
        write_arrays(Path(out), scoring.respond(self.predictor.session, task, task.example(row)))
        return {}

    def outcomes(self, kind: str, rows: list[dict[str, Any]], out: str, like: str | None) -> dict[str, Any]:
        """Write the outcomes of rows of an eval of this kind to the file `out`.

        like: a file with the reference's response to the only row.
        """
        from zoosmith.execution.arrays import joined, read_arrays, write_arrays

        task, scoring = self._eval(kind)
        reference = read_arrays(Path(like)) if like else None
        parts = []
        for example in map(task.example, rows):
            response = scoring.respond(self.predictor.session, task, example, reference)
            parts.append(scoring.outcome(response, example, reference))
        write_arrays(Path(out), joined(parts))
        return {}

    @property
    def watch(self) -> Any:
        """The task's stopwatch over the inputs, made when it is first needed."""
        if self._watch is None:
            self._watch = self.predictor.scoring.stopwatch(self.predictor.session, self.predictor.task, self.inputs)
        return self._watch

    def _eval(self, kind: str) -> tuple[Any, Any]:
        """The task of an eval as this artifact answers it, and what judges it."""
        from zoosmith import plugins
        from zoosmith.predictor import bind

        if kind not in self._evals:
            task = bind(kind, self.predictor.manifest.task, self.folder, self.project)
            self._evals[kind] = task, plugins.load_part("tasks", kind, "scoring", self.project)
        return self._evals[kind]

    def time(self, calls: int) -> dict[str, Any]:
        """Milliseconds of each of `calls` calls of the task's stopwatch; wall and processor seconds of all."""
        prepare, clock = self.watch.prepare, time.perf_counter_ns
        took = []
        worked = waited = 0.0
        for i in range(calls):
            call = prepare(i)
            before, start = time.process_time(), clock()
            call()
            self._synchronize()
            spent = clock() - start
            worked, waited = worked + time.process_time() - before, waited + spent
            took.append(spent / 1e6)
        return {"ms": took, "cpu_s": worked, "wall_s": waited / 1e9}

    def usage(self) -> dict[str, Any]:
        """Processor time so far, by thread."""
        from zoosmith.bench.usage import of_this_process

        return of_this_process()

    def sweep(self, kind: str, **arguments: Any) -> dict[str, Any]:
        """The function `kind` of `zoosmith.bench.sweeps`."""
        from zoosmith.bench import sweeps

        found: dict[str, Any] = getattr(sweeps, kind)(self.predictor, self.inputs, **arguments)
        return found

    def weights(self, tokens: int) -> dict[str, Any]:
        """Parameters, non-zero ones and multiply-adds at `tokens` tokens, where the runtime can tell."""
        from zoosmith.bench.sweeps import of_length

        if not hasattr(self.runtime, "weights"):
            return {"weights": None}
        encoded = of_length(self.predictor, self.inputs, tokens)
        return {"weights": self.runtime.weights(self.folder, self.predictor.session, encoded)}

    def trace(self, file: str) -> dict[str, Any]:
        """Write the profiler's trace of one answer to `file`."""
        from zoosmith.bench.trace import record

        record(self.predictor, self.inputs[0], self.device, Path(file))
        return {}

    def memory(self) -> dict[str, Any]:
        """MiB after load, at the peak, and grown since the load; `vram` likewise where the device has its own.

        Of a device, growth is what answering took at most: torch gives back what a call took when it ends.
        """
        resident = {"load": self.loaded_mb, "peak": memory_mb("VmHWM"), "growth": memory_mb("VmRSS") - self.loaded_mb}
        if self.device == "cpu":
            return {"memory": resident, "vram": None}
        self.vram_answering = max(self.vram_answering, self._vram()["peak"])
        peak, growth = max(self.vram_loading, self.vram_answering), self.vram_answering - self.vram_loaded
        vram = {"load": self.vram_loaded, "peak": peak, "growth": growth}
        return {"memory": resident, "vram": vram, "vram_before": self.vram_before}

    def _vram(self) -> dict[str, int]:
        """MiB of the device in use now, and at most since the last look; none on the CPU or without a device."""
        if self.device == "cpu" or not hasattr(self.runtime, "device_memory_mb"):
            return {"now": 0, "peak": 0}
        found: dict[str, int] = self.runtime.device_memory_mb(self.device)
        return found

    def _synchronize(self) -> None:
        """Wait until the device has done what it was given."""
        if self.device != "cpu":
            self.runtime.synchronize(self.device)


def main() -> None:
    """Serve commands `{"do": METHOD, ...arguments}` until standard input closes."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print goes to the log
    child = Child()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = getattr(child, command.pop("do"))(**command)
        except Exception as error:  # told to the parent, which fails the measurement with it
            reply = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(reply) + "\n")
    os._exit(0)


if __name__ == "__main__":
    main()
