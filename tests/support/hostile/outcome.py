"""What a pull from a hostile registry comes to, and what must hold then."""

from __future__ import annotations

import contextlib
import hashlib
import io
import time
from pathlib import Path

from tests.support.hostile.case import NAME, Case
from tests.support.hostile.sandbox import Sandbox
from tests.support.user import Silent
from zoosmith.app.cli import main as cli
from zoosmith.contract.errors import ZooError
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.pull import Puller
from zoosmith.publish.seen import Numbers, compare
from zoosmith.store.files import payload
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy


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
        done = Puller(catalog, home, cache, Silent(), retry).pull(case.wanted)
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
    named = f"--registry={registry}"
    best = ["best", "--task", "text-classification", named]
    for words in (["search", named], ["show", named, "--", wanted], best, ["compare", named, "--", wanted, NAME]):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            assert cli.main(words) in (0, 1)
        assert all(char.isprintable() or char == "\n" for char in printed.getvalue())


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
