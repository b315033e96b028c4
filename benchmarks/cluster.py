"""Steps through Ray beside worker processes of this machine, and a file through a cache beside obstore and openssl.

    python -m benchmarks.cluster [--steps 200 --size-mb 1000 --rounds 5] [--json benchmarks/results/cluster.json]

Steps: independent builds that sleep for 0.2 s each, on two cores: `doit -n 2` with local workers, and `doit -n 4
--executor ray:...` on two nodes of one core each (so that a core does not wait while the driver sends and receives).
Both begin from an empty store and an empty cache, a folder, which both fill; the times are of whole commands. Beside
them stand seconds of the processor that each driver took, its steps not counted where Ray ran them.

File: a tree of one file of random bytes is sent to the cache and fetched into another store, hashed on both ways;
plainly, `openssl dgst -sha256` reads the file, obstore copies it there, obstore copies it back, and openssl reads that.
`--url s3://BUCKET/PATH --endpoint URL` names a bucket; without it the cache is a folder. All take turns; a ratio is of
medians.
Goals: 0.8 of the local workers' throughput, 0.7 of the plain copies' speed each way.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._report import options, report
from tests.support import cluster
from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import write_recipe
from zoosmith.remote import trees
from zoosmith.remote.bucket import Bucket
from zoosmith.remote.cache import Cache, opened
from zoosmith.remote.config import CacheConfig
from zoosmith.store.store import Store

STEP_S = 0.2
CORES = 2
GOALS = {"throughput": 0.8, "send": 0.7, "fetch": 0.7}
FAMILY = "family0"


class Spent(NamedTuple):
    """Seconds on the clock, and of the processor by the command without what it left to others."""

    wall: float
    processor: float


def write_zoo(project: Path, steps: int) -> Path:
    """A zoo of so many artifacts of one base, with a cache in a folder of its own."""
    write_fast_zoo(project, artifacts=1)
    recipe = fast_recipe(1)
    made = {f"a{one}": {"builder": "table", "from": "words", "params": {"scale": 1.0 + one / 64, "seconds": STEP_S}}
            for one in range(steps)}  # fmt: skip
    write_recipe(project, recipe | {"artifacts": made}, FAMILY)
    (project / "cache").mkdir()
    text = f'[[cache]]\nname = "folder"\nurl = "file://{project / "cache"}"\nwrite = true\ntrust = "any"\n'
    (project / "zoosmith.toml").write_text(text)
    return project


def built(project: Path, steps: int, *how: str) -> Spent:
    """Build all of them from nothing. Raises RuntimeError where a step is not there after."""
    for folder in ("artifacts", "cache"):
        shutil.rmtree(project / folder, ignore_errors=True)
        (project / folder).mkdir()
    names = [f"_step:{FAMILY}/a{one}" for one in range(steps)]
    environment = os.environ | {"TMPDIR": str(project / "artifacts")}  # its own lock for measurements
    begun, before = time.perf_counter(), _children()
    command = [sys.executable, "-m", "doit", "run", *how, *names]
    ran = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    spent = Spent(round(time.perf_counter() - begun, 3), round(_children() - before, 3))
    there = len(list((project / "artifacts" / ".store" / "names" / FAMILY).glob("a*.json")))
    if ran.returncode or there != steps:
        raise RuntimeError(f"{there} of {steps} steps are there: {(ran.stdout + ran.stderr)[-2000:]}")
    return spent


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def throughput(folder: Path, steps: int, rounds: int) -> dict[str, Any]:
    """Both ways in turns, on the same two cores."""
    project = write_zoo(folder / "zoo", steps)
    with cluster.running(folder / "nodes", nodes=0) as nodes:
        cluster.apart(folder / "tmp")
        for one in range(CORES):
            nodes.add(f"node{one}")
        nodes.cluster.wait_for_nodes()

        def through_ray() -> Spent:
            for store in nodes.root.glob("node*/.store"):
                shutil.rmtree(store)
            return built(project, steps, "-n", str(2 * CORES), "--executor", nodes.address)

        found = in_turns({"local": lambda: built(project, steps, "-n", str(CORES)), "ray": through_ray}, rounds)
    middle = {name: statistics.median(one.wall for one in times) for name, times in found.items()}
    return {
        "steps": steps,
        "seconds": {name: [one.wall for one in times] for name, times in found.items()},
        "driver_processor_s": {name: [one.processor for one in times] for name, times in found.items()},
        "steps_a_second": {name: round(steps / wall, 3) for name, wall in middle.items()},
        "ratio": round(middle["local"] / middle["ray"], 3),
    }


def in_turns(ways: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """What each gives, round by round, each round beginning with another."""
    found: dict[str, list[Any]] = {name: [] for name in ways}
    names = list(ways)
    for one in range(rounds):
        for name in names[one % len(names) :] + names[: one % len(names)]:
            found[name].append(ways[name]())
    return found


class Ours:
    """The file as a tree, through the project's cache."""

    def __init__(self, cache: Cache, file: Path, folder: Path) -> None:
        self.cache, self.folder, self.store = cache, folder, Store(folder / "from")
        staging = folder / "staging"
        staging.mkdir()
        shutil.copyfile(file, staging / "model.safetensors")
        self.tree = self.store.add_tree(staging)

    def send(self) -> None:
        trees.send(self.cache.blobs, self.store, self.tree)

    def fetch(self) -> None:
        target = Store(self.folder / "to")
        if not trees.fetch(self.cache.blobs, target, self.tree):
            raise RuntimeError("the tree is not there")

    def clear(self) -> None:
        for entry in self.store.tree(self.tree) or ():
            self.cache.objects.delete(f"cas/{entry.sha256[:2]}/{entry.sha256}")
        self.cache.objects.delete(f"cas/{self.tree[:2]}/{self.tree}")
        shutil.rmtree(self.folder / "to", ignore_errors=True)


