"""Registries by URL, their copies for offline use, and which version a name means."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.published import Fault, publish, row_of, serving
from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.catalog import Catalog, Version, check
from zoosmith.publish.opening import open_catalog
from zoosmith.transfer import locations
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

FILES = {"model.onnx": b"weights", "tokenizer.json": b"{}"}
QUICK = RetryPolicy(tries=2, first_s=0.01, timeout_s=2.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry with toy-a in two versions and toy-b."""
    folder = tmp_path / "registry"
    publish(folder, "toy-a", FILES)
    publish(folder, "toy-a", FILES | {"model.onnx": b"better"})
    publish(folder, "toy-b", FILES)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def opened(given: str | None, cache: Cache, project: Path = Path("/nowhere")) -> Catalog:
    return open_catalog(given, project, cache, QUICK)


def test_folder_file_url_and_web_server_give_the_same(root: Path, cache: Cache) -> None:
    with serving(root) as server:
        ways = [str(root), str(root / "registry.json"), f"file://{root}", server.url, f"{server.url}registry.json"]
        found = [opened(way, cache) for way in ways]
    assert len({catalog.registry.model_dump_json() for catalog in found}) == 1
    assert sorted(found[0].registry.artifacts) == ["toy-a", "toy-b"]


def test_without_an_argument_the_variable_then_the_zoo(
    root: Path, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    with pytest.raises(ZooError, match="no registry: give one by --registry"):
        opened(None, cache, tmp_path)
    assert "toy-a" in opened(None, cache, root).registry.artifacts
    publish(tmp_path / "other", "toy-c", FILES)
    monkeypatch.setenv("ZOOSMITH_REGISTRY", str(tmp_path / "other"))
    assert list(opened(None, cache, root).registry.artifacts) == ["toy-c"]


def test_names_numbers_and_aliases(root: Path, cache: Cache) -> None:
    file = root / "registry.json"
    told = json.loads(file.read_text())
    told["artifacts"]["toy-a"]["aliases"] = {"stable": 1}
    file.write_text(json.dumps(told))
    catalog = opened(str(root), cache)
    assert str(catalog.find("toy-a")) == "toy-a@2"
    assert str(catalog.find("toy-a@latest")) == "toy-a@2"
    assert str(catalog.find("toy-a@1")) == str(catalog.find("toy-a@stable")) == "toy-a@1"
    with pytest.raises(ZooError, match="toy-a has no version '3'; known: 1, 2, stable"):
        catalog.find("toy-a@3")
    with pytest.raises(ZooError, match="did you mean 'toy-a'"):
        catalog.find("toy-aa")


def test_an_unchanged_registry_is_not_sent_again(root: Path, cache: Cache) -> None:
    with serving(root) as server:
        first = opened(server.url, cache)
        sent = server.sent["/registry.json"]
        again = opened(server.url, cache)
        assert server.sent["/registry.json"] == sent
        publish(root, "toy-c", FILES)
        assert "toy-c" in opened(server.url, cache).registry.artifacts
    assert again.registry == first.registry
    assert not again.remark


def test_offline_the_kept_copy_serves_and_says_so(root: Path, cache: Cache) -> None:
    with serving(root) as server:
        opened(server.url, cache)
    catalog = opened(server.url, cache)
    assert "toy-a" in catalog.registry.artifacts
    assert "cannot be reached" in catalog.remark
    assert "using the copy of" in catalog.remark


def test_a_damaged_copy_is_fetched_whole_and_never_answered_with(root: Path, cache: Cache) -> None:
    with serving(root) as server:
        opened(server.url, cache)
        kept = next((cache.root / "registries").glob("*.json"))
        kept.write_bytes(kept.read_bytes()[:-40])
        assert "toy-a" in opened(server.url, cache).registry.artifacts
        kept.write_bytes(b"{")
    with pytest.raises(ZooError, match="no JSON"):
        opened(server.url, cache)


@pytest.mark.parametrize("kind", ["json", "about"])
@pytest.mark.parametrize("way", [os.mkdir, os.mkfifo, lambda file: file.symlink_to(file)])
def test_what_is_no_copy_makes_way_for_one(root: Path, cache: Cache, kind: str, way: Callable[[Path], object]) -> None:
    with serving(root) as server:
        opened(server.url, cache)
        file = next((cache.root / "registries").glob(f"*.{kind}"))
        file.unlink()
        way(file)
        assert "toy-a" in opened(server.url, cache).registry.artifacts
        assert file.is_file()


def test_without_a_copy_the_reason_is_told(cache: Cache, root: Path) -> None:
    with serving(root) as server:
        pass
    with pytest.raises(ZooError, match="cannot be reached"):
        opened(server.url, cache)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("status", status=404), "answered 404"),
        (Fault("endless", times=9), "longer than"),
        (Fault("garbage", times=9), "did not answer as HTTP"),
        (Fault("cut", times=9), "cut off"),
        (Fault("redirect", target="file:///etc/passwd"), "redirects"),
        (Fault("redirect", target="ftp://127.0.0.1/x"), "redirects"),
        (Fault("redirect", target="registry.json", times=99), "redirects again"),
        (Fault("status", status=200, headers={"Content-Encoding": "gzip"}), "not asked for"),
        (Fault("status", status=200), "no JSON"),
        (Fault("status", status=304), "answered 304"),
        (Fault("status", status=429, headers={"Retry-After": "9999"}), "come back in 9999 s"),
    ],
)
def test_faults_of_a_server_are_told_in_a_line(
    root: Path, cache: Cache, fault: Fault, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe, "MAX_JSON_BYTES", 1 << 20)
    with serving(root, fault) as server, pytest.raises(ZooError, match=said) as told:
        opened(server.url, cache)
    assert "\n" not in str(told.value)
    assert server.sent["endless"] < 64 << 20


