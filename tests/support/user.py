"""Somebody who pulls: a home, a cache, a registry that publishes toy-a, and the command."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.support.published import Server
from zoosmith.publish import folders
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.pull import Pulled, Puller
from zoosmith.store.files import payload
from zoosmith.store.store import Store
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

ROOT = Path(__file__).parents[2]
BIG = random.Random(1).randbytes(3 << 20)
TOKENIZER = b'{"version": "1.0"}'
FILES = {"model.onnx": BIG, "tokenizer.json": TOKENIZER, "vocab/words.txt": b"a\nb\n", "empty.txt": b""}


def at(path: str) -> str:
    """Where a published file lies: elsewhere than in the tree."""
    return "onnx/model_quantized.onnx" if path == "model.onnx" else path


class Silent:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.bytes = 0

    def begin(self, what: str, total: int) -> None:
        self.bytes = 0

    def won(self, count: int) -> None:
        self.bytes += count

    def say(self, text: str) -> None:
        self.said.append(text)


class User:
    """Somebody with a home, a cache and a registry."""

    def __init__(self, folder: Path) -> None:
        self.registry = folder / "registry"
        self.home = folder / "home"
        self.cache = Cache(folder / "cache")
        self.progress = Silent()
        self.stores: tuple[Store, ...] = ()
        self.retry = RetryPolicy(tries=3, first_s=0.01, timeout_s=2.0)

    def pull(self, wanted: str, url: str | None = None) -> list[Pulled]:
        catalog = open_catalog(url or str(self.registry), Path("/nowhere"), self.cache, self.retry)
        return Puller(catalog, self.home, self.cache, self.progress, self.retry, self.stores).pull(wanted)

    def holds(self, name: str, files: dict[str, bytes]) -> bool:
        """Whether home/name is exactly these files beside its manifest."""
        folder = self.home / name
        found = {path.as_posix(): (folder / path).read_bytes() for path in payload(folder)}
        found.pop("manifest.json")
        return found == files and not folders.faults(folder)

    def cache_is_right(self) -> bool:
        return all(
            hashlib.sha256(file.read_bytes()).hexdigest() == file.name for file in (self.cache.root / "files").iterdir()
        )


def zoosmith(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    told = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / ".cache")}
    return subprocess.run(
        [sys.executable, "-m", "zoosmith.app.cli.main", *words],
        cwd=folder, env=os.environ | told | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def visible(folder: Path) -> list[str]:
    """Names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def asked(server: Server, end: str) -> list[str | None]:
    """The Range headers of all requests for a file."""
    return [wanted for path, wanted in server.asked if path.endswith(end)]
