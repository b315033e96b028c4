"""What a sweep of a cache keeps of a zoo, asked from a machine that has built nothing: its recipes' steps."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.table import edit, nodes
from zoosmith.build import elsewhere
from zoosmith.build.referenced import kept
from zoosmith.build.workspace import Workspace
from zoosmith.common.canonical import digest
from zoosmith.remote.caches import Caches
from zoosmith.remote.sweep import doomed
from zoosmith.store.store import ActionResult

STRAY = {"kind": "build", "of": "no recipe"}


def caches_of(workspace: Workspace) -> Caches:
    assert workspace.caches
    return workspace.caches


@pytest.fixture
def clone(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A zoo on a machine with an empty store; a cache has all that it makes, and a result of no recipe."""
    monkeypatch.setenv("ZOOSMITH_CACHE", f"memory://{tmp_path.name} read write trust=any")
    workspace = Workspace(built)
    for name in ("toy-triple", "toy-sextuple"):
        for kind, node in nodes(workspace, workspace.zoo.find(name)):
            record = workspace.resolver.finished(kind, node)
            assert record
            caches_of(workspace).send(record)
    caches_of(workspace).send(ActionResult(digest(STRAY), STRAY, record.tree, {"name": "toy/stray"}))
    shutil.copytree(built, tmp_path / "clone", ignore=shutil.ignore_patterns("artifacts"))
    return Workspace(tmp_path / "clone")


def going(workspace: Workspace) -> set[str]:
    """Names of the results that a sweep without a lifetime takes."""
    found = doomed(caches_of(workspace).caches[0], kept(workspace), timedelta(0))
    return {line.split()[0] for line in found.told}


def test_what_recipes_are_made_by_now_stays(clone: Workspace) -> None:
    assert going(clone) == {"toy/stray"}
    edit(clone.project / "recipes" / "toy.yaml", "from: double", "from: plain")
    assert going(Workspace(clone.project)) == {"toy/stray", "toy/sextuple"}


def test_a_walk_tells_what_would_come_and_leaves_builds_as_they_were(clone: Workspace) -> None:
    ref = clone.zoo.find("toy-triple")
    with elsewhere.as_if_fetched(clone, [ref]) as had:
        names = {str(found.record.provenance["name"]) for found in had.values()}
        assert names == {"toy/bases/words", "toy/data/toy", "toy/plain", "toy/triple"}
        assert clone.resolver.finished("artifact", ref)
    sizes = elsewhere.downloads(had, clone.store)
    whole = {entry.sha256: entry.size for found in had.values() for entry in found.entries}
    small = {
        one.sha256: one.size for found in had.values() for one in found.entries if clone.store.file(one.sha256).exists()
    }
    assert list(sizes.values()) == [sum(whole.values()) - sum(small.values())] and small
    assert clone.resolver.finished("artifact", ref) is None
    assert not any(clone.store.finished(key) for key in had)
