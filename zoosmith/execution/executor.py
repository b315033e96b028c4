"""Executors run one action to its end; the one here does so in a worker process of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import Action
from zoosmith.execution.environments import python_for
from zoosmith.execution.fork_server import ForkServer, can_fork
from zoosmith.execution.interrupt import Worker, Workers, kill
from zoosmith.store import heal
from zoosmith.store.store import Store
from zoosmith.toolkit.torch.imports import modules_of

if TYPE_CHECKING:
    from zoosmith.execution.cluster.profile import Profile

PAGE = os.sysconf("SC_PAGE_SIZE")
Progress = Callable[[dict[str, Any]], None]
Variables = Callable[[Mapping[str, str]], dict[str, str]]


def no_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Adds nothing to the environment of a worker."""
    return {}


class StepFailed(ZooError):
    """A step that did not finish; the text says why and where its log is."""


class StepKilled(StepFailed):
    """A step whose process was killed by something else than its timeout or its user; another try may end well."""


@dataclass(frozen=True)
class Outcome:
    """What a worker gave: tree digest, notes, peak resident memory in MiB, seconds; its host, where it is not ours."""

    tree: str
    notes: dict[str, Any]
    peak_mb: int
    seconds: float
    host: dict[str, Any] | None = None


class Executor(ABC):
    """Runs actions. Cache, locks, budget and record are the runner's."""

    def here(self, action: Action) -> bool:
        """Whether the action takes of this machine's cores and memory, which the runner then shares out."""
        return True

    def profiles(self) -> list[Profile]:
        """What the machines of its cluster announce of themselves. Raises ZooError where it has none."""
        raise ZooError(
            "steps run on this machine alone, and host classes are those of a cluster; add `--executor ray:auto`, or "
            "`[executor]` to zoosmith.toml (docs/scale-out.md)"
        )

    def leaves(self, action: Action) -> str:
        """URL of the cache in which files of what an action makes are left until somebody reads them; "" for none."""
        return ""

    def claimed(self, action: Action, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
        """Keeps other machines from running the action meanwhile; `waiting` is told once who does before.

        Nothing to do for one machine: whoever shares its store waits for the lock on the key.
        """
        return nullcontext()

    @abstractmethod
    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end; whatever it started has ended too when this returns.

        lock: descriptor of the lock on the action's key, which whoever works on it must hold.
        progress: takes {"done", "total", "text"}, {"say"} and {"memory_mb"}.

        Raises StepFailed, or KeyboardInterrupt if the user interrupted.
        """


class LocalExecutor(Executor):
    """One worker process a step. The lock's descriptor is handed on, so a dying worker still holds it."""

    def __init__(
        self, store: Store, project: Path, workers: Workers | None = None, variables: Variables = no_variables
    ) -> None:
        """Run steps over `store` for the zoo in `project`; `workers` can interrupt them.

        variables: gives what to add to the environment of every worker, out of this process's own.
        """
        self.store = store
        self.project = project
        self.workers = workers or Workers()
        self.variables = variables
        self._fork_servers: dict[frozenset[tuple[str, str]], ForkServer] = {}
        self._lock = threading.Lock()

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end. A worker never outlives this call.

        Raises StepFailed, or KeyboardInterrupt if the workers were interrupted.
        """
        log = self.store.folder("logs") / f"{action.key}.log"
        heal.make_way(log)
        started = time.monotonic()
        reader, writer = os.pipe()
        try:
            with log.open("wb") as sink:
                process = self._start(action, sink, (writer, lock), progress)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        watch = _Watch(process, action.timeout_s, progress)
        try:
            messages = self._listen(process, reader, action, (writer, lock), progress)
        finally:
            watch.stop()
            self.workers.end(process)
        if "result" in messages:
            result = messages["result"]
            return Outcome(result["tree"], result["notes"], watch.peak_mb, time.monotonic() - started)
        if self.workers.interrupted:
            raise KeyboardInterrupt
        killed = process.returncode == -signal.SIGKILL and not watch.timed_out and "error" not in messages
        fault = StepKilled if killed else StepFailed
        raise fault(f"{action.title}: {self._why(messages, process, watch)}\n  log: {log}")

    def _start(self, action: Action, sink: IO[bytes], handles: tuple[int, int], progress: Progress) -> Worker:
        environment = self._environment(action)
        if (modules := modules_of(action.imports)) and not action.environment and can_fork():
            fork_server = self._fork_server(environment, sink)
            progress({"done": None, "total": None, "text": f"importing {', '.join(action.imports)}"})
            fork_server.prepare(modules)
            return self.workers.start(lambda: fork_server.start(sink, handles))
        python = python_for(action.environment, self.store, sys.executable)
        return self.workers.start(lambda: subprocess.Popen(
            [python, "-m", "zoosmith.execution.worker"],
            stdin=subprocess.PIPE, stdout=sink, stderr=sink, pass_fds=handles, env=environment,
            start_new_session=True, cwd=self.project,
        ))  # fmt: skip

    def _fork_server(self, environment: dict[str, str], log: IO[bytes]) -> ForkServer:
        """The one of this environment: libraries read it when they are imported."""
        with self._lock:
            key = frozenset(environment.items())
            if key not in self._fork_servers:
                self._fork_servers[key] = ForkServer(environment, self.project, log)
            return self._fork_servers[key]

    def _environment(self, action: Action) -> dict[str, str]:
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false"}
        environment |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "ZOOSMITH_PYTHON": sys.executable}
        environment |= {"GOMP_SPINCOUNT": "1000"}  # spin a little: long spinning stops other steps, none costs 15 %
        environment |= self.variables(os.environ)
        if "threads" in action.run:  # torch, MKL and OpenMP read it when they are loaded
            environment |= {"OMP_NUM_THREADS": str(action.run["threads"])}
        elif (
            action.host
        ):  # Ray's, of as many cores as the step has; what is timed says itself how many threads it takes
            environment.pop("OMP_NUM_THREADS", None)
        return environment

    def _listen(
        self, process: Worker, reader: int, action: Action, handles: tuple[int, int], progress: Progress
    ) -> dict[str, Any]:
        channel, lock = handles
        request = {
            "key": action.key, "entry": action.entry, "inputs": action.inputs, "run": action.run,
            "store": str(self.store.root), "project": str(self.project), "channel": channel, "lock": lock,
            "clean": not action.environment,
        }  # fmt: skip
        last: dict[str, Any] = {}
        with os.fdopen(reader, "r") as lines:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it died at once; its end of the channel tells so
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            for line in lines:
                if not line.endswith("\n"):  # killed while it wrote
                    break
                message = json.loads(line)
                if "progress" in message:
                    progress(message["progress"])
                else:
                    last = message
        process.wait()
        return last

    def _why(self, messages: dict[str, Any], process: Worker, watch: _Watch) -> str:
        if watch.timed_out:
            return f"took longer than {watch.timeout_s:.0f} s and was ended"
        if "error" in messages:
            return str(messages["error"])
        code = process.returncode
        if code == -signal.SIGKILL:
            total = os.sysconf("SC_PHYS_PAGES") * PAGE // 2**20
            return (
                f"its process was killed (signal 9), as the kernel does when memory runs out; it had used "
                f"{watch.peak_mb} MiB of {total} MiB. Close other programs or run fewer steps at once"
            )
        return f"its process ended without a result (exit status {code})"


class _Watch:
    """Samples a worker's resident memory twice a second and ends it after the timeout."""

    def __init__(self, process: Worker, timeout_s: float, progress: Progress) -> None:
        self.process = process
        self.timeout_s = timeout_s
        self.progress = progress
        self.peak_mb = 0
        self.timed_out = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        deadline = time.monotonic() + self.timeout_s
        while not self._stop.wait(0.5):
            if self.process.poll() is not None:  # what it forked still holds our pipe open
                kill(self.process)
                return
            resident = resident_mb(self.process.pid)
            self.peak_mb = max(self.peak_mb, resident)
            self.progress({"memory_mb": resident})
            if time.monotonic() > deadline:
                self.timed_out = True
                kill(self.process)
                return


def resident_mb(pid: int) -> int:
    """Resident memory of a process in MiB, 0 if it is gone. Source: proc_pid_statm(5)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE // 2**20
    except (OSError, IndexError):
        return 0
