"""Kill pulls with SIGKILL at random moments, under faults of the server, and look at what is left.

    python -m benchmarks.pull_kills --kills 200 --seed 1 --json benchmarks/results/pull_kills.json

After each kill `NAME` is absent or one whole version, and every file in the cache is what its name says. Then the
faults end: the next pull must succeed, give the version that was asked for, and leave nothing else behind.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.published import Fault, Server, publish, serving
from zoosmith.core.registry import Row
from zoosmith.hub import folders

NAME = "toy-a"
VICTIM = """
import sys, zoosmith.cli, zoosmith.hub.pull, zoosmith.commands._progress, zoosmith.project
print("ready", flush=True)
sys.exit(zoosmith.cli.main(sys.argv[1:]))
"""


@dataclass
class Bench:
    """A registry with two versions, one user, and what was found."""

    folder: Path
    server: Server
    random: random.Random
    usual_s: float = 1.0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def cached(self) -> Path:
        return self.folder / "xdg" / "zoosmith" / "files"

    @contextmanager
    def pull(self, wanted: str) -> Iterator[subprocess.Popen[bytes]]:
        """A pull that has finished its imports."""
        words = ["pull", wanted, "--registry", self.server.url, "--into", str(self.home)]
        environment = os.environ | {"XDG_CACHE_HOME": str(self.folder / "xdg")}
        process = subprocess.Popen(
            [sys.executable, "-c", VICTIM, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with process:
            assert process.stdout
            process.stdout.readline()
            yield process

    def finish(self, wanted: str) -> tuple[int, str, float]:
        """Exit code, standard error and seconds of a pull that is left alone."""
        with self.pull(wanted) as process:
            started = time.perf_counter()
            _, said = process.communicate(timeout=120)
            return process.returncode, said.decode(), time.perf_counter() - started

    def blame(self, what: str) -> None:
        self.faults.append(what)
        print(f"VIOLATION: {what}", file=sys.stderr)


def content(source: random.Random) -> dict[str, bytes]:
    """A few files of very different sizes."""
    sizes = {"model.safetensors": 6 << 20, "second.safetensors": 1 << 20, "config.json": 300}
    return {path: source.randbytes(size) for path, size in sizes.items()} | {"tokenizer.json": b"shared"}


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


def whole(home: Path, rows: list[Row]) -> int | None:
    """The version that lies at home/NAME; 0 where there is none, None where it is neither."""
    if not (home / NAME).exists():
        return 0
    return next((i for i, row in enumerate(rows, 1) if folders.is_tree(home / NAME, row.files)), None)


def wrong_in_cache(folder: Path) -> list[str]:
    """Names of cached files whose bytes are others."""
    files = [path for path in folder.glob("*") if not path.name.startswith(".new-")]
    return [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def one_kill(bench: Bench, rows: list[Row], number: int) -> None:
    """Kill a pull, look, and pull again."""
    clear(bench, keep_home=bench.random.random() < 0.5, keep_cache=bench.random.random() < 0.3)
    wanted = bench.random.randint(1, len(rows))
    bench.server.faults[:] = some_faults(bench.random)
    early = bench.random.random() < 0.5
    delay = bench.random.uniform(0, bench.usual_s) if early else bench.random.gauss(bench.usual_s, bench.usual_s / 8)
    with bench.pull(f"{NAME}@{wanted}") as process:
        time.sleep(max(0.0, delay))
        bench.counts["killed" if process.poll() is None else "was finished"] += 1
        process.kill()
    left = whole(bench.home, rows)
    if left is None:
        bench.blame(f"kill {number}: a half version is visible")
    bench.counts[state(bench.home)] += 1
    if bad := wrong_in_cache(bench.cached):
        bench.blame(f"kill {number}: the cache holds wrong bytes: {bad}")
    bench.server.faults.clear()
    code, said, seconds = bench.finish(f"{NAME}@{wanted}")
    bench.usual_s += (seconds - bench.usual_s) / 4
    if code or whole(bench.home, rows) != wanted or [path.name for path in bench.home.iterdir()] != [NAME]:
        bench.blame(f"kill {number}: the next pull gave {code}: {said}, left {sorted(bench.home.iterdir())}")
    if bad := wrong_in_cache(bench.cached):
        bench.blame(f"kill {number}: after the next pull the cache holds wrong bytes: {bad}")


def state(home: Path) -> str:
    """Where a kill hit, by what it left."""
    staging = home / f".{NAME}.pull"
    if (home / f".{NAME}.pull-old").exists():
        return "left while replacing"
    if (staging / "tree").exists():
        return "left while assembling"
    return "left while fetching" if staging.exists() else "left nothing begun"


def clear(bench: Bench, *, keep_home: bool, keep_cache: bool) -> None:
    """Start from nothing, or from what the last pull gave."""
    for keep, folder in ((keep_home, bench.home), (keep_cache, bench.folder / "xdg")):
        if not keep and folder.exists():
            subprocess.run(["rm", "-rf", str(folder)], check=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    source = random.Random(given.seed)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "registry") as server:
        rows = [publish(server.root, NAME, content(source)) for _ in range(2)]
        bench = Bench(Path(name), server, source)
        bench.usual_s = bench.finish(NAME)[2]
        while bench.counts["killed"] < given.kills:  # a pull that was faster than its killer does not count
            one_kill(bench, rows, bench.counts.total())
    seconds = round(time.monotonic() - started, 1)
    result = {"kills": given.kills, **bench.counts, "violations": bench.faults, "seed": given.seed, "seconds": seconds}
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main())
