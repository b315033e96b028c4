"""Kill builds with SIGKILL at random moments and look at what is left.

    python -m benchmarks.kills --kills 200 --real 10 --seed 1 --json benchmarks/results/kills.json

A run of `doit` in a temporary zoo loses either doit itself or one of the processes that it started. After each
kill: no process outlives doit by more than two seconds; every byte, tree and action in the store is what its
name says; what was recorded before is still there; `artifacts/NAME` is absent or whole. After one to four kills
a run is left alone: it must succeed, redo nothing that was recorded, and give the trees of an undisturbed zoo.
`--real` does the same with torch, training and ONNX instead of word counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.table import write_table
from tests.support.zoo import RECIPE, write_recipe, write_toy
from zoosmith.common.canonical import digest
from zoosmith.store.files import payload, sha256_file
from zoosmith.store.store import Store

MARK = "ZOOSMITH_KILLS"
GRACE_S = 2.0
HANG_S = 120.0


@dataclass
class Zoo:
    """A temporary zoo, what is built in it, and what was found there."""

    project: Path
    command: tuple[str, ...]
    random: random.Random
    seconds: float = 0.0
    trees: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def store(self) -> Store:
        return Store(self.project / "artifacts" / ".store")

    @property
    def log(self) -> Path:
        return self.project / "doit.log"

    def start(self) -> subprocess.Popen[bytes]:
        """doit, marked so that it and whatever it starts can be found."""
        environment = os.environ | {MARK: self.token, "TMPDIR": str(self.project)}
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "doit", *self.command],
                cwd=self.project, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def blame(self, what: str) -> None:
        self.faults.append(what)
        print(f"VIOLATION: {what}\n{self.log.read_text(errors='replace')}", file=sys.stderr)


def marked(token: str) -> list[int]:
    """Living processes that have our mark in their environment."""
    wanted = f"{MARK}={token}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it ended, or is not ours to read
            continue
    return found


def undisturbed(zoo: Zoo) -> None:
    """Run to the end, and check that the end is right."""
    recorded = records(zoo)
    started = time.monotonic()
    process = zoo.start()
    status = process.wait()
    zoo.seconds = time.monotonic() - started
    if status:
        zoo.blame(f"a run that was left alone ended with exit status {status}")
    gone(zoo)
    intact(zoo, recorded)
    found = delivered(zoo)
    zoo.trees = zoo.trees or found
    if found != zoo.trees:
        zoo.blame(f"other trees than in an undisturbed zoo: {found} instead of {zoo.trees}")
    if left := [path.name for path in (zoo.project / "artifacts").glob(".*.*") if path.is_dir()]:
        zoo.blame(f"left behind below artifacts/: {left}")


def disturbed(zoo: Zoo) -> bool:
    """Start a run, kill part of it at a random moment, and look around. False where it was over before."""
    recorded = records(zoo)
    process = zoo.start()
    moment = time.monotonic() + zoo.random.uniform(0.0, zoo.seconds)
    target = zoo.random.choice(("doit", "worker"))
    while process.poll() is None and time.monotonic() < moment:
        time.sleep(0.001)
    recorded |= records(zoo)
    victim = process.pid if target == "doit" else choose(zoo, process)
    if process.poll() is not None or victim is None:
        return False
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:  # the worker ended in between
        return False
    finally:
        finish(zoo, process)
    zoo.counts[target] += 1
    zoo.counts["with work to go on from"] += any(zoo.store.root.glob("work/*/scratch/*"))
    gone(zoo)
    intact(zoo, recorded)
    return True


def choose(zoo: Zoo, process: subprocess.Popen[bytes]) -> int | None:
    """A random process below doit, as soon as there is one."""
    while process.poll() is None:
        if below := [pid for pid in marked(zoo.token) if pid != process.pid]:
            return zoo.random.choice(below)
        time.sleep(0.001)
    return None


def finish(zoo: Zoo, process: subprocess.Popen[bytes]) -> None:
    """Wait for doit: it goes at once when it was killed, and tells of a killed worker without a traceback."""
    try:
        process.wait(HANG_S)
    except subprocess.TimeoutExpired:
        zoo.blame(f"doit was still there {HANG_S:.0f} s after its worker was killed")
        process.kill()
        process.wait()
    if b"Traceback" in zoo.log.read_bytes():
        zoo.blame("doit showed a traceback")


def gone(zoo: Zoo) -> None:
    """No process of this run may outlive doit by more than two seconds."""
    deadline = time.monotonic() + GRACE_S
    while left := marked(zoo.token):
        if time.monotonic() > deadline:
            zoo.blame(f"processes outlive doit: {left}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.01)


def records(zoo: Zoo) -> dict[str, bytes]:
    """The action cache as bytes by key."""
    return {path.stem: path.read_bytes() for path in visible(zoo.store.root / "actions")}


def visible(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*")) if not path.name.startswith("."))


def _is_kept(store: Store, tree: str) -> bool:
    """Whether its files are here, or were left in a cache, which whoever keeps one looks into."""
    return store.has(tree) or (store.root / "left" / f"{tree}.json").is_file()


def intact(zoo: Zoo, recorded: dict[str, bytes]) -> None:
    """Blame whatever in store or artifacts/ is not what its name says, or has gone or changed."""
    store, now = zoo.store, records(zoo)
    for path in (store.root / "files").glob("*/*"):
        if sha256_file(path) != path.parent.name + path.name:
            zoo.blame(f"{path} holds other bytes")
    for path in visible(store.root / "trees"):
        if not _is_kept(store, path.stem):
            zoo.blame(f"tree {path.stem} lacks files")
    for key in now:
        record = store.recorded(key)
        if record is None or not _is_kept(store, record.tree):
            zoo.blame(f"action {key} is recorded without its tree")
    for key, before in recorded.items():
        if now.get(key) != before:
            zoo.blame(f"action {key} was recorded before and is now {'changed' if key in now else 'gone'}")
    for name, tree in delivered(zoo).items():
        if store.tree(tree) is None:
            zoo.blame(f"artifacts/{name} is no whole tree")


def delivered(zoo: Zoo) -> dict[str, str]:
    """Tree digest, computed from the files, by folder of artifacts/."""
    found = {}
    for folder in visible(zoo.project / "artifacts"):
        entries = [[path.as_posix(), (folder / path).stat().st_size, sha256_file(folder / path)]
                   for path in payload(folder)]  # fmt: skip
        found[folder.name] = digest(entries)
    return found


def rounds(zoo: Zoo, kills: int, tell: Callable[[str], None] = lambda text: None) -> Zoo:
    """An undisturbed run to learn what is right, then `kills` kills with undisturbed runs in between."""
    undisturbed(zoo)
    full = zoo.seconds
    while zoo.counts["doit"] + zoo.counts["worker"] < kills:
        shutil.rmtree(zoo.project / "artifacts")
        left = kills - zoo.counts["doit"] - zoo.counts["worker"]
        for _ in range(min(left, zoo.random.randint(1, 4))):
            if not disturbed(zoo):
                break
        undisturbed(zoo)
        zoo.seconds = full
        tell(f"{zoo.counts['doit'] + zoo.counts['worker']} of {kills}")
    return zoo


def table_zoo(project: Path, seed: int) -> Zoo:
    """Word counts: seconds from start to end, most of them spent in workers that write files."""
    write_table(project, shards=12, shard_bytes=100_000, pause_s=0.05)
    return Zoo(project, ("-n", "2", "artifact:toy-*"), random.Random(seed))


def real_zoo(project: Path, seed: int) -> Zoo:
    """A tiny BERT: trained, exported, quantised."""
    write_toy(project)
    artifacts = RECIPE["artifacts"]
    trained = artifacts["fp32"] | {"params": artifacts["fp32"]["params"] | {"epochs": 12, "patience": 12}}
    write_recipe(project, RECIPE | {"artifacts": artifacts | {"fp32": trained}})
    return Zoo(project, ("artifact:toy-onnx-int8",), random.Random(seed))


def summary(zoos: dict[str, Zoo]) -> str:
    """A small table."""
    lines = [f"{'builders':<10}{'doit killed':>12}{'worker killed':>15}{'went on from scratch/':>23}{'violations':>12}"]
    for name, zoo in zoos.items():
        counts = zoo.counts
        lines.append(
            f"{name:<10}{counts['doit']:>12}{counts['worker']:>15}{counts['with work to go on from']:>23}"
            f"{len(zoo.faults):>12}"
        )
    return "\n".join(lines)


def main() -> int:
    """Exit code 1 for any violation."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="with fast builders that need no torch")
    parser.add_argument("--real", type=int, default=10, help="with torch, training and ONNX")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the result here")
    given = parser.parse_args()
    zoos, started = {}, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zoosmith-kills-") as folder:
        for name, make, kills in (("table", table_zoo, given.kills), ("torch", real_zoo, given.real)):
            if kills:
                zoo = make(Path(folder) / name, given.seed)
                zoos[name] = rounds(zoo, kills, lambda text, name=name: print(f"{name}: {text}", file=sys.stderr))
    print(summary(zoos))
    faults = [fault for zoo in zoos.values() for fault in zoo.faults]
    if given.json:
        body = {
            "seed": given.seed,
            "seconds": round(time.monotonic() - started),
            "python": platform.python_version(),
            "kernel": platform.release(),
            "kills": {name: dict(sorted(zoo.counts.items())) for name, zoo in zoos.items()},
            "violations": faults,
        }
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
