"""Locations that pushes of `toy-plain` go to, as their readers see them: a folder, and the loopback hub.

Each can remember its state and go back to it, fail at times, and say what a reader is led to.
"""

from __future__ import annotations

import copy
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.support.hub import Fault, Hub
from zoosmith.publish.release import read_registry
from zoosmith.records.layout import CARD, POINTER, Pointer
from zoosmith.store.files import payload, sha256_file

NAME = "toy-plain"
REPO = f"org/{NAME}"
ROUTES = ("POST /api/repos/create", "GET .*/refs", "GET .*/tree", "POST .*/preupload", "POST .*/objects/batch",
          "PUT /lfs/", "POST .*/commit/", "GET .*/resolve/", "POST .*/tag/")  # fmt: skip


class Wrong(Exception):
    """A reader is led to what is not there, or not whole."""


class Seen(NamedTuple):
    """A version that a reader finds, and how a registry leads to it."""

    version: int
    location: str
    base: str


def require_whole(files: dict[str, Path], version: int | None) -> None:
    """Raise Wrong where files by published path are not all that the pointer among them says."""
    if POINTER not in files:
        raise Wrong(f"v{version} has no pointer")
    pointer = Pointer.model_validate_json(files[POINTER].read_bytes())
    told = {file.at: file.sha256 for file in pointer.files} | {file.path: file.sha256 for file in pointer.beside}
    if version not in (None, pointer.version):
        raise Wrong(f"v{version} holds v{pointer.version}")
    if files.keys() - {".gitattributes"} != told.keys() | {POINTER, CARD}:
        raise Wrong(f"v{pointer.version} has the files {sorted(files)}, its pointer says {sorted(told)}")
    for at, sha256 in told.items():
        if sha256_file(files[at]) != sha256:
            raise Wrong(f"{at} of v{pointer.version} has other bytes than its pointer says")


@dataclass
class Shelf:
    """A folder. Beside it lies a copy of the state that `keep` saw."""

    out: Path
    title = "file"
    faults = 0

    @property
    def url(self) -> str:
        return f"file://{self.out}"

    def keep(self) -> None:
        """Remember this state."""
        shutil.copytree(self.out, self.out.with_name("kept"))

    def reset(self, *, empty: bool) -> None:
        """Go back to it, or to nothing."""
        shutil.rmtree(self.out, ignore_errors=True)
        if not empty:
            shutil.copytree(self.out.with_name("kept"), self.out)

    def disturb(self, source: random.Random) -> None:
        """A folder has no faults."""

    def calm(self) -> None:
        """A folder has no faults."""

    def requests(self) -> int:
        """Nobody counts what a folder is asked."""
        return 0

    def listed(self) -> list[int]:
        """The versions in registry.json."""
        entry = read_registry(self.out / "registry.json").artifacts.get(NAME)
        return sorted(map(int, entry.versions)) if entry else []

    def seen(self) -> Iterator[Seen]:
        """What registry.json, the folders and `latest` lead to. Raises Wrong."""
        for shelf in self.out.glob(f"{NAME}/v*"):
            require_whole({path.as_posix(): shelf / path for path in payload(shelf)}, int(shelf.name[1:]))
        latest, listed = self.out / NAME / "latest", self.listed()
        if latest.exists() and int(latest.read_text()) not in listed:
            raise Wrong(f"latest is {latest.read_text()!r}, listed are {listed}")
        for number in listed:
            row = read_registry(self.out / "registry.json").artifacts[NAME].versions[str(number)]
            yield from (Seen(number, location, self.out.as_uri()) for location in row.locations)

    def stage(self, version: int) -> str:
        """How far a push of that version has come."""
        home, latest = self.out / NAME, self.out / NAME / "latest"
        if version in self.listed():
            return "listed" if latest.exists() and latest.read_text() == f"{version}\n" else "listed, latest behind"
        if (home / f"v{version}").exists():
            return "in place, not listed"
        return "copying" if (home / f".v{version}.new").exists() else "nothing begun"

    def unfinished(self, version: int) -> str:
        """What is missing, or too much, after a push that succeeded."""
        left = [path.name for path in self.out.rglob(".*") if path.name != ".lock"]
        return f"left behind: {left}" if left else "" if self.stage(version) == "listed" else self.stage(version)

    def state(self) -> object:
        """Changes with whatever a push writes."""
        return {path: (self.out / path).stat().st_mtime_ns for path in payload(self.out) if path.name != ".lock"}


@dataclass
class Hubbed:
    """A hub's repository."""

    hub: Hub
    title = "hf"
    url = "hf://org"

    def keep(self) -> None:
        """Remember this state."""
        self.kept, self.objects = copy.deepcopy(self.hub.repo("models", REPO)), set(self.hub.written.iterdir())

    def reset(self, *, empty: bool) -> None:
        """Go back to it, or to nothing. Objects without a repository stay where what is kept needs them."""
        self.hub.repos.pop(("models", REPO), None)
        for path in set(self.hub.written.iterdir()) - self.objects:
            path.unlink()
        if not empty:
            self.hub.repos["models", REPO] = copy.deepcopy(self.kept)

    def disturb(self, source: random.Random) -> None:
        """None to three of the next requests fail."""
        for _ in range(source.randint(0, 3)):
            what = source.choice([429, 500, 503, 412, "cut", "slow", "lost"])
            where = "POST .*/commit/" if what == 412 else source.choice(ROUTES)
            wait = (("Retry-After", source.choice("01")),) if what == 429 else ()
            fault = Fault(where, what, skip=source.randint(0, 2), seconds=source.uniform(0.05, 0.5), headers=wait)
            self.hub.faults.append(fault)

    def calm(self) -> None:
        """No more faults."""
        self.hub.faults.clear()

    def requests(self) -> int:
        """How many there were so far."""
        return len(self.hub.asked)

    def seen(self) -> Iterator[Seen]:
        """What main and the tags lead to. Raises Wrong."""
        repo = self.hub.repos.get(("models", REPO))
        for revision in ["main", *repo.tags] if repo else []:
            files = repo.commits[repo.resolve(revision)]
            if revision != "main" or files.keys() != {".gitattributes"}:
                require_whole(files, None if revision == "main" else int(revision[1:]))
        for tag, commit in sorted(repo.tags.items()) if repo else []:
            yield Seen(int(tag[1:]), f"hf://{REPO}@{commit}", self.url)

    def stage(self, version: int) -> str:
        """How far a push of that version has come."""
        repo = self.hub.repos.get(("models", REPO))
        if repo is None:
            return "nothing begun"
        if f"v{version}" in repo.tags:
            return "tagged"
        if len(repo.commits) > version:
            return "committed, not tagged"
        return "uploading" if set(self.hub.written.iterdir()) - self.objects else "nothing uploaded"

    def unfinished(self, version: int) -> str:
        """What is missing, or too much, after a push that succeeded."""
        repo = self.hub.repo("models", REPO)
        if len(repo.commits) != version + 1:
            return f"{len(repo.commits) - 1} commits for {version} versions"
        return "" if repo.tags.get(f"v{version}") == repo.branches["main"] else "main is not the tagged version"

    def state(self) -> object:
        """Changes with whatever a push writes."""
        repo = self.hub.repo("models", REPO)
        return sorted(repo.commits), dict(repo.tags), dict(repo.branches)
