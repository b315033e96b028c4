"""Pull a big artifact from the loopback, against `curl` followed by a hasher.

    python -m benchmarks.hub --size-mb 1000 --rounds 7 --json benchmarks/results/hub.json

All take turns against one server in a process of its own. What is timed of ours is the whole command: start, registry,
pointer, download, hashes, fsync, rename, entry in the cache. Goals: median speed at least 0.7 of curl and
sha256sum, peak resident memory below 200 MB. The fairer rival is curl and openssl: coreutils may be built without
the processor's SHA instructions, which openssl and Python's hashlib use.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any

from benchmarks._report import options, report
from tests.support.published import manifest, pointer, row_of
from zoosmith.common.canonical import digest, pretty
from zoosmith.records.registry import Registry, to_text
from zoosmith.records.rows import merged
from zoosmith.records.schema import File
from zoosmith.store.files import sha256_file

NAME = "toy-big"
HASHERS = {
    "curl_sha256sum": ("sha256sum",),
    "curl_openssl": ("openssl", "dgst", "-sha256"),
}
MIN_RATIO = 0.7
MAX_RESIDENT_MB = 200.0


class Fast(SimpleHTTPRequestHandler):
    """Files by sendfile(2), so that the server is not what is measured."""

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.flush()
        self.connection.sendfile(source)


def serve(root: str, port: Queue[int]) -> None:
    """Serve `root` for ever."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *told: Fast(*told, directory=root))
    port.put(server.server_address[1])
    server.serve_forever()


def write_registry(root: Path, size_mb: int, parts: int) -> list[str]:
    """An artifact of `parts` files of random bytes, `size_mb` together; returns their paths below root."""
    folder = root / NAME / "v1"
    folder.mkdir(parents=True)
    names = [f"model-{i}.safetensors" for i in range(parts)]
    for name in names:
        with (folder / name).open("wb") as file:
            for _ in range(size_mb // parts):
                file.write(os.urandom(1_000_000))
    told = {name: sha256_file(folder / name) for name in names}
    body = json.loads(manifest({})) | {"files": told}
    (folder / "manifest.json").write_text(pretty(body))
    files = tuple(
        File(path=path.name, size=path.stat().st_size, sha256=sha256_file(path)) for path in sorted(folder.iterdir())
    )
    tree = digest([[file.path, file.size, file.sha256] for file in files])
    changed = {"files": files, "tree_digest": tree, "locations": (f"{NAME}/v1/",)}
    row = row_of(NAME, {"manifest.json": b""}).model_copy(update=changed)
    (folder / "zoosmith.json").write_text(pretty(pointer(NAME, 1, row, lambda path: path)))
    (root / "registry.json").write_text(to_text(merged(Registry(), NAME, row)))
    return [f"{NAME}/v1/{name}" for name in names]


def ours(url: str, work: Path) -> tuple[float, float]:
    """Seconds and peak resident MB of `zoosmith pull`, from nothing."""
    command = [
        sys.executable,
        "-m",
        "zoosmith.app.cli.main",
        "pull",
        NAME,
        "--registry",
        url,
        "--into",
        str(work / "home"),
    ]
    environment = os.environ | {"XDG_CACHE_HOME": str(work / "cache")}
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise RuntimeError(process.stderr.read().decode() if process.stderr else "pull failed")
    return seconds, usage.ru_maxrss * 1024 / 1e6


def theirs(url: str, paths: list[str], work: Path, hasher: tuple[str, ...]) -> float:
    """Seconds of curl into files, then of the hasher over them."""
    words = [word for i, path in enumerate(paths) for word in ("-o", str(work / f"{i}"), url + path)]
    started = time.perf_counter()
    subprocess.run(["curl", "-sSf", *words], check=True)
    files = [str(work / f"{i}") for i in range(len(paths))]
    subprocess.run([*hasher, *files], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def race(url: str, paths: list[str], work: Path, rounds: int) -> dict[str, Any]:
    """All in turns, each round beginning with another, each into an empty folder whose predecessor is on disk."""
    turns = ["pull", *HASHERS]
    seconds: dict[str, list[float]] = {turn: [] for turn in turns}
    resident = 0.0
    for i in range(rounds):
        for turn in turns[i % len(turns) :] + turns[: i % len(turns)]:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            os.sync()
            if turn == "pull":
                spent, memory = ours(url, work)
                resident = max(resident, memory)
            else:
                spent = theirs(url, paths, work, HASHERS[turn])
            seconds[turn].append(round(spent, 3))
    ratios = {f"ratio_to_{name}": spread(seconds[name], seconds["pull"]) for name in HASHERS}
    return {"seconds": seconds, **ratios, "resident_mb": round(resident, 1)}


def spread(theirs: list[float], ours: list[float]) -> dict[str, float]:
    """Speed of ours over theirs, round by round."""
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    return {
        "median": round(statistics.median(ratios), 2),
        "min": round(min(ratios), 2),
        "max": round(max(ratios), 2),
    }


def served_race(size_mb: int, parts: int, rounds: int) -> dict[str, Any]:
    """A registry, its server, and the race."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "registry"
        paths = write_registry(root, size_mb, parts)
        port: Queue[int] = Queue()
        server = Process(target=serve, args=(str(root), port), daemon=True)
        server.start()
        try:
            return race(f"http://127.0.0.1:{port.get(timeout=30)}/", paths, Path(name) / "work", rounds)
        finally:
            server.terminate()
            server.join()


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, size_mb=1000, rounds=7)
    parser.add_argument("--files", type=int, nargs="+", default=[1, 4], help="numbers of files to split it into")
    given = parser.parse_args()
    runs = {f"files_{count}": served_race(given.size_mb, count, given.rounds) for count in given.files}
    report({"size_mb": given.size_mb, "rounds": given.rounds, **runs}, given.json)
    return int(
        any(
            run["ratio_to_curl_sha256sum"]["median"] < MIN_RATIO or run["resident_mb"] >= MAX_RESIDENT_MB
            for run in runs.values()
        )
    )


if __name__ == "__main__":
    sys.exit(main())
