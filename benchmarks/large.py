"""A registry of 10,000 artifacts: seconds to search it, and bytes that one more version writes.

    python -m benchmarks.large [--artifacts N]

Rows are those of the zoo's own registry.json under other names. Each time is the median of five processes of the real
command, start of Python included; the first read fills the cache. Seconds are of the CPU, so a busy host counts less.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from zoosmith.publish import ledger, objects
from zoosmith.publish.migrating import migrate
from zoosmith.records.registry import Entry, Registry, parse, to_text

ROOT = Path(__file__).resolve().parents[1]
RUNS = 5


def registry(count: int) -> Registry:
    """So many artifacts, each a copy of one of the zoo's."""
    own = list(parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json").artifacts.items())
    return Registry(artifacts={f"{own[i % len(own)][0]}-{i}": own[i % len(own)][1] for i in range(count)})


def cpu() -> float:
    """Seconds that processes of this one have computed so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(place: str, cache: Path, *words: str) -> float:
    """CPU seconds of one process of the command."""
    told = {"XDG_CACHE_HOME": str(cache), "ZOOSMITH_CONFIG": str(cache / "none"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "zoosmith.app.cli.main", *words, "--registry", place]
    begun = cpu()
    subprocess.run(command, env=os.environ | told, cwd=cache, stdout=subprocess.DEVNULL, check=True)
    return cpu() - begun


def timed(place: str, cache: Path, *words: str) -> tuple[float, float]:
    """The first process, and the median of the others."""
    cache.mkdir()
    first = seconds(place, cache, *words)
    return first, median(seconds(place, cache, *words) for _ in range(RUNS))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a folder while this process serves it, whose seconds do not count."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of what it is asked."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def another(folder: Path, name: str) -> int:
    """Bytes that one more version of `name` writes."""
    book = ledger.InFolder(folder)
    entry = book.entry(name)
    assert entry is not None
    number = str(max(map(int, entry.versions)) + 1)
    row = entry.versions[str(entry.latest)].model_copy(update={"tree_digest": "f" * 64})
    book.put(name, Entry(latest=int(number), versions={**entry.versions, number: row}))
    return sum(map(len, book.files.values()))


def laid(folder: Path, count: int) -> str:
    """A registry of many files with so many artifacts; the last name. What is written is what `migrate` writes."""
    root, made = objects.whole(registry(count))
    for digest, data in made:
        (folder / objects.path_of(digest)).parent.mkdir(parents=True, exist_ok=True)
        (folder / objects.path_of(digest)).write_bytes(data)
    (folder / "registry.json").write_bytes(root.text())
    return max(registry(count).artifacts)


def migrated(folder: Path, count: int) -> str:
    """A registry of one file; the last name."""
    (folder / "registry.json").write_text(to_text(registry(count)), encoding="utf-8")
    return max(registry(count).artifacts)


def told(place: Path, form: str, count: int) -> None:
    """One line of the table."""
    folder = place / "registry"
    folder.mkdir(parents=True)
    name = {"many files": laid, "one file": migrated}[form](folder, count)
    size = (folder / "registry.json").stat().st_size / 1e3
    first, again = timed(str(folder), place / "search", "search", name)
    with served(folder) as url:
        far = timed(url, place / "far", "search", name)[1]
    every = timed(str(folder), place / "every", "search")[1]
    shown = timed(str(folder), place / "show", "show", name)[1]
    more = another(folder, name) / 1e3
    took = f"{first:14.2f}  {again:14.2f}  {far:11.2f}  {every:10.2f}  {shown:6.2f}"
    print(f"{form:<10}  {count:9,}  {size:16,.0f}  {took}  {more:19,.1f}")
    if form == "one file":
        begun = time.perf_counter()
        done = migrate(str(folder))
        migrating = time.perf_counter() - begun
        print(f"`zoosmith migrate` of the one file: {migrating:.1f} s, {done.files:,} files, {done.size / 1e6:.0f} MB")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=int, default=10_000, help="of many files")
    parser.add_argument("--single", type=int, default=4_000, help="of one file, which is read up to 64 MiB")
    given = parser.parse_args()
    print(
        "form        artifacts  registry.json kB  search first s  search again s  at a URL s  list all s  show s  "
        "one more version kB"
    )
    for form, count in (("one file", given.single), ("many files", given.artifacts)):
        with tempfile.TemporaryDirectory() as place:
            told(Path(place), form, count)


if __name__ == "__main__":
    main()
