"""Break builds on a cluster at random moments, and look at what is left.

    python -m benchmarks.cluster_faults --faults 100 --seed 1 --json benchmarks/results/cluster_faults.json

Three nodes of a Ray cluster, each with a store of its own, build a family of tables through a bucket on the loopback
that speaks S3. Each round begins with what of bucket and nodes' stores a die leaves, and one fault comes at a random
moment: SIGKILL for a worker, a node or the driver; a bucket that answers 500, is slow, cuts off, gives wrong bytes or
is full; a disk of nodes that is full (small disks of their own, which need the right to mount; without it this kind is
not drawn). After each fault: what was recorded before is there unchanged, in the zoo and in the bucket; every byte of
the zoo's store, of the nodes' and of the bucket is what its name says; no step goes on for more than half a minute.
Then the fault ends, and the same command is run again: it must succeed, redo nothing that was recorded, and give the
trees of an undisturbed run. A fault that came too late for the build is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import kills
from benchmarks._cluster_nodes import Nodes, three
from benchmarks._report import options, report
from tests.support import s3
from tests.support.table import write_table
from zoosmith.store.files import sha256_file

IDLE_S = 30.0
MOST_LATE = 10
EARLY = 0.7  # a fault comes in this part of the time that an undisturbed run took
AT_WORK = ("worker killed", "node killed", "disk full")
ANSWERS = {
    "answers 500": "status",
    "is slow": "silent",
    "cuts off": "cut",
    "gives wrong bytes": "wrong",
    "is full": "full",
}


@dataclass
class Bench:
    """A zoo, the cluster that builds it, the bucket between them."""

    zoo: kills.Zoo
    nodes: Nodes
    bucket: s3.S3

    @property
    def random(self) -> random.Random:
        """The die."""
        return self.zoo.random

    def clear(self, kind: str) -> None:
        """Begin anew here, and perhaps elsewhere; what comes to a node finds one at work only if something is built."""
        shutil.rmtree(self.zoo.project / "artifacts")
        if kind in AT_WORK or self.random.random() < 0.7:
            self.bucket.objects.clear()
        if self.random.random() < 0.5:
            for name in self.nodes.names:
                shutil.rmtree(self.nodes.folder(name) / ".store", ignore_errors=True)

    def kinds(self) -> dict[str, Callable[[subprocess.Popen[bytes], ExitStack], bool]]:
        """What can happen to a run, by name. Each says whether it did; the stack ends it."""
        found = {"worker killed": self.kill_worker, "node killed": self.kill_node, "driver killed": self.kill_driver}
        found |= {f"bucket {words}": self.answering(kind) for words, kind in ANSWERS.items()}
        return found | ({"disk full": self.fill} if self.nodes.disks else {})

    def kill_worker(self, process: subprocess.Popen[bytes], held: ExitStack) -> bool:
        """SIGKILL for a process that works on a step, as soon as there is one."""
        while process.poll() is None:
            if found := self.nodes.at_work():
                with suppress(ProcessLookupError):
                    os.kill(self.random.choice(found), signal.SIGKILL)
                    return True
            time.sleep(0.01)
        return False

    def kill_node(self, process: subprocess.Popen[bytes], held: ExitStack) -> bool:
        """All of a node at once, if there is one that works; another one joins."""
        while process.poll() is None:
            if found := [name for name in self.nodes.names if self.nodes.at_work(name)]:
                self.nodes.running.lose(self.random.choice(found))
                held.callback(self.nodes.add)
                return True
            time.sleep(0.01)
        return False

    def kill_driver(self, process: subprocess.Popen[bytes], held: ExitStack) -> bool:
        process.kill()
        return process.wait() == -signal.SIGKILL

    def answering(self, kind: str) -> Callable[[subprocess.Popen[bytes], ExitStack], bool]:
        def spoil(process: subprocess.Popen[bytes], held: ExitStack) -> bool:
            """Some of the next requests; whether there were any."""
            fault = s3.Fault(kind, name=self.random.choice(("", "cas/", "ac/")), seconds=5.0)
            fault.times = before = self.random.choice((1, 3, 1000))
            self.bucket.faults.append(fault)
            held.callback(self.bucket.faults.clear)
            kills.finish(self.zoo, process)
            return fault.times < before

        return spoil

    def fill(self, process: subprocess.Popen[bytes], held: ExitStack) -> bool:
        """The disks of one node or more; whether the build was told of one."""
        for name in self.random.sample(self.nodes.names, self.random.randint(1, len(self.nodes.names))):
            held.enter_context(self.nodes.full(name))
        kills.finish(self.zoo, process)
        return b"no space left on the disk" in self.zoo.log.read_bytes().lower()


def one_fault(bench: Bench, kind: str) -> bool:
    """Break a run, look, and run again. False where the fault came too late."""
    zoo = bench.zoo
    bench.clear(kind)
    recorded, sent = kills.records(zoo), dict(bench.bucket.objects)
    with ExitStack() as held:
        process = zoo.start()
        moment = time.monotonic() + bench.random.uniform(0.0, EARLY * zoo.seconds)
        while process.poll() is None and time.monotonic() < moment:
            time.sleep(0.005)
        recorded |= kills.records(zoo)
        sent |= bench.bucket.objects
        hit = process.poll() is None and bench.kinds()[kind](process, held)
        if process.poll() is None:
            kills.finish(zoo, process)
        zoo.counts["ended well all the same"] += hit and process.returncode == 0
        idle(bench)
        whole(bench, sent)
        kills.intact(zoo, recorded)
    full = zoo.seconds
    kills.undisturbed(zoo)
    zoo.seconds = full
    whole(bench, sent)
    zoo.counts[kind if hit else "came too late"] += 1
    return hit


def idle(bench: Bench) -> None:
    """Nodes end what nobody waits for any more."""
    until = time.monotonic() + IDLE_S
    while left := bench.nodes.at_work():
        if time.monotonic() > until:
            bench.zoo.blame(f"{IDLE_S:.0f} s after the driver had ended, nodes still worked: {left}")
            return
        time.sleep(0.1)


def whole(bench: Bench, sent: dict[str, bytes]) -> None:
    """Blame what in the bucket or in a node's store is not what its name says, or was there and is gone."""
    objects = dict(bench.bucket.objects)
    for name, data in objects.items():
        if name.startswith("cache/cas/") and hashlib.sha256(data).hexdigest() != name.rpartition("/")[2]:
            bench.zoo.blame(f"the bucket has other bytes under {name}")
        if name.startswith("cache/ac/"):
            for digest in [json.loads(data)["tree"], *_files(objects, json.loads(data)["tree"])]:
                if f"cache/cas/{digest[:2]}/{digest}" not in objects:
                    bench.zoo.blame(f"the bucket has {name} and not {digest[:12]}, which belongs to it")
    for name in sent:
        if not name.startswith("cache/checkpoints/") and _told(name, objects.get(name)) != _told(name, sent[name]):
            bench.zoo.blame(f"{name} was in the bucket and is now {'changed' if name in objects else 'gone'}")
    for name in bench.nodes.names:
        for path in (bench.nodes.folder(name) / ".store" / "files").glob("*/*"):
            if re.fullmatch("[0-9a-f]{62}", path.name) and sha256_file(path) != path.parent.name + path.name:
                bench.zoo.blame(f"{path} holds other bytes")


