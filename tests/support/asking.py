"""`zoosmith serve` in a process of its own, and clients that ask it one question after the other."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.support.desk import COMMAND

PATIENCE_S = 120.0
BREATH_S = 0.05


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for it, and say what was waited for."""
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, what
        time.sleep(0.05)


class Asked:
    """What one client after another was answered: by model the versions in turn, and all that was no answer."""

    def __init__(self, names: Sequence[str], log: Path) -> None:
        self.log, self.enough = log, threading.Event()
        self.answers: dict[str, list[str]] = {name: [] for name in names}
        self.failed: list[str] = []

    def ask(self, url: str, name: str) -> None:
        """One question after the other."""
        with httpx2.Client(base_url=url, timeout=20) as client:
            while not self.enough.is_set():
                try:
                    found = client.post("/predict", json={"inputs": ["a lovely film"], "model": name})
                    told = found.json()
                    assert found.status_code == 200 and told["answers"][0]["label"], told
                    self.answers[name].append(told["version"])
                except Exception as error:
                    self.failed.append(f"{name}: {type(error).__name__} {error}")
                time.sleep(BREATH_S)  # two cores also run the commands that all this is about

    def turns(self, name: str) -> list[str]:
        """The versions that a model answered with, one after the other."""
        return [version for version, _ in itertools.groupby(self.answers[name])]

    def until(self, name: str, version: str) -> None:
        """Wait until a model answers with a version."""
        until(lambda: self.answers[name][-1:] == [version], f"{name} is not {version}: {self.log.read_text()}")

    def until_told(self, text: str) -> None:
        """Wait until the server's log says something."""
        until(lambda: text in self.log.read_text(), f"{text!r} is not told: {self.log.read_text()}")


@contextmanager
def serving(
    words: Sequence[str], names: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[Asked]:
    """A server, asked for each of `names` by a thread of its own. At its end SIGTERM must end it with exit code 0."""
    log = folder / "serve.log"
    asked = Asked(names, log)
    with log.open("w") as out:
        server = subprocess.Popen(
            [*COMMAND, "serve", *words, "--port", "0"], cwd=folder, env=dict(environment), stdout=out, stderr=out
        )
    clients: list[threading.Thread] = []
    try:
        until(lambda: " on http://" in log.read_text() or server.poll() is not None, "the server does not start")
        found = re.search(r"on (http://[0-9.:]+);", log.read_text())
        assert found, log.read_text()
        clients = [threading.Thread(target=asked.ask, args=(found[1], name), daemon=True) for name in names]
        for client in clients:
            client.start()
        yield asked
    finally:
        asked.enough.set()
        for client in clients:
            client.join(30)
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
    assert code == 0, log.read_text()
    assert "Traceback" not in log.read_text()
