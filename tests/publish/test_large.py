"""A registry of many files: read as one of one file is, changed by a few of them, whole at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile.index import misname
from tests.support.published import Fault, publish, serving
from tests.support.user import FILES, ROOT, User, zoosmith
from zoosmith.contract.errors import ZooError
from zoosmith.publish import ledger, objects, promotion
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.entries import DamagedEntry
from zoosmith.publish.indexed import Indexed
from zoosmith.publish.migrating import migrate
from zoosmith.publish.opening import open_catalog
from zoosmith.records.naming import Author
from zoosmith.records.registry import Registry, parse, to_text
from zoosmith.records.versions import published_versions
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

ADA = Author("ada", "2026-01-01T00:00:00+00:00", "tested")
QUICK = RetryPolicy(tries=2, first_s=0.01, timeout_s=2.0)
NAMES = [f"toy-{number}" for number in range(40)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry of many files with toy-a in two versions, and forty others."""
    folder = tmp_path / "registry"
    publish(folder, "toy-a", FILES)
    publish(folder, "toy-a", FILES | {"model.onnx": b"better"})
    file = folder / "registry.json"
    told = parse(file.read_text(), "registry")
    many = dict.fromkeys(NAMES, told.artifacts["toy-a"])
    file.write_text(to_text(Registry(artifacts={**told.artifacts, **many}, install="https://zoo.example/z.whl")))
    (folder / "before.json").write_bytes(file.read_bytes())
    migrate(str(folder))
    return folder


def opened(root: Path | str, cache: Path) -> Catalog:
    return open_catalog(str(root), Path("/nowhere"), Cache(cache), QUICK)


def promote(root: Path, which: str) -> None:
    catalog = opened(root, root.parent / "cache")
    version = catalog.find(which)
    promotion.promote(catalog, version, "stable", ADA, promotion.judge(catalog, version, "stable"))


def objects_in(root: Path) -> set[str]:
    return {path.stem for path in root.glob("index/*/*.json")}


def test_it_says_what_the_one_file_said_as_files_and_on_the_web(root: Path, tmp_path: Path) -> None:
    before = parse((root / "before.json").read_text(), "before")
    with serving(root) as server:
        for where, cache in ((str(root), "a"), (server.url, "b")):
            catalog = opened(where, tmp_path / cache)
            assert isinstance(catalog.artifacts, Indexed)
            assert catalog.registry.artifacts == before.artifacts
            assert len(catalog.briefs) == 41
        asked = len(server.asked)
        again = opened(server.url, tmp_path / "b")
        assert again.briefs["toy-7"] == catalog.briefs["toy-7"]
        assert [path for path, _ in server.asked[asked:]] == ["/registry.json"], "objects never change"
    assert json.loads((root / "registry.json").read_text())["install"] == "https://zoo.example/z.whl"
    assert migrate(str(root)).files == 0


def test_a_pull_and_a_search_by_the_commands(root: Path, tmp_path: Path) -> None:
    with serving(root) as server:
        found = zoosmith(tmp_path, "search", "toy-1", "--registry", server.url)
        assert len(found.stdout.splitlines()) == 11, found.stderr
        pulled = zoosmith(tmp_path, "pull", "toy-a@1", "--registry", server.url)
        assert "toy-a@1 in toy-a" in pulled.stdout, pulled.stderr
        misspelt = zoosmith(tmp_path, "show", "toy-z", "--registry", server.url)
        assert "did you mean 'toy-a'" in misspelt.stderr


def test_a_change_writes_a_few_small_files_and_removes_those_of_the_one_before(root: Path) -> None:
    start = objects_in(root)
    promote(root, "toy-a@1")
    first = objects_in(root)
    assert len(first - start) == 3, "entry, leaf, branch"
    assert start <= first, "a reader that is under way finds all of it"
    promote(root, "toy-a@2")
    second = objects_in(root)
    assert len(start - second) == 3
    told = json.loads((root / "registry.json").read_text())
    assert set(told["before"]) == first - start
    catalog = opened(root, root.parent / "cache")
    assert (str(catalog.find("toy-a:stable")), len(catalog.artifacts)) == ("toy-a@2", 41)
    assert catalog.remark == ""


def test_one_more_version_is_a_row_an_entry_a_leaf_and_a_branch(root: Path) -> None:
    book = ledger.InFolder(root)
    entry = book.entry("toy-3")
    assert entry is not None
    row = entry.versions["2"].model_copy(update={"tree_digest": "f" * 64})
    alone = Registry(artifacts={"toy-3": entry})
    made = published_versions(alone, "toy-3", 3, row, "toy-3/v3/").artifacts["toy-3"]
    start = objects_in(root)
    book.put("toy-3", made)
    assert len(objects_in(root) - start) == 4
    assert sum(len(data) for data in book.files.values()) < 12_000
    assert ledger.InFolder(root).entry("toy-3") == made
    book.put("toy-new", entry)
    assert ledger.InFolder(root).entry("toy-new") == entry


KILLED = """
import os, signal, sys
from pathlib import Path
from zoosmith.publish import ledger
write, left = ledger.write_atomic, [int(sys.argv[2])]
def killed(path, data):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    write(path, data)
ledger.write_atomic = killed
book = ledger.InFolder(Path(sys.argv[1]))
book.put("toy-a", book.entry("toy-7").model_copy(update={"latest": 1}))
"""


@pytest.mark.parametrize("writes", range(4))
def test_a_kill_between_any_two_writes_leaves_the_old_state(root: Path, writes: int) -> None:
    words = [sys.executable, "-c", KILLED, str(root), str(writes)]
    done = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    entry = ledger.InFolder(root).entry("toy-a")
    assert entry is not None
    assert entry.latest == 2
    promote(root, "toy-a@1")


