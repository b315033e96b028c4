"""A year of three artifacts, signed and served: keys rotate and get lost, the host is lost, and no request fails."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.publish.conftest import record
from tests.support.asking import Asked
from tests.support.asking import serving as serving_models
from tests.support.desk import Desk
from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.keys import key_pair
from tests.support.published import serving as serving_registry
from tests.support.zoo import rows, write_project, write_recipe, write_rows

NAMES = ("family0-a0", "family0-a1", "family0-a2")
FIRST, SECOND, THIRD = NAMES
pytestmark = pytest.mark.slow


def recipe(scale: float) -> dict[str, Any]:
    """Three tables; one weight more or less makes another version of each."""
    made = fast_recipe(len(NAMES))
    made["artifacts"]["a0"]["params"]["scale"] = scale
    return made


class Year:
    """Who publishes (in a folder that a web server serves), who pulls, and who serves; keys by the name of a season."""

    def __init__(self, tmp: Path, url: str) -> None:
        self.tmp, self.url, self.out = tmp, url, tmp / "out"
        self.zoo = write_fast_zoo(tmp / "zoo", artifacts=len(NAMES))
        self.keys = {name: key_pair(tmp, name) for name in ("root", "spring", "autumn", "winter")}
        self.recent = tmp / "recent.jsonl"
        write_rows(self.recent, rows(600, 9))
        self.owner = Desk(self.zoo, self.out, self.zoo)
        self.user, self.host = (Desk(tmp / name, url, self.zoo) for name in ("user", "host"))

    def publish(self, scale: float, key: str, learnt: int = 120) -> str:
        """Another version of all three, signed; what the last push said. Of few rows it has learnt few words."""
        write_rows(self.zoo / "data" / "train.jsonl", rows(learnt, 1))
        write_recipe(self.zoo, recipe(scale), "family0")
        record(self.zoo, *NAMES)
        return [self.owner(f"push {name} --to file://{self.out} --sign {self.keys[key][0]}") for name in NAMES][-1]

    def index(self, do: str, key: str, code: int = 0) -> str:
        more = f" --root {self.keys['root'][0]}" if do != "update" else ""
        return self.owner(f"index {do} --registry {self.out} --key {self.keys[key][0]}{more}", code)

    def promote(self, version: int, key: str, names: tuple[str, ...] = NAMES, more: str = "") -> None:
        """Move `stable`, which is said to be unseen until the index is renewed."""
        for name in names:
            said = self.owner(f"promote {name}@{version} stable{more}")
            assert f"{name}:stable is version {version} now" in said
            assert "does not see what changed, until it is renewed: `zoosmith index update" in said
        self.index("update", key)

    def trust(self, key: str) -> None:
        for desk in (self.user, self.host):
            desk(f"trust add {self.keys[key][1]} --registry {self.url}")

    def tree(self, name: str, version: int) -> str:
        """What `zoosmith serve` calls a version."""
        told = json.loads((self.out / "registry.json").read_text())["artifacts"][name]["versions"]
        return str(told[str(version)]["tree_digest"])[:16]


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Year]:
    (tmp_path / "out").mkdir()
    with serving_registry(tmp_path / "out") as server:
        yield Year(tmp_path, server.url)


def january(year: Year) -> None:
    """Signed, indexed, trusted, promoted, pulled."""
    year.publish(1.0, "spring")
    year.index("create", "spring")
    root = year.out / "tuf" / "1.root.json"
    for desk in (year.user, year.host):
        desk(f"trust add {root} --registry {year.url}")
    year.trust("spring")
    year.promote(1, "spring")
    assert "signed by spring" in year.user(f"pull {FIRST}:stable")


def april(year: Year, asked: Asked) -> None:
    """Another version, tried on real inputs; the key at hand renews the index with the push."""
    assert f"{year.out}: index " in year.publish(3.0, "spring")
    for name in NAMES:
        said = year.owner(f"canary {name}@2 --against stable --data {year.recent}")
        assert "promote: accuracy: no loss over 1 point shown" in said
    year.promote(2, "spring")
    for name in NAMES:
        asked.until(name, year.tree(name, 2))
    assert "2 is newer" in year.user("outdated --check", code=8)


def july(year: Year, asked: Asked) -> None:
    """A bad one, forced; a canary takes it back, and it is yanked."""
    year.publish(2.0, "spring", learnt=6)
    assert f"{FIRST}@3 does not become stable" in year.owner(f"promote {FIRST}@3 stable", code=4)
    year.promote(3, "spring", (FIRST,), " --force --why urgent")
    asked.until(FIRST, year.tree(FIRST, 3))
    step = f"canary {FIRST}:stable --against 2 --data {year.recent} --rollback-if loss"
    said = year.owner(step, code=6)
    assert "stable is version 2 again" in said
    assert "does not see what changed" in said
    assert "does not see what changed" in year.owner(f"yank {FIRST}@3 --why knows.little")
    year.index("update", "spring")
    asked.until(FIRST, year.tree(FIRST, 2))
    assert f"{FIRST}@3 was yanked by its publisher: knows.little" in year.user(f"pull {FIRST}@3")
    assert f"{FIRST}@2" in year.user(f"pull {FIRST}:stable")


def october(year: Year, asked: Asked) -> None:
    """The key rotates: the new one signs beside the old one until all trust it, then alone."""
    year.index("rotate", "autumn")
    assert "is no key of this index" in year.index("update", "spring", code=1)
    for name in NAMES:
        said = year.owner(f"sign {name}@2 --key {year.keys['autumn'][0]}")
        assert "is signed by key" in said and f"{year.out}: index " in said
    assert "signed by spring" in year.user(f"pull {SECOND}:stable")
    year.trust("autumn")
    year.publish(1.5, "autumn")
    year.promote(4, "autumn")
    for name in NAMES:
        asked.until(name, year.tree(name, 4))
    year.user("trust remove spring")
    assert "signed by autumn" in year.user(f"pull {SECOND}:stable")


def carried(year: Year) -> Path:
    """All versions in a bundle, from which a closed site pulls `stable`."""
    file = year.tmp / "zoo.zoosmith"
    held = " ".join(f"{name}@{number}" for name in NAMES for number in range(1, 5))
    assert f"{THIRD}@4" in year.owner(f"bundle {held} -o {file}")
    closed = Desk(year.tmp / "closed", file, year.zoo)
    closed(f"trust add {year.keys['autumn'][1]}")
    closed("trust require signed")
    assert "signed by autumn" in (said := closed(f"pull {FIRST}:stable"))
    assert f"{FIRST}@4 in" in said
    assert "has no alias" not in closed(f"show {FIRST}:stable --history")
    assert "positive" in closed(f"run {FIRST}:stable lovely", trusted=True)
    return file


def november(year: Year, asked: Asked) -> None:
    """The host is lost, and the key that lay there; a bundle, the root key and copies of the roots are left."""
    file, drawer = carried(year), year.tmp / "drawer"
    drawer.mkdir()
    for root in (year.out / "tuf").glob("*.root.json"):
        shutil.copy(root, drawer)
    for left in year.out.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    lost = year.keys["autumn"][0].rename(year.tmp / "stolen.key")
    asked.until_told(f"what {THIRD} stands for cannot be looked up")
    subprocess.run(["tar", "xf", str(file), "-C", str(year.out)], check=True)
    shutil.copytree(drawer, year.out / "tuf")
    year.index("rotate", "winter")
    for name in NAMES:
        year.owner(f"sign {name}@4 --key {year.keys['winter'][0]} --alone")
    said = year.owner(f"index update --registry {year.out} --key {lost}", code=1)
    assert "is no key of this index" in said
    year.trust("winter")
    for desk in (year.user, year.host):
        desk("trust remove autumn")
    assert "signed by winter" in year.user(f"pull {THIRD}:stable")
    assert "which you do not trust" in year.user(f"pull {THIRD}@2", code=1), "signed by keys that are trusted no more"


def december(year: Year, asked: Asked) -> None:
    """Life goes on from where it was: another version, and one back."""
    year.publish(0.5, "winter")
    year.promote(5, "winter")
    for name in NAMES:
        asked.until(name, year.tree(name, 5))
    assert f"{SECOND}:stable is version 4 again" in year.owner(f"rollback {SECOND} stable")
    year.index("update", "winter")
    asked.until(SECOND, year.tree(SECOND, 4))
    told = json.loads(year.user(f"show {FIRST}:stable --json").splitlines()[0])
    steps = ["promote", "promote", "promote", "rollback", "yank", "promote", "promote"]
    assert [step["what"] for step in told["history"]] == steps
    assert (told["version"], list(told["yanked"])) == (f"{FIRST}@5", ["3"])


def test_a_year_is_served_without_one_failed_request(year: Year) -> None:
    january(year)
    words = [*(f"{name}:stable" for name in NAMES), "--registry", year.url, "--poll-s", "1", "--workers", "1"]
    environment = year.host.environment | {"ZOOSMITH_PROJECT": str(runtime_alone(year))}
    with serving_models(words, NAMES, year.host.folder, environment) as asked:
        for name in NAMES:
            asked.until(name, year.tree(name, 1))
        for month in (april, july, october, november, december):
            month(year, asked)
    assert asked.failed == []
    stood = {FIRST: (1, 2, 3, 2, 4, 5), SECOND: (1, 2, 4, 5, 4), THIRD: (1, 2, 4, 5)}
    for name, versions in stood.items():
        assert asked.turns(name) == [year.tree(name, version) for version in versions]
        assert len(asked.answers[name]) > 100


def runtime_alone(year: Year) -> Path:
    """A project of the host that serves: what opens the artifacts, and none of them."""
    project = write_project(year.host.folder / "project")
    shutil.copytree(year.zoo / "runtimes", project / "runtimes")
    return project


def test_a_bundle_does_not_bring_back_an_index_that_was_lost(year: Year) -> None:
    """Without its roots a registry that is restored is refused by those who trusted them: it may be anybody's."""
    january(year)
    file = year.tmp / "zoo.zoosmith"
    year.owner(f"bundle {FIRST} -o {file}")
    for left in year.out.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    subprocess.run(["tar", "xf", str(file), "-C", str(year.out)], check=True)
    assert [path.name for path in (year.out / FIRST).iterdir()] == ["v1"]
    assert "has no signed index; begin one by" in year.index("rotate", "winter", code=1)
    assert "cannot be had" in year.user(f"pull {FIRST}:stable", code=1)
    year.index("create", "winter")
    assert "is not signed by the keys" in year.user(f"pull {FIRST}:stable", code=1)
