"""Moving a name in a registry: in a folder and on a hub; killed in between; two at once."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.hub import Hub
from tests.support.hub import serving as serving_hub
from tests.support.published import publish, serving
from tests.support.user import FILES, ROOT, zoosmith
from zoosmith.common.exits import Moved, Refused
from zoosmith.contract.errors import ZooError
from zoosmith.publish import promotion
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.editing import editable
from zoosmith.publish.opening import open_catalog
from zoosmith.records.gates import Check
from zoosmith.records.naming import Author
from zoosmith.records.registry import Entry, parse
from zoosmith.transfer.cache import Cache

ADA = Author("ada", "2026-01-01T00:00:00+00:00", "tested")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry with toy-a in three versions."""
    for number in range(3):
        publish(tmp_path / "registry", "toy-a", FILES | {"model.onnx": b"%d" % number})
    return tmp_path / "registry"


def opened(root: Path) -> Catalog:
    return open_catalog(str(root), Path("/nowhere"), Cache(root.parent / "cache"))


def entry(root: Path) -> Entry:
    return parse((root / "registry.json").read_text(), "registry").artifacts["toy-a"]


def promote(catalog: Catalog, which: str, alias: str = "stable") -> None:
    version = catalog.find(which)
    promotion.promote(catalog, version, alias, ADA, promotion.judge(catalog, version, alias))


def test_promoted_rolled_back_and_yanked(root: Path) -> None:
    promote(opened(root), "toy-a@1")
    promote(opened(root), "toy-a@3")
    catalog = opened(root)
    assert str(catalog.find("toy-a:stable")) == "toy-a@3"
    told = entry(root).history[-1]
    evidence = (root / "evidence" / f"{told.evidence}.json").read_bytes()
    assert hashlib.sha256(evidence).hexdigest() == told.evidence
    assert json.loads(evidence)["against"] == "toy-a@1"
    promotion.rollback(catalog, "toy-a", "stable", ADA)
    assert str(opened(root).find("toy-a:stable")) == "toy-a@1"
    promotion.yank(opened(root), opened(root).find("toy-a@3"), ADA)
    catalog = opened(root)
    assert str(catalog.find("toy-a")) == "toy-a@2"
    assert (root / "toy-a" / "latest").read_text() == "2\n"
    assert str(catalog.find("toy-a@3")) == "toy-a@3"
    assert "toy-a@3 was yanked by its publisher: tested (toy-a@2 is not)" in catalog.warning(catalog.find("toy-a@3"))
    assert [step.what for step in entry(root).history] == ["promote", "promote", "rollback", "yank"]
    assert catalog.remark == ""


def test_a_limit_that_does_not_hold_refuses_unless_forced(root: Path) -> None:
    catalog = opened(root)
    version = catalog.find("toy-a@2")
    found = promotion.judge(catalog, version, "stable")
    bad = replace(found, recorded=(Check(gate="toy.accuracy", limit="min 0.99", value=0.9, passed=False),))
    with pytest.raises(Refused, match=r"toy-a@2 does not become stable: 1 .* toy.accuracy \(min 0.99: 0.9000\)"):
        promotion.promote(catalog, version, "stable", ADA, bad)
    assert entry(root).aliases == {}
    promotion.promote(catalog, version, "stable", ADA, bad, force=True)
    assert entry(root).history[-1].forced


def test_who_comes_second_is_told(root: Path) -> None:
    early = opened(root)
    promote(opened(root), "toy-a@2")
    with pytest.raises(Moved, match="was no version when it was looked at and is version 2 now"):
        promote(early, "toy-a@1")
    with pytest.raises(ZooError, match="is version 2 already"):
        promote(opened(root), "toy-a@2")
    assert len(entry(root).history) == 1


def test_a_web_server_takes_no_changes(root: Path) -> None:
    with serving(root) as server:
        catalog = open_catalog(server.url, Path("/nowhere"), Cache(root.parent / "cache"))
        with pytest.raises(ZooError, match="is read by http and cannot be changed"):
            promote(catalog, "toy-a@2")


