"""What a sweep of a cache keeps of a zoo, asked from a machine that has built nothing: its recipes' steps."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.nodes import open_joined
from tests.support.table import edit, nodes
from zoosmith.app.doit.command_gc import Gc
from zoosmith.build import elsewhere
from zoosmith.build.referenced import kept
from zoosmith.build.workspace import Workspace
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
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
    monkeypatch.setenv("ZOOSMITH_CACHE", f"memory://{tmp_path.name} read write trust=any keep_days=0 name=team")
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


def test_so_does_what_they_are_made_by_on_nodes_that_were_ever_built_for(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOSMITH_CACHE", f"memory://{tmp_path.name} read write trust=any keep_days=0 name=team")
    there = open_joined(built)
    for kind, node in nodes(there, there.zoo.find("toy-triple")):
        caches_of(there).send(there.make(kind, node))
    shutil.copytree(built, tmp_path / "clone", ignore=shutil.ignore_patterns("artifacts"))
    other = Workspace(tmp_path / "clone")
    assert going(other) == {"toy/plain", "toy/triple"}, "nobody here has heard of such nodes"
    _ = open_joined(other.project).resolver
    assert going(Workspace(other.project)) == set()
    (other.project / "zoosmith.toml").write_text('[executor]\nprofile = "l4"\n')
    with pytest.raises(ZooError, match="what nodes of host class 'l4' have is not known"):
        going(Workspace(other.project))


def test_the_command_says_what_goes_before_it_goes(clone: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    sweep, asked = Gc(task_loader=SimpleNamespace(cmd_options=())), {"dry_run": True, "yes": False, "remote": "team"}
    assert sweep.look(clone, asked, []) == 0
    told = capsys.readouterr().out
    assert "results older than 0 days that nothing needs:\n  toy/stray of 2" in told and "\nwould free" in told
    assert sweep.look(clone, asked | {"dry_run": False}, []) == 0
    assert "\nfreed" in capsys.readouterr().out
    assert going(clone) == set()
    assert caches_of(clone).find(digest(STRAY)) is None
    with pytest.raises(ZooError, match="no cache is called 'taem'; did you mean 'team'"):
        sweep.look(clone, asked | {"remote": "taem"}, [])


def test_a_walk_tells_what_would_come_and_leaves_builds_as_they_were(clone: Workspace) -> None:
    ref = clone.zoo.find("toy-triple")
    with elsewhere.as_if_fetched(clone, [ref]) as had:
        names = {str(found.record.provenance["name"]) for found in had.values()}
        assert names == {"toy/bases/words", "toy/data/toy", "toy/plain", "toy/triple"}
        assert clone.resolver.finished("artifact", ref)
    sizes = elsewhere.downloads(had, clone.store)
    whole = {entry.sha256: entry.size for found in had.values() for entry in found.entries}
    came = {sha256: size for sha256, size in whole.items() if clone.store.file(sha256).exists()}
    assert list(sizes.values()) == [sum(whole.values()) - sum(came.values())] and came
    assert clone.resolver.finished("artifact", ref) is None
    assert not any(clone.store.finished(key) for key in had)
