"""Artifacts that answer as slowly, and with as many threads, as a test says: no model, no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.job import spec
from tests.support.zoo import write_project, write_tokenizer
from zoosmith.bench.speed import measuring_cpus
from zoosmith.contract.manifest import Manifest

RUNTIME = '''\
"""Sleeps, hashes in as many threads as toy.json says whatever it is given, spins while it waits."""

import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

REQUIRES = ("numpy", "tokenizers")
EXTRA = "onnx"
LIBRARY = "toy"
CAPABILITIES = ("classify",)
BYTES = bytes(2**20)


class Toy:
    def __init__(self, about):
        self.about = about
        self.idle = threading.Event()
        self.idle.set()
        self.pool = ThreadPoolExecutor(about["threads"]) if "threads" in about else None
        if about.get("spins"):
            threading.Thread(target=self.spin, daemon=True).start()

    def spin(self):
        while True:
            self.idle.wait()
            hashlib.sha256(BYTES).digest()

    def classify(self, encoded):
        import numpy as np

        rows, tokens = encoded["input_ids"].shape
        if tokens > self.about.get("positions", 512):
            raise IndexError(f"no position {tokens}")
        self.idle.clear()
        time.sleep(self.about.get("sleep_ms", 0) / 1000)
        work = [BYTES] * self.about.get("hashes", 0)
        list((self.pool.map if self.pool else map)(hashlib.sha256, work))
        self.idle.set()
        return np.zeros((rows, 2), dtype=np.float32)


def open(path, manifest, *, threads, device="cpu", needs=None):
    return Toy(json.loads((path / "toy.json").read_text()))
'''


def write_toy(project: Path, name: str, **about: Any) -> Path:
    """The artifact `name` in `project`: sleep_ms a call, hashes in threads, spins, positions."""
    write_project(project)
    (project / "runtimes").mkdir(exist_ok=True)
    (project / "runtimes" / "toy.py").write_text(RUNTIME, encoding="utf-8")
    folder = project / "artifacts" / name
    folder.mkdir(parents=True)
    write_tokenizer(folder)
    (folder / "toy.json").write_text(json.dumps(about), encoding="utf-8")
    manifest = Manifest(format="toy", precision="none", task=spec())
    (folder / "manifest.json").write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
    return folder


def opening(project: Path, *folders: Path, threads: int = 1) -> dict[str, Any]:
    """Arguments of `Child.open` without the folder."""
    return {
        "project": str(project),
        "needs": {str(folder): {} for folder in folders},
        "threads": threads,
        "cpus": measuring_cpus(threads),
        "device": "cpu",
        "inputs": ["a good film", "the plot was very dull", "bad"],
    }


def silent(*_: Any, **__: Any) -> None:
    """Progress that nobody watches."""