@pytest.mark.parametrize("fault", [Fault("cut"), Fault("status", status=503), Fault("slow"), Fault("garbage")])
def test_faults_that_pass_are_waited_out(root: Path, cache: Cache, fault: Fault) -> None:
    with serving(root, fault) as server:
        assert "toy-a" in opened(server.url, cache).registry.artifacts


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("../x", "https://h/"), ("/etc", "https://h/"), ("a/../../x", "file:///r"), ("", "https://h/"),
        ("file:///etc/", "https://h/"), ("file:///etc/", "http://h/"), ("file:///x", "hf://o/n"),
        ("http://127.0.0.1/", "https://h/"), ("http://other/", "file:///r"), ("hf://o/n", "https://h/"),
        ("ftp://h/x", "https://h/"), ("data:x", "https://h/"), ("C:/x", "https://h/"),
    ],
)  # fmt: skip
def test_a_registry_may_not_point_anywhere(location: str, base: str) -> None:
    with pytest.raises(ZooError):
        locations.location_at(location, base)


def test_where_a_registry_may_point() -> None:
    commit = "a" * 40
    assert locations.location_at("x/v1/", "file:///r%20s") == locations.Folder(Path("/r s/x/v1"))
    assert locations.location_at("file:///x", "file:///r") == locations.Folder(Path("/x"))
    relative = locations.location_at("x/v1/", "https://h/a/")
    assert isinstance(relative, locations.Web)
    assert relative.url_of("onnx/m o.onnx") == "https://h/a/x/v1/onnx/m%20o.onnx"
    hub = locations.location_at(f"hf://o/n@{commit}", "https://h/")
    assert isinstance(hub, locations.Web)
    assert hub.url_of("onnx/model.onnx").endswith(f"/o/n/resolve/{commit}/onnx/model.onnx")


def test_an_unpublished_version_says_how_to_get_it(root: Path, cache: Cache) -> None:
    row = row_of("toy-x", FILES)
    with pytest.raises(ZooError, match="doit publish:toy-x"):
        opened(str(root), cache).locations(Version("toy-x", 1, row))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"manifest.json": b"", "a.bin": b""}, "pickle"),
        ({"manifest.json": b"", "CON": b""}, "reserved"),
        ({"manifest.json": b"", "a": b"", "A": b""}, "one on some file systems"),
        ({"model.onnx": b""}, r"has no manifest\.json"),
    ],
)
def test_rows_that_could_do_harm_are_refused(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        check(Version("toy", 1, row_of("toy", files)))


def test_rows_that_contradict_themselves_are_refused() -> None:
    row = row_of("toy", {"manifest.json": b"", "a": b"x"})
    check(Version("toy", 1, row))
    with pytest.raises(ZooError, match="not those of its tree digest"):
        check(Version("toy", 1, row.model_copy(update={"tree_digest": "0" * 64})))
    for size in (-1, 1 << 50):
        bad = row.files[0].model_copy(update={"size": size})
        with pytest.raises(ZooError, match="cannot have"):
            check(Version("toy", 1, row.model_copy(update={"files": (bad,)})))


def test_of_two_versions_with_one_tree_the_published_one_is_taken(root: Path, cache: Cache) -> None:
    row = publish(root, "toy-z", {"model.onnx": b"same"})
    file = root / "registry.json"
    told = json.loads(file.read_text())
    told["artifacts"]["toy-0"] = json.loads(json.dumps(told["artifacts"]["toy-z"]))
    told["artifacts"]["toy-0"]["versions"]["1"]["locations"] = []
    file.write_text(json.dumps(told))
    assert str(opened(str(root), cache).by_tree(row.tree_digest)) == "toy-z@1"
    told["artifacts"]["toy-z"]["versions"]["1"]["locations"] = []
    file.write_text(json.dumps(told))
    assert str(opened(str(root), cache).by_tree(row.tree_digest)) == "toy-0@1"
    assert opened(str(root), cache).by_tree("0" * 64) is None
