"""A registry read entry by entry is the registry that a parser of the whole finds, or is left to that parser."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.published import publish
from tests.support.user import User
from zoosmith.app.cli import main as cli
from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.publish import shelf as module
from zoosmith.publish.entries import briefs
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.shelf import BytesSource, FileSource, shelf
from zoosmith.records import registry
from zoosmith.transfer.cache import Cache

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "registry.json").read_text(encoding="utf-8")
TOLD: dict[str, Any] = json.loads(TEXT)
FEW = dict(list(TOLD["artifacts"].items())[:3])


def of(artifacts: Any, **more: Any) -> bytes:
    return pretty({"schema": 2, "artifacts": artifacts, **more}).encode()


def test_the_committed_registry_is_what_the_whole_parser_finds() -> None:
    found = shelf(FileSource(ROOT / "registry.json"), "R")
    whole = registry.parse(TEXT, "R").artifacts
    assert found is not None
    assert dict(found) == whole
    assert len(found) == len(whole) > 10
    assert briefs(found) == briefs(whole)
    assert any(brief and brief.quality for brief in briefs(found).values())


@pytest.mark.parametrize("block", [1 << 10, 1 << 12, 5000, 1 << 16])
def test_blocks_may_end_anywhere(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    found = shelf(BytesSource(TEXT.encode()), "R")
    assert found is not None
    assert dict(found) == registry.parse(TEXT, "R").artifacts


@given(
    st.integers(0, 20_000),
    st.sampled_from([b"", b"\n", b"\n    }", b'\n    "x": {', b",", b"}", b'"', b"\xff", b"NaN"]),
)
def test_whatever_is_put_into_it_no_entry_differs_from_the_whole(at: int, put: bytes) -> None:
    """Cut or filled at any place: it is refused, or each entry that can be read is the one that JSON has there."""
    data = of(FEW)
    spoilt = data[: at % len(data)] + put + data[at % len(data) + (1 if not put else 0) :]
    found = shelf(BytesSource(spoilt), "R")
    if found is None:
        return
    told = json.loads(spoilt)
    assert list(found) == list(told["artifacts"])
    assert told["schema"] == 2
    for name in found:
        try:
            entry = found[name]
        except ZooError:
            continue
        assert entry == registry.Entry.model_validate(told["artifacts"][name])


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", of({}), of(FEW, schema=1), of(FEW, more=1), json.dumps({"schema": 2, "artifacts": FEW}).encode(),
        of(FEW) + b" ", of(FEW)[:-1], of(FEW).replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + of(FEW),
        of(FEW).replace(b"\n    },", b"\n    },,"), of(FEW).replace(b"\n    },", b"\n    }"),
        of({"a": {"x": 1}}).replace(b'"a": {', b'"a": {}, "b": {'),
        of({"a": {"x": 1}, "b": {"x": 1}}).replace(b'"b"', b'"a"'),
        of({"a": {"x": 1}, "b": {"x": 1}}).replace(b'"b"', b'"\\u0061"'),
        of({"a": {"x": "x" * (5 << 20)}}),
    ],
    ids=range(16),
)  # fmt: skip
def test_another_form_is_left_to_the_parser_of_the_whole(data: bytes) -> None:
    assert shelf(BytesSource(data), "R") is None


def spoilt(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The first of three entries with one value replaced."""
    artifacts = json.loads(json.dumps(FEW))
    place = artifacts[next(iter(artifacts))]
    number = str(place["latest"])
    for key in path[:-1]:
        place = place[number if key == "latest" else key]
    place[path[-1]] = value
    return dict(artifacts)


BAD: list[tuple[tuple[str, ...], Any]] = [
    (("latest",), 99), (("latest",), "x"), (("versions",), None), (("versions",), {"x": {}}),
    (("versions", "latest", "task"), 7), (("versions", "latest", "size_total"), "big"),
    (("versions", "latest", "tree_digest"), None), (("versions", "latest", "base"), [1]),
    (("versions", "latest", "size_total"), 10**400),
    (("versions", "latest", "results"), [{}]), (("versions", "latest", "results"), 5),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), BAD)
def test_a_damaged_entry_is_told_and_the_others_go_on(
    tmp_path: Path,
    path: tuple[str, ...],
    value: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "registry.json").write_bytes(of(spoilt(path, value)))
    bad, *good = FEW
    assert cli.main(["search", "--registry", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert [line.partition("@")[0] for line in said.out.splitlines()] == sorted(good)
    assert f"1 of file://{tmp_path} are left out, damaged or misnamed: '{bad}'" in said.err
    assert cli.main(["show", bad, "--registry", str(tmp_path)]) == 1
    assert f"artifacts.{bad}" in capsys.readouterr().err
    assert cli.main(["show", good[0], "--registry", str(tmp_path)]) == 0


def test_a_key_that_stands_twice_is_refused_where_the_entry_is_used(tmp_path: Path) -> None:
    name = next(iter(FEW))
    data = of(FEW).replace(b'\n      "latest": ', b'\n      "latest": 1,\n      "latest": ', 1)
    (tmp_path / "registry.json").write_bytes(data)
    catalog = open_catalog(str(tmp_path), tmp_path, Cache(tmp_path / "cache"))
    with pytest.raises(ZooError, match="a key stands twice"):
        catalog.find(name)


def test_a_tree_is_found_without_reading_every_entry(tmp_path: Path) -> None:
    user = User(tmp_path)
    trees = [publish(user.registry, f"toy-{x}", {"model.onnx": x.encode()}).tree_digest for x in "abc"]
    catalog = open_catalog(str(user.registry), tmp_path, user.cache)
    assert isinstance(catalog.artifacts, module.Shelf)
    reads: list[int] = []
    inner = catalog.artifacts.source.read
    catalog.artifacts.source.read = lambda *a: reads.append(1) or inner(*a)  # type: ignore[method-assign,func-returns-value]
    assert [str(version) for version in catalog.with_tree(trees[1])] == ["toy-b@1"]
    assert len(reads) == 1
    assert catalog.with_tree("0" * 64) == []


def test_the_memory_does_not_hold_the_file(tmp_path: Path) -> None:
    """3,000 rows are 17 MB; blocks, and what lists show, are what is held."""
    entries = list(TOLD["artifacts"].values())
    file = tmp_path / "registry.json"
    file.write_bytes(of({f"toy-{i:05d}": entries[i % len(entries)] for i in range(3000)}))
    assert file.stat().st_size > 15 << 20
    tracemalloc.start()
    try:
        found = shelf(FileSource(file), "R")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert len(found) == 3000
    assert peak < 9 << 20