def test_an_object_that_was_changed_or_is_gone_is_told(root: Path, tmp_path: Path) -> None:
    line = opened(root, tmp_path / "c").artifacts.lines["toy-a"]  # type: ignore[attr-defined]
    file = root / objects.path_of(line["entry"])
    good = file.read_bytes()
    file.write_bytes(good.replace(b'"latest":2', b'"latest":1'))
    with pytest.raises(DamagedEntry, match="is not what its name says: damaged, or replaced"):
        opened(root, tmp_path / "c").find("toy-a")
    assert str(opened(root, tmp_path / "c").find("toy-1")) == "toy-1@2", "it holds up nothing but itself"
    file.unlink()
    with pytest.raises(ZooError, match="cannot be read"):
        opened(root, tmp_path / "c").find("toy-a")


def test_an_index_that_shows_otherwise_than_its_entry_is_told(root: Path, tmp_path: Path) -> None:
    told = ledger.InFolder(root)
    assert told.root
    first, second = objects.keys("toy-a")
    read = told._object
    leaves = objects.branch(read, told.root.index, first)
    leaf = objects.branch(read, leaves, second)
    leaf["toy-a"]["brief"][0] = 1
    written = objects.Written()
    leaves[second] = written.put(leaf)
    index = {**told.root.index, first: written.put(leaves)}
    for digest, data in written.objects.items():
        (root / objects.path_of(digest)).parent.mkdir(exist_ok=True)
        (root / objects.path_of(digest)).write_bytes(data)
    (root / "registry.json").write_bytes(objects.Root(index).text())
    with pytest.raises(DamagedEntry, match="the index shows toy-a otherwise"):
        opened(root, tmp_path / "d").find("toy-a")


def test_what_is_kept_of_another_state_is_not_used(root: Path, tmp_path: Path) -> None:
    assert opened(root, tmp_path / "e").briefs["toy-a"].aliases == {}  # type: ignore[union-attr]
    promote(root, "toy-a@1")
    assert opened(root, tmp_path / "e").briefs["toy-a"].aliases == {"stable": 1}  # type: ignore[union-attr]


def test_a_reader_is_told_where_a_host_goes_back_or_cuts_off(root: Path, tmp_path: Path, user_cache: Path) -> None:
    old = (root / "registry.json").read_bytes()
    promote(root, "toy-a@1")
    opened(root, user_cache)
    (root / "registry.json").write_bytes(old)
    assert "was rewritten or cut off" in opened(root, user_cache).remark
    assert "was rewritten or cut off" in opened(root, user_cache).remark, "the second time too"
    with serving(root, Fault("cut", "index", times=1)) as server:
        assert len(opened(server.url, tmp_path / "f").briefs) == 41


@pytest.fixture
def user_cache(tmp_path: Path) -> Path:
    return tmp_path / "user-cache"


@pytest.mark.parametrize("index", [["a"], {"00": "x"}, {"00": 7}, None])
def test_a_damaged_root_is_told(root: Path, index: object, tmp_path: Path) -> None:
    (root / "registry.json").write_text(json.dumps({"schema": 3, "index": index}))
    with pytest.raises(ZooError, match="is of schema 3, and damaged"):
        opened(root, tmp_path / "g")


def test_what_is_not_migrated(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"is no folder with a registry\.json"):
        migrate("https://zoo.example/")
    publish(tmp_path / "zoo", "toy-a", FILES)
    (tmp_path / "zoo" / "dodo.py").touch()
    with pytest.raises(ZooError, match="is a zoo, whose registry is kept in git as one file"):
        migrate(str(tmp_path / "zoo"))
    assert User(tmp_path / "u").registry != tmp_path / "zoo"


@pytest.mark.parametrize("where", ["leaf", "entry", "row"])
@pytest.mark.parametrize("named", ["a pipe", "../../../../etc/hostname", "A" * 64, 7, None, ["x"]])
def test_what_an_index_names_is_a_digest_and_never_a_path(root: Path, tmp_path: Path, where: str, named: Any) -> None:
    """A path could lead to a file of whoever reads it, such as a pipe or /dev/zero, which never end."""
    if named == "a pipe":
        named = str(tmp_path / "pipe")
        os.mkfifo(named)

    misname(root, "toy-a", where, named)
    with pytest.raises(ZooError, match=r"the index names an object by .*expected a SHA-256 of 64 hex digits"):
        opened(root, tmp_path / "cache").find("toy-a")
    with pytest.raises(ZooError, match="the index names an object by"):
        ledger.InFolder(root).entry("toy-a")


def test_a_registry_that_is_too_large_for_one_file_says_how_it_becomes_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, cache = tmp_path / "registry", tmp_path / "cache"
    for name in NAMES:
        publish(folder, name, FILES)
    monkeypatch.setattr("zoosmith.common.safe.MAX_JSON_BYTES", (folder / "registry.json").stat().st_size - 1)
    told = r"is longer than 0 MiB, so it is not read; whoever keeps it .* with `zoosmith migrate FOLDER`"
    with serving(folder) as server:
        for place in (folder, server.url):
            with pytest.raises(ZooError, match=told):
                opened(place, cache)
    (folder / "dodo.py").touch()
    with pytest.raises(ZooError, match=r"is longer than 0 MiB, so it is not read$"):
        opened(folder, cache)
    (folder / "dodo.py").unlink()
    migrate(str(folder))
    assert opened(folder, cache).find("toy-7").name == "toy-7"
