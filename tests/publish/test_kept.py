"""Several registries, what is known of what lies here, and what is removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.published import publish
from tests.support.user import FILES, User
from zoosmith.contract.errors import ZooError
from zoosmith.publish import known, removal, several
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.local import found
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.promotion import yank
from zoosmith.records.naming import Author
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.config import Config

ADA = Author("ada", "2026-01-01T00:00:00+00:00", "leaks")
NOWHERE = Path("/nowhere")


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """One with toy-a in two versions, of which home has the first."""
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES)
    someone.pull("toy-a")
    publish(someone.registry, "toy-a", FILES | {"model.onnx": b"better"})
    monkeypatch.setenv("ZOOSMITH_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    monkeypatch.chdir(someone.home)
    return someone


def catalog(user: User) -> Catalog:
    return open_catalog(str(user.registry), NOWHERE, user.cache)


def test_the_first_registry_that_has_a_name_says_what_it_is(user: User, tmp_path: Path) -> None:
    publish(tmp_path / "lower", "toy-a", FILES | {"model.onnx": b"somebody else's"})
    publish(tmp_path / "lower", "toy-b", FILES)
    both = [str(user.registry), str(tmp_path / "lower")]
    assert several.of_name("toy-a", both, NOWHERE, user.cache).base.endswith("/registry")
    assert several.of_name("toy-b@1", both, NOWHERE, user.cache).base.endswith("/lower")
    with pytest.raises(ZooError, match="have no artifact 'toy-c'; did you mean 'toy-"):
        several.of_name("toy-c", both, NOWHERE, user.cache)
    with pytest.raises(ZooError, match="cannot be read"):
        several.of_name("toy-b", [str(tmp_path / "gone"), *both], NOWHERE, user.cache)


def test_where_is_looked(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZooError, match="no registry: give one by --registry"):
        several.places(None, NOWHERE)
    Config().having("registries", ["/one", "/two"]).write()
    assert several.places(None, NOWHERE) == ["/one", "/two"]
    assert several.places(None, user.registry) == [None, "/one", "/two"]
    monkeypatch.setenv("ZOOSMITH_REGISTRY", "https://a/ https://b/")
    assert several.places(None, NOWHERE) == ["https://a/", "https://b/"]
    assert several.places(["/given"], NOWHERE) == ["/given"]


def test_what_is_known_of_what_lies_here(user: User) -> None:
    [here] = known.known(known.folders(user.home), [catalog(user)])
    assert (here.version, here.newest, here.behind, here.text) == (1, 2, True, "1; 2 is newer")
    yank(catalog(user), catalog(user).find("toy-a@1"), ADA)
    [here] = known.known(known.folders(user.home), [catalog(user)])
    assert (here.yanked, here.text) == ("leaks", "1; 2 is newer; yanked: leaks")
    (user.home / "toy-a" / "empty.txt").write_text("changed")
    [here] = known.known(known.folders(user.home), [catalog(user)])
    assert (here.version, here.behind, here.text) == (None, False, "none of its versions")


def test_no_network_is_asked_for_what_is_listed(user: User) -> None:
    Config().having("registries", ["https://never.invalid/", str(user.registry)]).write()
    assert [each.base for each in known.kept_catalogs(NOWHERE, user.cache)] == [f"file://{user.registry}"]


def test_a_version_by_number_is_what_lies_here_or_goes_to_the_cache(user: User) -> None:
    where = [str(user.registry)]
    one = found("toy-a@1", where, NOWHERE, user.progress, lambda: user.cache)
    assert (one.folder, str(one.version), one.warning) == (Path("toy-a"), "toy-a@1", "")
    two = found("toy-a@2", where, NOWHERE, user.progress, lambda: user.cache)
    assert (two.folder / "model.onnx").read_bytes() == b"better"
    assert two.folder.is_relative_to(user.cache.root / "versions")
    assert found("toy-a", where, NOWHERE, user.progress).folder == Path("toy-a")
    shutil.rmtree(user.registry / "toy-a")  # nothing is fetched again
    assert found("toy-a@2", where, NOWHERE, user.progress, lambda: user.cache) == two


def test_removed_is_what_is_here_and_unchanged_and_not_needed(user: User) -> None:
    with pytest.raises(ZooError, match=r"no artifact 'toy-b' in .*; did you mean 'toy-a'"):
        removal.removable(["toy-b"], NOWHERE, force=False)
    (user.home / "toy-a" / "empty.txt").write_text("changed")
    with pytest.raises(ZooError, match="was changed since it was built or pulled"):
        removal.removable(["toy-a"], NOWHERE, force=False)
    [gone] = removal.removable(["toy-a"], NOWHERE, force=True)
    removal.remove(gone, user.cache)
    assert (gone.size > 3_000_000, list(user.home.iterdir())) == (True, [])


def test_the_cache_is_freed_of_what_was_not_used(user: User) -> None:
    found("toy-a@2", [str(user.registry)], NOWHERE, user.progress, lambda: user.cache)
    (user.home / ".toy-a.pull" / "parts").mkdir(parents=True)
    (user.home / ".other").mkdir()
    assert removal.prunable(NOWHERE, user.cache, 30) == []
    for file in (user.cache.root / "files").iterdir():
        own = file.read_bytes()
        file.unlink()
        file.write_bytes(own)  # no longer shared with the artifact
    [shared, *_] = (user.cache.root / "files").iterdir()
    os.link(shared, user.home / "linked")
    gone = removal.prunable(NOWHERE, user.cache, 0, now=shared.stat().st_atime + 1e6)
    kinds = sorted(each.kind for each in gone)
    assert kinds.count("leftover") == kinds.count("version") == 1
    assert shared not in [each.path for each in gone]
    for each in gone:
        removal.remove(each, user.cache)
    assert list((user.cache.root / "files").iterdir()) == [shared]
    assert list((user.cache.root / "versions").iterdir()) == []
    assert sorted(path.name for path in user.home.iterdir()) == [".other", "linked", "toy-a"]
    assert user.cache.seen(f"file://{user.registry}").parent.is_dir()
    assert isinstance(Cache(user.cache.root), Cache)
