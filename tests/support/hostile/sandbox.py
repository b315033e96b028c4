"""A folder that a pull must not leave."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.hostile.case import NAME, Case, dumped
from tests.support.hostile.index import misname
from tests.support.hostile.plants import PLANTS, WORK
from tests.support.published import Server, serving
from zoosmith.contract.errors import ZooError
from zoosmith.publish.migrating import migrate


@dataclass
class Sandbox:
    """A folder that a pull must not leave: home and cache may change, nothing else."""

    folder: Path
    server: Server

    def lay_out(self, case: Case) -> None:
        """Make the registry's folder anew, and a home and a cache with nothing in them."""
        for name in ("registry", "home", "cache", "away"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        version = self.folder / "registry" / NAME / "v1"
        version.mkdir(parents=True)
        text = dumped(case.registry, committed=case.committed)
        (self.folder / "registry" / "registry.json").write_bytes(case.raw.get("registry.json", text))
        if case.index is not None:
            with contextlib.suppress(ZooError, KeyError):  # what is spoilt otherwise, or is not in it, stays as it is
                migrate(str(self.folder / "registry"))
                misname(self.folder / "registry", NAME, *case.index)
        (version / "zoosmith.json").write_bytes(case.raw.get("zoosmith.json", dumped(case.pointer)))
        for number, data in enumerate(case.content.values()):
            (version / f"f{number}").write_bytes(case.raw.get(f"f{number}", data))
        self.server.faults[:] = case.faults
        (self.folder / "away").mkdir()
        (self.folder / "away" / "work").write_bytes(WORK)
        if case.planted:
            (self.folder / "home").mkdir()
            sha = hashlib.sha256(case.content["model.onnx"]).hexdigest()
            PLANTS[case.planted](self.folder / "home" / f".{NAME}.pull", self.folder / "away", sha)

    def untouched(self) -> bool:
        """Whether nothing is here that was not made by `lay_out`."""
        names = {path.name for path in self.folder.iterdir()}
        above = {path.name for path in self.folder.parent.iterdir()}
        away = Path("/tmp/zoosmith-hostile").exists()
        work = {path.name: path.read_bytes() for path in (self.folder / "away").iterdir()}
        if work != {"work": WORK}:
            return False
        return names <= {"registry", "home", "cache", "away"} and above == {self.folder.name} and not away


@contextlib.contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """A sandbox two folders down, with its server."""
    inside = folder / "above" / "sandbox"
    inside.mkdir(parents=True)
    with serving(inside / "registry") as server:
        yield Sandbox(inside, server)
