"""Two pushes at once, again and again: no row is lost, and whoever comes second is told.

python -m benchmarks.writers --rounds 50 --json benchmarks/results/writers.json

folder      two zoos publish different artifacts to one folder (file://), which lists others already
record      two pushes of one zoo publish different artifacts to a hub (hf://) and note them in its registry.json
same name   two zoos publish different trees as v1 of one artifact to a hub: one wins, the other is refused
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._kills import Ended, Victim, left_alone, pulled_by_a_stranger
from benchmarks._report import options, report
from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.hub import Hub, serving
from tests.support.published import publish
from tests.support.zoo import doit, write_recipe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.release import read_registry
from zoosmith.records.registry import Row

A, B = "family0-a0", "family0-a1"
OTHERS = 20
TOLD = ("somebody else has published", "what is published never changes")


@dataclass
class Bench:
    """Zoos `one` and `two` (another a0), targets, and what was found."""

    folder: Path
    hub: Hub
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def zoo(self, name: str) -> Path:
        """A fresh copy."""
        copy = self.folder / "copies" / name
        shutil.rmtree(copy, ignore_errors=True)
        return Path(shutil.copytree(self.folder / name, copy))

    def expect(self, right: bool, what: str) -> None:
        """Note a violation unless it is right."""
        if not right:
            self.violations.append(what)
            print(f"VIOLATION: {what}", file=sys.stderr, flush=True)


def at_once(target: str, *pushes: tuple[str, Path]) -> list[Ended]:
    """Pushes of names from zoos that begin together."""
    with ExitStack() as held:
        all_of_them = [held.enter_context(Victim("push", name, "--to", target, cwd=zoo)) for name, zoo in pushes]
        for one in all_of_them:
            one.go()
        return [one.finish() for one in all_of_them]


def folder(bench: Bench) -> None:
    """Rows of both and of everybody else are listed, and lead to right bytes."""
    out = bench.folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(bench.folder / "others", out)
    ended = at_once(f"file://{out}", (A, bench.zoo("one")), (B, bench.zoo("two")))
    bench.expect([end.code for end in ended] == [0, 0], f"folder: {ended}")
    listed = read_registry(out / "registry.json").artifacts
    bench.expect(len(listed) == OTHERS + 2, f"folder: {len(listed)} rows are listed, {OTHERS + 2} were published")
    for name in (A, B):
        row = listed[name].versions["1"]
        bench.expect(given(name, row, row.locations[0], out.as_uri()), f"folder: {name} gives other bytes")
    bench.counts["folder: rows"] += len(listed) - OTHERS


def record(bench: Bench) -> None:
    """The zoo's own registry names both places, and both give right bytes."""
    bench.hub.repos.clear()
    zoo = bench.zoo("one")
    ended = at_once("hf://org", (A, zoo), (B, zoo))
    bench.expect([end.code for end in ended] == [0, 0], f"record: {ended}")
    for name in (A, B):
        row = read_registry(zoo / "registry.json").artifacts[name].versions["1"]
        bench.expect(len(row.locations) == 1, f"record: {name} lies at {row.locations}")
        bench.expect(given(name, row, row.locations[0], "hf://org"), f"record: {name} gives other bytes")
        bench.counts["record: rows"] += len(row.locations)


def same_name(bench: Bench) -> None:
    """One commit and one tag, of the winner; the other is told at once, and told again when it tries again."""
    bench.hub.repos.clear()
    zoos = [bench.zoo("one"), bench.zoo("two")]
    ended = at_once("hf://org", (A, zoos[0]), (A, zoos[1]))
    codes = [end.code for end in ended]
    bench.expect(sorted(codes) == [0, 1], f"same name: {ended}")
    if sorted(codes) != [0, 1]:
        return
    winner, loser = codes.index(0), codes.index(1)
    bench.expect(any(text in ended[loser].said for text in TOLD), f"same name: the loser reads {ended[loser].said}")
    again = left_alone("push", A, "--to", "hf://org", cwd=zoos[loser])
    bench.expect(again.code == 1 and TOLD[1] in again.said, f"same name: {again}")
    rows = [read_registry(zoo / "registry.json").artifacts[A].versions["1"] for zoo in zoos]
    repo = bench.hub.repo("models", f"org/{A}")
    bench.expect(len(repo.commits) == 2 and repo.tags.keys() == {"v1"}, f"same name: {len(repo.commits)} commits")
    bench.expect(rows[loser].locations == (), "same name: the loser's registry names a place")
    bench.expect(given(A, rows[winner], rows[winner].locations[0], "hf://org"), "same name: the winner is not whole")
    bench.counts["same name: losers told"] += 1


def given(name: str, row: Row, location: str, base: str) -> bool:
    """Whether a stranger gets the row's bytes there."""
    try:
        return pulled_by_a_stranger(name, 1, row, location, base)
    except ZooError as error:
        print(error, file=sys.stderr)
        return False


def prepare(bench: Bench) -> None:
    """Two zoos that have recorded a0 and a1, with other weights in one; a folder with other people's rows."""
    one = write_fast_zoo(bench.folder / "one")
    two = Path(shutil.copytree(one, bench.folder / "two"))
    changed = fast_recipe(2)
    changed["artifacts"]["a0"]["params"]["scale"] = 2.0
    write_recipe(two, changed, "family0")
    for zoo in (one, two):
        (zoo / "tmp").mkdir()
        done = doit(zoo, f"build:{A}", f"build:{B}", TMPDIR=str(zoo / "tmp"))
        assert done.returncode == 0, done.stdout + done.stderr
    for i in range(OTHERS):
        publish(bench.folder / "others", f"other-{i}", {"model.onnx": bytes([i])})


def run(home: Path, rounds: int) -> Bench:
    """All scenes, so many times each."""
    scenes: tuple[Callable[[Bench], None], ...] = (folder, record, same_name)
    with serving(home / "hub") as hub:
        hub.lfs_from = 100
        os.environ |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_XET": "1"}
        bench = Bench(home, hub)
        prepare(bench)
        for scene in scenes:
            for i in range(rounds):
                scene(bench)
                if (i + 1) % 10 == 0:
                    print(f"{scene.__name__}: {i + 1} of {rounds} rounds", file=sys.stderr, flush=True)
    return bench


def main() -> int:
    """Exit code 1 for any violation."""
    told = options(__doc__, rounds=50).parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="writers-") as home:
        bench = run(Path(home), told.rounds)
    found = {"counts": dict(bench.counts), "violations": bench.violations, "seconds": round(time.monotonic() - started)}
    report({"n": told.rounds, **found}, told.json)
    return int(bool(bench.violations))


if __name__ == "__main__":
    sys.exit(main())
