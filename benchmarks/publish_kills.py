"""Kill pushes with SIGKILL at random moments, under faults of the hub, and look at what is left.

    python -m benchmarks.publish_kills --kills 200 --seed 1 --json benchmarks/results/publish_kills.json

Half of them publish to a folder (file://), half to a hub on the loopback (hf://), a first version or a second. After
each kill a stranger looks: every version that can be seen is complete and can be pulled, and the one before is there.
Then, at times after more kills, the faults end: the same command must succeed, every byte must be right, and once
more it must change nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._kills import Ended, Tally, Victim, left_alone, pulled_by_a_stranger
from benchmarks._report import options, report
from benchmarks._targets import NAME, Hubbed, Shelf, Wrong
from tests.support.hub import Hub, serving
from tests.support.table import recipe, write_table
from tests.support.zoo import doit, write_recipe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.release import read_registry
from zoosmith.records.registry import Row

FIRST, SECOND = 1, 2


@dataclass
class Scene:
    """A target, a zoo that has the first version and one that has both, and what was found."""

    target: Shelf | Hubbed
    zoos: dict[int, Path]
    random: random.Random
    tally: Tally
    records: dict[int, bytes] = field(default_factory=dict)
    calls: int = 0
    requests: int = 0
    seconds: float = 0.0

    def words(self) -> tuple[str, ...]:
        """The command."""
        return ("push", NAME, "--to", self.target.url)

    def push(self, version: int) -> Ended:
        """Run it to its end."""
        return left_alone(*self.words(), cwd=self.zoos[version])

    def record(self, version: int) -> bytes:
        """The zoo's own registry.json."""
        return (self.zoos[version] / "registry.json").read_bytes()

    def rows(self) -> dict[int, Row]:
        """The right rows by version, from the zoo that has both."""
        entry = read_registry(self.zoos[SECOND] / "registry.json").artifacts[NAME]
        return {int(number): row for number, row in entry.versions.items()}

    def reset(self, version: int) -> None:
        """Go back to before that version was pushed."""
        self.target.reset(empty=version == FIRST)
        (self.zoos[version] / "registry.json").write_bytes(self.records[version])

    def stage(self, version: int) -> str:
        """How far its push has come."""
        entry = read_registry(self.zoos[version] / "registry.json").artifacts[NAME]
        if self.noted(version) and entry.latest == version:
            return "noted in the zoo's registry"
        return self.target.stage(version)

    def noted(self, version: int) -> bool:
        """Whether the zoo's own row says where that version lies at this target."""
        entry = read_registry(self.zoos[version] / "registry.json").artifacts[NAME]
        return any(place.startswith(self.target.url) for place in entry.versions[str(version)].locations)


def learn(scene: Scene) -> None:
    """Publish the first version for good, and see what an undisturbed push of the second takes."""
    scene.records = {version: scene.record(version) for version in scene.zoos}
    first = scene.push(FIRST)
    assert first.code == 0, first.said
    scene.target.keep()
    scene.reset(SECOND)
    before = scene.target.requests()
    scene.seconds = scene.push(SECOND).seconds
    scene.requests = scene.target.requests() - before
    scene.reset(SECOND)
    with Victim(*scene.words(), cwd=scene.zoos[SECOND]) as process:
        process.go(10**9)
        scene.calls = int(process.finish().said.split()[-1])


def rounds(scene: Scene, kills: int) -> None:
    """Kills, and in between pushes that succeed."""
    learn(scene)
    while left := kills - scene.tally.counts["killed"]:
        version = scene.random.choice((FIRST, SECOND))
        scene.reset(version)
        for _ in range(min(left, scene.random.choice((1, 1, 1, 2, 3)))):
            scene.target.disturb(scene.random)
            one_kill(scene, version)
            scene.target.calm()
            look(scene, version)
        finish(scene, version)


def one_kill(scene: Scene, version: int) -> None:
    """At a random time, while the hub answers a random request, or before a random call that changes files."""
    dice = scene.random
    way = dice.choice(("time", "request", "call") if scene.requests else ("time", "call"))
    with Victim(*scene.words(), cwd=scene.zoos[version]) as process:
        request = scene.target.requests() + dice.randint(1, max(1, scene.requests))
        process.go(dice.randrange(scene.calls) if way == "call" else -1)
        if way == "time":
            process.wait(lambda: False, dice.uniform(0.0, scene.seconds))
        elif way == "request":
            process.wait(lambda: scene.target.requests() >= request)
            time.sleep(dice.choice((0.0, dice.uniform(0.0, 0.01))))
        else:
            process.wait(lambda: False)
        hit = process.kill()
    scene.tally.killed(hit, f"by {way}", f"left {scene.stage(version)}")