class Plain:
    """obstore's own copies, and openssl's hash."""

    def __init__(self, config: CacheConfig, file: Path, folder: Path) -> None:
        self.store, self.file, self.back = Bucket(config).store, file, folder / "back.bin"

    def send(self) -> None:
        import obstore

        self.digest = _openssl(self.file)
        obstore.put(self.store, "plain.bin", self.file)

    def fetch(self) -> None:
        import obstore

        with self.back.open("wb") as file:
            for chunk in obstore.get(self.store, "plain.bin").stream(min_chunk_size=8 << 20):
                file.write(chunk)
        if _openssl(self.back) != self.digest:
            raise RuntimeError("other bytes came back")

    def clear(self) -> None:
        import obstore

        obstore.delete(self.store, "plain.bin")
        self.back.unlink()


def _openssl(file: Path) -> str:
    command = ["openssl", "dgst", "-sha256", "-r", str(file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]


def transfer(folder: Path, size_mb: int, rounds: int, config: CacheConfig) -> dict[str, Any]:
    """Seconds to send and to fetch, both ways in turns, after what came before is on disk."""
    file = folder / "file.bin"
    with file.open("wb") as writer:
        for _ in range(size_mb):
            writer.write(os.urandom(1_000_000))
    sides: dict[str, Ours | Plain] = {
        "ours": Ours(opened(config), file, folder), "plain": Plain(config, file, folder)
    }  # fmt: skip
    found = in_turns({name: lambda side=side: _timed(side) for name, side in sides.items()}, rounds)
    seconds = {
        name: {what: [one[what] for one in times] for what in ("send", "fetch")} for name, times in found.items()
    }
    middle = {name: {what: statistics.median(times) for what, times in both.items()} for name, both in seconds.items()}
    ratios = {what: round(middle["plain"][what] / middle["ours"][what], 3) for what in ("send", "fetch")}
    return {"size_mb": size_mb, "scheme": config.scheme, "seconds": seconds, "ratio": ratios}


def _timed(side: Ours | Plain) -> dict[str, float]:
    found = {}
    for what, act in (("send", side.send), ("fetch", side.fetch)):
        os.sync()
        begun = time.perf_counter()
        act()
        found[what] = round(time.perf_counter() - begun, 3)
    side.clear()
    return found


def missed(found: dict[str, Any]) -> list[str]:
    """Goals that were not met, in words."""
    ratios = {"throughput": found["throughput"]["ratio"], **found["transfer"]["ratio"]}
    return [f"{name}: {ratios[name]}, the goal is {goal}" for name, goal in GOALS.items() if ratios[name] < goal]


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__ or "", steps=200, size_mb=1000, rounds=5)
    parser.add_argument("--url", help="of the cache for the file; default: a folder")
    parser.add_argument("--endpoint", default="", help="of a store that speaks S3 elsewhere than at Amazon")
    given = parser.parse_args()
    with ExitStack() as held:
        folder, other = (Path(held.enter_context(tempfile.TemporaryDirectory(prefix="zoosmith-"))) for _ in range(2))
        (folder / "cache").mkdir()
        url = given.url or f"file://{folder / 'cache'}"
        config = CacheConfig("file", url, write=True, trust="any", endpoint=given.endpoint)
        found = {
            "transfer": transfer(folder, given.size_mb, given.rounds, config),
            "throughput": throughput(other, given.steps, given.rounds),
        }
    report({"rounds": given.rounds, "goals": GOALS, **found}, given.json)
    for line in missed(found):
        print(f"MISSED {line}", file=sys.stderr)
    return 1 if missed(found) else 0


if __name__ == "__main__":
    sys.exit(main())