def test_a_history_written_anew_is_noticed_by_who_read_it_before(root: Path) -> None:
    promote(opened(root), "toy-a@1")
    before = (root / "registry.json").read_text()
    promote(opened(root), "toy-a@2")
    opened(root)
    (root / "registry.json").write_text(before)  # a sound chain, of before
    catalog = opened(root)
    assert "the history of toy-a's names was rewritten or cut off" in catalog.remark
    with pytest.raises(ZooError, match="toy-a:stable is refused, toy-a@1 is still had by its number"):
        catalog.find("toy-a:stable")
    with pytest.raises(ZooError, match="ask its owner"):
        promote(catalog, "toy-a@3")
    assert str(catalog.find("toy-a@1")) == "toy-a@1"


KILLED = """
import os, signal, sys
from pathlib import Path
from zoosmith.publish import editing, ledger, opening, promotion
from zoosmith.records.naming import Author
from zoosmith.transfer.cache import Cache
root, name = Path(sys.argv[1]), sys.argv[2]
write = editing.write_atomic
def killed(path, data):
    if path.name.startswith(name):
        if sys.argv[3] == "after":
            write(path, data)
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, data)
editing.write_atomic = ledger.write_atomic = killed
catalog = opening.open_catalog(str(root), Path("/nowhere"), Cache(root.parent / "cache"))
version = catalog.find("toy-a@2")
by = Author("ada", "2026-01-01T00:00:00+00:00")
promotion.promote(catalog, version, "stable", by, promotion.judge(catalog, version, "stable"))
"""


@pytest.mark.parametrize(
    ("when", "where", "moved"), [("before", "", 0), ("before", "registry", 0), ("after", "registry", 1)]
)
def test_a_kill_leaves_the_old_state_or_the_new(root: Path, when: str, where: str, moved: int) -> None:
    words = [sys.executable, "-c", KILLED, str(root), where, when]
    done = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(entry(root).history) == moved
    catalog = opened(root)
    if not moved:
        promote(catalog, "toy-a@2")
    assert entry(root).aliases == {"stable": 2}


LATE = """
from zoosmith.common.exits import Moved
from zoosmith.publish.editing import editable
from zoosmith.records import naming
from zoosmith.records.naming import Author
ada, place = Author("ada", "2026-01-01T00:00:00+00:00", "tested"), editable("hf://org/zoo")
def late(known):
    place.edit("toy-a", lambda entry: naming.yanked(entry, "toy-a", 3, ada), {})  # somebody else, meanwhile
    return naming.rolled_back(known, "toy-a", "stable", 1, ada, seen=2)
try:
    place.edit("toy-a", late, {})
except Moved as error:
    print(error)
"""


@pytest.fixture
def hub(tmp_path: Path, root: Path) -> Iterator[Hub]:
    """A hub with the registry in org/zoo."""
    repo = tmp_path / "hub" / "models" / "org" / "zoo"
    repo.mkdir(parents=True)
    (repo / "registry.json").write_bytes((root / "registry.json").read_bytes())
    with serving_hub(tmp_path / "hub") as server:
        server.commit("models", "org/zoo")
        yield server


def test_on_a_hub_it_is_one_commit_and_the_second_of_two_is_told(hub: Hub, tmp_path: Path) -> None:
    told = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": "hf_canary"}
    commits = hub.repo("models", "org/zoo").commits
    before = len(commits)
    done = zoosmith(tmp_path, "promote", "toy-a@2", "stable", "--to", "hf://org/zoo", **told)
    assert "toy-a:stable is version 2 now (was no version)" in done.stdout, done.stderr
    assert len(commits) == before + 1, "registry and evidence are one commit"
    words = [sys.executable, "-c", LATE]
    late = subprocess.run(
        words, env=os.environ | told | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert "somebody else changed org/zoo meanwhile, and nothing of this call is there" in late.stdout, late.stderr
    shown = zoosmith(tmp_path, "show", "toy-a:stable", "--history", "--registry", "hf://org/zoo", **told)
    assert "yanked     3: tested" in shown.stdout, shown.stderr
    assert "rollback" not in shown.stdout
    with pytest.raises(ZooError, match="is one commit, which never changes"):
        editable("hf://org/zoo@" + "a" * 40)
