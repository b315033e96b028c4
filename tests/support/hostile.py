"""Registries of somebody who means harm, and what must hold whatever is pulled from them.

`cases()` makes a published artifact and then spoils names, paths, sizes, hashes, pointers, JSON, bytes or answers.
`outcome(case, sandbox)` pulls it and raises AssertionError where a byte is written outside the target, a wrong byte
is accepted, or anything but ZooError is raised.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.support.published import Fault, Server, manifest, pointer, row_of, serving
from zoosmith.app.cli import main as cli
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.catalog import open_catalog
from zoosmith.publish.pull import Puller
from zoosmith.store.files import payload
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.http import RetryPolicy

NAME = "toy-a"
PATHS = (
    "../outside", "../../outside", "/tmp/zoosmith-hostile", "..\\outside", "a/../../outside", "C:/x", "C:x", "a\0b",
    "a\nb", "MODEL.onnx", "Model.Onnx", "model.onnx/x", "tokenizer.json ", "tokenizer.json.", "\u202egnp.exe", "nul",
    ".git/hooks/post-checkout", "m\u0301odel", "．．/outside", "a／b", "~/x", "-rf", "*", "$(id)", "%2e%2e/x", ".", "",
    "x" * 300, "a/" * 200 + "b", "pytorch_model.bin", "weights.PKL", ".toy-a.pull", "manifest.json", "zoosmith.json",
)  # fmt: skip
LOCATIONS = (
    "../outside/", "/etc/", "file:///etc/", "ftp://127.0.0.1/", "data:,x", "http://169.254.169.254/", "hf://o/n", "x",
    "hf://../..@" + "a" * 40, "https://user:canary@127.0.0.1:1/", "https://[::1", "http://127.0.0.1:1/", "//127.0.0.1/",
    "toy-a/v1/../../../outside/", "", "\0", "https://127.0.0.1:99999/", "file://host/x", "javascript:alert(1)",
)  # fmt: skip
FAULTS = ("cut", "endless", "short", "long", "wrong", "garbage", "ignore-range", "status", "redirect")
TARGETS = (
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "http://127.0.0.1:1/",
    "//",
    "http://[",
    "",
    "\x7f",
    "data:,x",
    "/",
)
WORDS = st.one_of(st.sampled_from(PATHS), st.text(max_size=12), st.sampled_from(LOCATIONS))
NUMBERS = st.sampled_from([-1, 0, 1, 2**31, 2**63, 2**64, 10**300, 1.5, -0.0, 1e308]) | st.integers()
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
RAW = st.sampled_from(
    [b"", b"{", b"[" * 50_000, b'{"a":' * 3000, b"\xff\xfe", b"NaN", b"9" * 6000, b"null", b"[]", b'{"schema": 1e999}']
) | st.binary(max_size=40)


@dataclass
class Case:
    """What lies in the registry's folder, and what its server does wrong. `raw` replaces a file's bytes."""

    registry: Any
    pointer: Any
    content: dict[str, bytes]
    raw: dict[str, bytes]
    faults: list[Fault]
    wanted: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A published artifact with one to three things spoilt."""
    content = {"model.onnx": draw(st.binary(max_size=300)), "tokenizer.json": b"{}"}
    paths = draw(st.lists(WORDS, max_size=2)) if draw(st.booleans()) else []
    content |= dict.fromkeys(paths, b"evil")
    content = {
        "manifest.json": manifest({path: data for path, data in content.items() if path != "manifest.json"}),
        **content,
    }
    row = honest_row(content)
    case = Case({}, honest_pointer(content, row), content, {}, [], NAME)
    case.registry = {"schema": 1, "artifacts": {NAME: {"latest": 1, "aliases": {}, "versions": {"1": row}}}}
    for _ in range(draw(st.integers(0, 2))):
        draw(st.sampled_from(SPOILERS))(draw, case)
    return case


def honest_row(content: dict[str, bytes]) -> dict[str, Any]:
    """A row that agrees with its own digest, whatever its paths are."""
    row = row_of(NAME, {"manifest.json": content["manifest.json"]}).model_dump(mode="json")
    row["files"] = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in content.items()
    ]
    return redigested(row | {"locations": [f"{NAME}/v1/"]})


