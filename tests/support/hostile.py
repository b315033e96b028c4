"""Registries of somebody who means harm, and what must hold whatever is pulled from them.

`cases()` makes a published artifact and then spoils names, paths, sizes, hashes, pointers, JSON, bytes or answers,
plants links where a pull works, or gives a version another tree than it had. `outcome(case, sandbox)` pulls it and
raises AssertionError where a byte is written outside the target, a wrong byte or a replaced version is accepted, a
connection is kept alive, or anything but ZooError is raised.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.support.published import Fault, Server, manifest, pointer, row_of, serving
from zoosmith.app.cli import main as cli
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.pull import Puller
from zoosmith.publish.seen import Numbers, compare
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
FAULTS = (
    "cut",
    "endless",
    "short",
    "long",
    "wrong",
    "garbage",
    "ignore-range",
    "status",
    "redirect",
    "cap",
    "cap-whole",
)
LASTING = ("interim", "padded", "trailers", "drip", "crawl")  # each costs seconds
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
    committed: bool = False
    planted: str = ""
    seen: str = ""

    @property
    def timeout_s(self) -> float:
        """Short where answers last until they are given up."""
        return 0.05 if any(fault.kind in LASTING for fault in self.faults) else 2.0


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
    case.committed = draw(st.booleans())
    case.registry = {
        "schema": draw(st.sampled_from([1, 2])),
        "artifacts": {NAME: {"latest": 1, "aliases": {}, "versions": {"1": row}}},
    }
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


def spoil_connection(draw: st.DrawFn, case: Case) -> None:
    """An answer that goes on without giving the file."""
    path = draw(st.sampled_from(["registry.json", "zoosmith.json", "f0"]))
    case.faults.append(Fault(draw(st.sampled_from(LASTING)), path, draw(st.integers(1, 2)), seconds=0.01))


def spoil_staging(draw: st.DrawFn, case: Case) -> None:
    """What lies in the folder that the pull works in."""
    case.planted = draw(st.sampled_from(sorted(PLANTS)))


def spoil_past(draw: st.DrawFn, case: Case) -> None:
    """The version had another tree when it was first seen."""
    case.seen = draw(st.sampled_from(["0" * 64, "f" * 64, ""]))


def spoil_pin(draw: st.DrawFn, case: Case) -> None:
    """A tree is asked for: this one, another, or what is none."""
    tree = str(_row(case)["tree_digest"])
    pin = draw(st.sampled_from([tree, tree[:16], "0" * 64, "f" * 16, tree[:15], tree + "0"]))
    case.wanted = draw(st.sampled_from([NAME, f"{NAME}@1", f"{NAME}@latest"])) + "#" + pin


def _link(at: Path, to: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)


def _second_name(at: Path, of: Path) -> None:
    at.parent.mkdir(parents=True)
    os.link(of, at)


def _fifo(at: Path) -> None:
    at.parent.mkdir(parents=True)
    os.mkfifo(at)


PLANTS: dict[str, Callable[[Path, Path, str], None]] = {  # (folder of the pull, folder elsewhere, SHA-256 of a file)
    "staging leads away": lambda staging, away, sha: _link(staging, away),
    "parts lead away": lambda staging, away, sha: _link(staging / "parts", away),
    "tree leads away": lambda staging, away, sha: _link(staging / "tree", away),
    "part leads away": lambda staging, away, sha: _link(staging / "parts" / sha, away / "work"),
    "part leads to nothing": lambda staging, away, sha: _link(staging / "parts" / sha, away / "new"),
    "old leads away": lambda staging, away, sha: _link(staging.with_name(f"{staging.name}-old"), away),
    "second name": lambda staging, away, sha: _second_name(staging / "parts" / sha, away / "work"),
    "fifo": lambda staging, away, sha: _fifo(staging / "parts" / sha),
}
WORK = b"somebody's work"
SPOILERS = (
    spoil_file,
    spoil_connection,
    spoil_staging,
    spoil_past,
    spoil_pin,
    spoil_pin,
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
        for name in ("registry", "home", "cache", "away"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        version = self.folder / "registry" / NAME / "v1"
        version.mkdir(parents=True)
        text = dumped(case.registry, committed=case.committed)
        (self.folder / "registry" / "registry.json").write_bytes(case.raw.get("registry.json", text))
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


def dumped(value: Any, *, committed: bool = False) -> bytes:
    """JSON that may hold what no decent JSON does; in the committed form, or on one line."""
    if committed:
        with contextlib.suppress(TypeError):  # keys that cannot be sorted
            return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")
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
    retry = RetryPolicy(tries=2, first_s=0.0, longest_s=0.0, timeout_s=case.timeout_s)
    url = box.server.url if case.faults else str(box.folder / "registry")
    if case.seen:
        base = url if case.faults else (box.folder / "registry").as_uri()
        compare(cache.seen(base), [Numbers(NAME, 1, {"1": case.seen})])
    started = time.monotonic()
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
        names = {pulled.version.name for pulled in done}
        left = {path.name for path in home.iterdir()} - (
            set() if NAME in names else {f".{NAME}.pull", f".{NAME}.pull-old"}
        )
        assert left == names
        pin = case.wanted.partition("#")[2]
        for pulled in done[:1]:
            tree = pulled.version.row.tree_digest
            assert tree.startswith(pin)
            assert pin or not case.seen or pulled.version.name != NAME or tree == case.seen
        for pulled in done:
            told = {file.path: file.sha256 for file in pulled.version.row.files}
            assert {path.as_posix(): _sha(pulled.folder / path) for path in payload(pulled.folder)} == told
        result = "pulled"
    assert time.monotonic() - started < 60
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
