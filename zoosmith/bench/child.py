"""A process that holds one artifact open and does what it is told, one JSON line at a time.

While it waits it blocks in a read, so it takes no processor time from the one that is being measured. It
leaves when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import time
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
        self.inputs: list[Any] = []
        self.loaded_mb = 0

    def open(
        self,
        folder: str,
        project: str,
        threads: int,
        cpus: list[int],
        inputs: list[Any],
        needs: dict[str, dict[str, str]],
    ) -> dict[str, Any]:
        """Open the artifact pinned to `cpus`; `inputs` are what timed calls go through in turn.

        `needs` maps folders of artifacts to the folders that they need, by role.
        """
        os.sched_setaffinity(0, cpus)
        from zoosmith.predictor import open_artifact

        self.predictor = open_artifact(
            Path(folder), project=Path(project), threads=threads, needs={r: Path(f) for r, f in needs[folder].items()}
        )
        self.inputs = [tuple(value) if isinstance(value, list) else value for value in inputs]
        self.loaded_mb = memory_mb("VmRSS")
        return {"load_mb": self.loaded_mb}

    def logits(self, inputs: list[Any]) -> dict[str, Any]:
        """Logits of each input on its own, and the labels in their order."""
        task, session = self.predictor.task, self.predictor.session
        rows = [session.logits(task.encode([task.unlabelled(tuple(texts))]))[0].tolist() for texts in inputs]
        return {"labels": list(self.predictor.labels), "logits": rows}

    def tokens(self, inputs: list[Any]) -> dict[str, Any]:
        """Length of each input in tokens."""
        task = self.predictor.task
        return {"tokens": [task.encode([task.unlabelled(tuple(t))])["input_ids"].shape[1] for t in inputs]}

    def time(self, calls: int) -> dict[str, Any]:
        """Milliseconds of each of `calls` predictions at batch 1, end to end."""
        predict, inputs, clock = self.predictor.predict, self.inputs, time.perf_counter_ns
        took = []
        for i in range(calls):
            value = [inputs[i % len(inputs)]]
            start = clock()
            predict(value)
            took.append((clock() - start) / 1e6)
        return {"ms": took}

    def memory(self) -> dict[str, Any]:
        """MiB after load, at the peak, and grown since the load."""
        return {"load": self.loaded_mb, "peak": memory_mb("VmHWM"), "growth": memory_mb("VmRSS") - self.loaded_mb}


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