def look(scene: Scene, version: int) -> None:
    """What a stranger sees is whole and can be pulled; the version before is there; the zoo claims nothing else."""
    rows, seen = scene.rows(), {}
    try:
        for found in scene.target.seen():
            seen[found.version] = found
            if not pulled_by_a_stranger(NAME, found.version, rows[found.version], found.location, found.base):
                scene.tally.blame(f"{found} gives other files")
    except (Wrong, ZooError) as error:
        scene.tally.blame(str(error))
    if version == SECOND and FIRST not in seen:
        scene.tally.blame("the version before is gone")
    if scene.noted(version) and version not in seen:
        scene.tally.blame("the zoo's registry names a location that is not there")


def finish(scene: Scene, version: int) -> None:
    """The same command succeeds and all is right; once more, and nothing changes."""
    ended = scene.push(version)
    if ended.code or "Traceback" in ended.said:
        scene.tally.blame(f"the retry ended with {ended.code}: {ended.said}")
        return
    look(scene, version)
    if not scene.noted(version):
        scene.tally.blame("the zoo's registry does not say where the version is")
    if what := scene.target.unfinished(version):
        scene.tally.blame(f"after the retry: {what}")
    before = scene.target.state(), scene.record(version)
    again = scene.push(version)
    if again.code or not again.said.startswith("already published"):
        scene.tally.blame(f"a further push ended with {again.code}: {again.said}")
    if (scene.target.state(), scene.record(version)) != before:
        scene.tally.blame("a further push changed something")
    scene.tally.counts["retries that were right, and then nothing to do"] += 1


def build_zoos(folder: Path) -> dict[int, Path]:
    """The zoos with the first version and with both; files of some MB, one of them only in the first."""
    zoos = {FIRST: write_table(folder / "first", shards=3, shard_bytes=1_000_000), SECOND: folder / "second"}
    build(zoos[FIRST])
    shutil.copytree(zoos[FIRST], zoos[SECOND])
    write_recipe(zoos[SECOND], recipe(shards=2, shard_bytes=2_000_000))
    build(zoos[SECOND])
    return zoos


def build(zoo: Path) -> None:
    """Record the artifact; measuring waits for nobody outside this zoo."""
    (zoo / "tmp").mkdir(exist_ok=True)
    done = doit(zoo, f"build:{NAME}", TMPDIR=str(zoo / "tmp"))
    assert done.returncode == 0, done.stdout + done.stderr


def scenes(folder: Path, hub: Hub, seed: int) -> list[Scene]:
    """One for the folder, one for the hub, with zoos of their own."""
    zoos, made = build_zoos(folder / "zoos"), []
    for target in (Shelf(folder / "shelf" / "out"), Hubbed(hub)):
        own = {v: Path(shutil.copytree(zoo, folder / target.title / zoo.name)) for v, zoo in zoos.items()}
        made.append(Scene(target, own, random.Random(seed), Tally(target.title)))
    return made


def run(folder: Path, kills: int, seed: int) -> list[Tally]:
    """Both at the same time. The environment is set for huggingface_hub here and in all processes."""
    with serving(folder / "hub") as hub:
        hub.lfs_from = 100
        os.environ |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HF_TOKEN": "hf_loopback"}
        os.environ["HF_HUB_DISABLE_XET"] = "1"  # as push does; the victim imports the library before it
        stage = scenes(folder, hub, seed)
        with ThreadPoolExecutor(len(stage)) as pool:
            for done in [pool.submit(rounds, scene, kills // len(stage)) for scene in stage]:
                done.result()
    return [scene.tally for scene in stage]


def main() -> int:
    """Exit code 1 for any violation."""
    given = options(__doc__, kills=200, seed=1).parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="publish-kills-") as folder:
        tallies = run(Path(folder), given.kills, given.seed)
    report(Tally.summary(tallies, given.seed, time.monotonic() - started), given.json)
    return int(any(tally.violations for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
