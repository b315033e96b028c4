"""Kill pulls with SIGKILL at random moments, under faults of the server, and look at what is left.

    python -m benchmarks.pull_kills --kills 200 --seed 1 --json benchmarks/results/pull_kills.json

After each kill `NAME` is absent or one whole version, and every file in the cache is what its name says. Then the
faults end: the next pull must succeed, give the version that was asked for, and leave nothing else behind.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks._kills import Ended, Tally, Victim, left_alone
from benchmarks._report import options, report
from tests.support.published import Fault, Server, publish, serving
from zoosmith.publish import folders
from zoosmith.records.registry import Row
from zoosmith.store.files import sha256_file

NAME = "toy-a"


@dataclass
class Bench:
    """A registry with two versions, one user, and what was found."""

    folder: Path
    server: Server
    rows: list[Row]
    random: random.Random
    tally: Tally
    seconds: float = 1.0
    calls: int = 0

    @property
    def home(self) -> Path:
        """Where the user pulls to."""
        return self.folder / "home"

    @property
    def cache(self) -> Path:
        """XDG_CACHE_HOME."""
        return self.folder / "xdg"

    def start(self, version: int) -> Victim:
        """A pull that waits for `go`."""
        return Victim(*self.words(version), cwd=self.folder, XDG_CACHE_HOME=str(self.cache))

    def pull(self, version: int) -> Ended:
        """A pull that is left alone."""
        return left_alone(*self.words(version), cwd=self.folder, XDG_CACHE_HOME=str(self.cache))

    def words(self, version: int) -> tuple[str, ...]:
        """The command."""
        return ("pull", f"{NAME}@{version}", "--registry", self.server.url, "--into", str(self.home))

    def whole(self) -> int | None:
        """The version that lies at home/NAME; 0 where there is none, None where it is neither."""
        if not (self.home / NAME).exists():
            return 0
        return next((i for i, row in enumerate(self.rows, 1) if folders.is_tree(self.home / NAME, row.files)), None)

    def clear(self, *, keep_home: bool, keep_cache: bool) -> None:
        """Start from nothing, or from what the last pull gave."""
        for keep, folder in ((keep_home, self.home), (keep_cache, self.cache)):
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)


def content(source: random.Random) -> dict[str, bytes]:
    """A few files of very different sizes."""
    sizes = {"model.safetensors": 6 << 20, "second.safetensors": 1 << 20}
    config = json.dumps({"noise": source.randbytes(150).hex()}).encode()
    weights = {path: source.randbytes(size) for path, size in sizes.items()}
    return weights | {"config.json": config, "tokenizer.json": b'{"shared": true}'}


def some_faults(source: random.Random) -> list[Fault]:
    """None to three faults that pass."""
    made = []
    for _ in range(source.randint(0, 3)):
        path = source.choice(
            ["model.safetensors", "second.safetensors", "zoosmith.json", "registry.json", "config.json"]
        )
        kind = source.choice(["cut", "slow", "status", "garbage", "ignore-range", "wrong"])
        status = source.choice([429, 500, 503])
        made.append(Fault(kind, path, 1, status, {"Retry-After": "0"}, seconds=source.uniform(0.05, 0.4)))
    return made


def learn(bench: Bench) -> None:
    """What an undisturbed pull takes; that of another version replaces the one that is there."""
    bench.seconds = bench.pull(1).seconds
    bench.clear(keep_home=True, keep_cache=False)
    with bench.start(2) as process:
        process.go(10**9)
        bench.calls = int(process.finish().said.split()[-1])


def one_kill(bench: Bench) -> None:
    """Kill a pull, look, and pull again."""
    dice, tally = bench.random, bench.tally
    bench.clear(keep_home=dice.random() < 0.5, keep_cache=dice.random() < 0.3)
    version, way = dice.randint(1, len(bench.rows)), dice.choice(("time", "call"))
    bench.server.faults[:] = some_faults(dice)
    with bench.start(version) as process:
        process.go(dice.randrange(bench.calls) if way == "call" else -1)
        process.wait(lambda: False, dice.uniform(0.0, 1.5 * bench.seconds) if way == "time" else 60.0)
        hit = process.kill()
    tally.killed(hit, f"by {way}", stage(bench, version))
    look(bench)
    bench.server.faults.clear()
    ended = bench.pull(version)
    if ended.code or bench.whole() != version or [path.name for path in bench.home.iterdir()] != [NAME]:
        tally.blame(f"the next pull gave {ended.code}: {ended.said}, left {sorted(bench.home.iterdir())}")
    look(bench)
    tally.counts["retries that were right"] += 1


def look(bench: Bench) -> None:
    """A version is there whole or not at all, and the cache holds what its names say."""
    if bench.whole() is None:
        bench.tally.blame("a half version is visible")
    for path in (bench.cache / "zoosmith" / "files").glob("*"):
        if not path.name.startswith(".new-") and sha256_file(path) != path.name:
            bench.tally.blame(f"the cache holds wrong bytes: {path.name}")


def stage(bench: Bench, version: int) -> str:
    """Where a kill hit, by what it left."""
    staging = bench.home / f".{NAME}.pull"
    if (bench.home / f".{NAME}.pull-old").exists():
        return "left while replacing"
    if (staging / "tree").exists():
        return "left while assembling"
    if staging.exists():
        return "left while fetching"
    return "left when all was there" if bench.whole() == version else "left with nothing begun"


def run(folder: Path, kills: int, seed: int) -> Tally:
    """A pull that was faster than its killer does not count."""
    dice = random.Random(seed)
    with serving(folder / "registry") as server:
        rows = [publish(server.root, NAME, content(dice)) for _ in range(2)]
        bench = Bench(folder, server, rows, dice, Tally("http"))
        learn(bench)
        while bench.tally.counts["killed"] < kills:
            one_kill(bench)
    return bench.tally


def main() -> int:
    """Exit code 1 for any violation."""
    given = options(__doc__, kills=200, seed=1).parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pull-kills-") as folder:
        tally = run(Path(folder), given.kills, given.seed)
    report(Tally.summary([tally], given.seed, time.monotonic() - started), given.json)
    return int(bool(tally.violations))


if __name__ == "__main__":
    sys.exit(main())