def redigested(row: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(Exception):
        row["tree_digest"] = digest([[file["path"], file["size"], file["sha256"]] for file in row["files"]])
    return row


def honest_pointer(content: dict[str, bytes], row: dict[str, Any]) -> dict[str, Any]:
    told = pointer(NAME, 1, row_of(NAME, {"manifest.json": b""}), lambda path: path)
    files = [file | {"at": f"f{i}"} for i, file in enumerate(row["files"])]
    return told | {"tree_digest": row["tree_digest"], "files": files}


def _row(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = case.registry["artifacts"][NAME]["versions"]["1"]
    return found


def spoil_file(draw: st.DrawFn, case: Case) -> None:
    """One field of one file in the row; the digest agrees with it."""
    files = _row(case)["files"]
    file = draw(st.sampled_from(files)) if isinstance(files, list) and files else None
    if isinstance(file, dict):
        file[draw(st.sampled_from(["path", "size", "sha256"]))] = draw(JUNK | st.sampled_from(["0" * 64, 5, 2**40]))
        case.pointer["tree_digest"] = redigested(_row(case))["tree_digest"]


def spoil_row(draw: st.DrawFn, case: Case) -> None:
    """Any field of the row."""
    row = _row(case)
    row[draw(st.sampled_from(sorted(row)))] = draw(JUNK)


def spoil_location(draw: st.DrawFn, case: Case) -> None:
    """Where it lies."""
    _row(case)["locations"] = draw(st.lists(WORDS, max_size=2))


def spoil_needs(draw: st.DrawFn, case: Case) -> None:
    """What it needs: itself, nothing that is there, or no digest at all."""
    _row(case)["needs"] = {"from": draw(st.sampled_from([_row(case)["tree_digest"], "0" * 64]) | WORDS)}


def spoil_pointer(draw: st.DrawFn, case: Case) -> None:
    """Where a file is said to lie."""
    if draw(st.booleans()):
        draw(st.sampled_from(case.pointer["files"]))["at"] = draw(JUNK)
    else:
        case.raw["zoosmith.json"] = json.dumps(draw(JUNK)).encode()


def spoil_content(draw: st.DrawFn, case: Case) -> None:
    """The bytes of a file."""
    number = draw(st.integers(0, len(case.content) - 1))
    data = list(case.content.values())[number]
    spoilt = draw(st.sampled_from([b"", data[:-1], data + b"x", data[:-1] + b"?", b"\0" * len(data), b"\x80\x04."]))
    case.raw[f"f{number}"] = spoilt


def spoil_json(draw: st.DrawFn, case: Case) -> None:
    """A file that should be JSON."""
    case.raw[draw(st.sampled_from(["registry.json", "zoosmith.json"]))] = draw(RAW)


def spoil_name(draw: st.DrawFn, case: Case) -> None:
    """What the artifact is called."""
    case.wanted = draw(WORDS)
    case.registry["artifacts"][case.wanted.partition("@")[0]] = case.registry["artifacts"][NAME]


def spoil_answer(draw: st.DrawFn, case: Case) -> None:
    """What the server does."""
    path = draw(st.sampled_from(["registry.json", "zoosmith.json", "f0", "f1", ""]))
    status = draw(st.sampled_from([204, 206, 301, 304, 400, 401, 403, 404, 416, 429, 500, 503]))
    kind, target = draw(st.sampled_from(FAULTS)), draw(st.sampled_from(TARGETS))
    case.faults.append(Fault(kind, path, draw(st.integers(1, 3)), status, target=target))


SPOILERS = (
    spoil_file,
    spoil_row,
    spoil_location,
    spoil_needs,
    spoil_pointer,
    spoil_content,
    spoil_json,
    spoil_name,
    spoil_answer,
)


@dataclass
class Sandbox:
    """A folder that a pull must not leave: home and cache may change, nothing else."""

    folder: Path
    server: Server

    def lay_out(self, case: Case) -> None:
        """Make the registry's folder anew, and a home and a cache with nothing in them."""
        for name in ("registry", "home", "cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        version = self.folder / "registry" / NAME / "v1"
        version.mkdir(parents=True)
        (self.folder / "registry" / "registry.json").write_bytes(case.raw.get("registry.json", dumped(case.registry)))
        (version / "zoosmith.json").write_bytes(case.raw.get("zoosmith.json", dumped(case.pointer)))
        for number, data in enumerate(case.content.values()):
            (version / f"f{number}").write_bytes(case.raw.get(f"f{number}", data))
        self.server.faults[:] = case.faults

    def untouched(self) -> bool:
        """Whether nothing is here that was not made by `lay_out`."""
        names = {path.name for path in self.folder.iterdir()}
        above = {path.name for path in self.folder.parent.iterdir()}
        away = Path("/tmp/zoosmith-hostile").exists()
        return names <= {"registry", "home", "cache"} and above == {self.folder.name} and not away


def dumped(value: Any) -> bytes:
    """JSON that may hold what no decent JSON does."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


@contextlib.contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """A sandbox two folders down, with its server."""
    inside = folder / "above" / "sandbox"
    inside.mkdir(parents=True)
    with serving(inside / "registry") as server:
        yield Sandbox(inside, server)


def outcome(case: Case, box: Sandbox) -> str:
    """ "pulled" or "refused"; AssertionError where something is wrong."""
    box.lay_out(case)
    cache, home = Cache(box.folder / "cache"), box.folder / "home"
    retry = RetryPolicy(tries=2, first_s=0.0, longest_s=0.0, timeout_s=2.0)
    url = box.server.url if case.faults else str(box.folder / "registry")
    try:
        catalog = open_catalog(url, Path("/nowhere"), cache, retry)
        version = catalog.find(case.wanted)
        _look(str(box.folder / "registry"), case.wanted)
        done = Puller(catalog, home, cache, _Silent(), retry).pull(case.wanted)
    except ZooError as error:
        assert "canary" not in str(error) or "canary" in case.wanted
        assert not home.exists() or all(path.name.startswith(".") for path in home.iterdir())
        result = "refused"
    else:
        assert str(done[0].version) == str(version)
        assert {path.name for path in home.iterdir()} == {pulled.version.name for pulled in done}
        for pulled in done:
            told = {file.path: file.sha256 for file in pulled.version.row.files}
            assert {path.as_posix(): _sha(pulled.folder / path) for path in payload(pulled.folder)} == told
        result = "pulled"
    assert box.untouched()
    assert all(_sha(file) == file.name for file in (cache.root / "files").iterdir())
    return result


def _look(registry: str, wanted: str) -> None:
    """The commands that only read must end in 0 or 1, and print nothing that steers a terminal."""
    for words in (["search", "--registry", registry], ["show", f"--registry={registry}", "--", wanted]):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            assert cli.main(words) in (0, 1)
        assert all(char.isprintable() or char == "\n" for char in printed.getvalue())


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Silent:
    def begin(self, what: str, total: int) -> None:
        pass

    def won(self, count: int) -> None:
        pass

    def say(self, text: str) -> None:
        pass