def _told(name: str, data: bytes | None) -> object:
    """What must stay: of a result its tree, since one that came with wrong bytes is made and sent anew."""
    return json.loads(data)["tree"] if data and name.startswith("cache/ac/") else data


def _files(objects: dict[str, bytes], tree: str) -> list[str]:
    listing = objects.get(f"cache/cas/{tree[:2]}/{tree}")
    return [sha256 for _, size, sha256 in json.loads(listing) if size] if listing else []


def write_zoo(project: Path, bucket: s3.S3) -> None:
    """A family of four, of which the first takes some seconds, and the bucket as its cache."""
    write_table(project, shards=8, shard_bytes=100_000, pause_s=0.25)
    (project / "artifacts").mkdir()
    lines = ("[[cache]]", 'url = "s3://zoo/cache"', f'endpoint = "{bucket.url}"', 'trust = "any"', "write = true",
             "timeout_s = 2.0", "")  # fmt: skip
    (project / "zoosmith.toml").write_text("\n".join(lines))


def broken(
    folder: Path, faults: int, seed: int, tell: Callable[[str], None], only: Sequence[str] = ()
) -> dict[str, Any]:
    """So many faults, kind after kind, of `only` these or of all; what was counted, and what must not have happened."""
    begun = time.monotonic()
    with s3.serving() as bucket, three(folder) as nodes:
        write_zoo(folder / "zoo", bucket)
        command = ("-n", "2", "artifact:toy-*", "--executor", nodes.running.address)
        bench = Bench(kills.Zoo(folder / "zoo", command, random.Random(seed)), nodes, bucket)
        kinds = [kind for kind in bench.kinds() if kind in only or not only]
        if not kinds:
            raise ValueError(f"none of {', '.join(only)} can be made here; there are: {', '.join(bench.kinds())}")
        kills.undisturbed(bench.zoo)
        hits = late = 0
        while hits < faults:
            kind = kinds[hits % len(kinds)]
            hit = one_fault(bench, kind)
            hits, late = hits + hit, 0 if hit else late + 1
            if late == MOST_LATE:
                raise RuntimeError(f"{kind}: came too late {late} times in a row")
            tell(f"{hits} of {faults}: {kind}")
        return {
            "faults": hits, "seed": seed, "seconds": round(time.monotonic() - begun),
            "counts": dict(sorted(bench.zoo.counts.items())), "disks": nodes.disks, "violations": bench.zoo.faults,
        }  # fmt: skip


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Exit code 1 for any violation."""
    parser = options(__doc__ or "", faults=100, seed=1)
    parser.add_argument("--only", nargs="+", default=(), metavar="KIND", help='such as "disk full"; default: all')
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zoosmith-faults-") as folder:
        found = broken(Path(folder), given.faults, given.seed, _tell, given.only)
    report(found, given.json)
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
