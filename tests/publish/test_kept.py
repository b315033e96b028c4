"""What lists show of a registry of many files, as it is kept: whole, of this index, the user's own, or not used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.publish.test_index import created, index, trusted
from tests.publish.test_signed import Keys, keys, user
from tests.support.published import publish, serving
from tests.support.user import FILES, ROOT, User
from zoosmith.app.cli.main import main
from zoosmith.publish import index_sign, kept, ledger
from zoosmith.publish.kept import Lines
from zoosmith.publish.migrating import migrate
from zoosmith.publish.opening import open_catalog
from zoosmith.records.brief import Brief
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

__all__ = ["keys", "user"]  # fixtures
MARK, QUICK = "m" * 64, RetryPolicy(tries=1, timeout_s=2.0)


def line(**changed: Any) -> dict[str, Any]:
    """The line of a leaf."""
    brief = Brief(
        2, {"1": "a" * 64, "2": "b" * 64}, "text-classification", "onnx", "int8", "mit", "onnx_int8", ("org/Base",), 7,
        "acc 0.9", {"stable": 1}, {}, ("c" * 64,), 2,
    )  # fmt: skip
    return {"entry": "e" * 64, "brief": list(brief._replace(**changed))}


def test_lines_say_what_leaves_say(tmp_path: Path) -> None:
    names = ["toy-a", 'a"b', "back\\slash", "two\nlines", "line\u2028sign", "half\ud800", ""]
    leaves: dict[str, Any] = {name: line(license=name) for name in names} | {
        "no-brief": {"entry": "e" * 64}, "no-entry": line() | {"entry": 7}, "no-line": 5, "text": line(task=1),
    }  # fmt: skip
    kept.write(tmp_path / "list", MARK, Lines.of(leaves))
    lines = kept.read(tmp_path / "list", MARK)
    assert lines is not None
    assert list(lines) == sorted(leaves)
    assert len(lines) == len(leaves)
    for name in names:
        brief = lines.brief(name)
        assert brief is not None
        assert brief == Brief(*leaves[name]["brief"])._replace(base=brief.base, heads=brief.heads)
        assert (brief.base, brief.heads, brief.license) == (("org/Base",), ("c" * 64,), name)
        assert lines[name]["entry"] == "e" * 64
    assert [lines.brief(name) for name in ("no-brief", "no-line", "text")] == [None] * 3
    assert [lines[name]["entry"] for name in ("no-entry", "no-line")] == ["", ""]
    assert lines.left_out == sorted({*leaves} - {"toy-a", "no-entry"})
    with pytest.raises(KeyError):
        lines["absent"]


TEXTS = st.text(st.sampled_from('aAbΣσς İ"\\\n\t\u2028-é'), max_size=6)


@given(st.dictionaries(TEXTS, st.tuples(TEXTS, TEXTS), max_size=5), st.lists(TEXTS, max_size=2))
def test_no_line_that_holds_all_words_is_missed(told: dict[str, tuple[str, str]], words: list[str]) -> None:
    lines = Lines.of({name: line(task=task, base=[base]) for name, (task, base) in told.items()})
    found = set(lines.holding(words))
    for name, (task, base) in told.items():
        shown = " ".join((name, task, "onnx", "int8", "onnx_int8", base)).lower()
        assert name in found or not all(word.lower() in shown for word in words)


def test_words_leave_other_lines_unparsed() -> None:
    lines = Lines.of({f"toy-{number}": line(precision=f"int{number % 4}") for number in range(100)})
    assert list(lines.holding(["TOY-7", "INT3"])) == ["toy-7", "toy-71", "toy-75", "toy-79"]
    assert list(lines.holding(["onnx int"])) == list(lines), "a word with a space may stand across two fields"
    assert list(lines.holding(["absent"])) == []


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def one_byte(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"onnx"', b'"onny"', 1))


def left_out(file: Path) -> None:
    head, _, body = file.read_bytes().partition(b"\n")
    file.write_bytes(head + b'\n["toy-a"]' + body[body.index(b"\n") :])


def head_alone(file: Path) -> None:
    file.write_bytes(file.read_bytes().partition(b"\n")[0])


def another_schema(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"schema":1', b'"schema":2', 1))


def another_index(file: Path) -> None:
    head, _, body = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(head) | {"mark": "f" * 64}).encode() + b"\n" + body)


def sealed_but_no_lines(file: Path) -> None:
    """Whoever writes it can seal it; it is still no list."""
    mark = json.loads(file.read_bytes().partition(b"\n")[0])["mark"]
    body = b"[]\nnothing\n"
    head = {"schema": 1, "mark": mark, "sha256": sha256(body).hexdigest()}
    file.write_bytes(json.dumps(head).encode() + b"\n" + body)


def as_it_was_before(file: Path) -> None:
    """The form of earlier versions: one JSON document."""
    file.write_text('{"mark": "' + MARK + '", "lines": {}}')


def deep(file: Path) -> None:
    file.write_bytes(b"[" * 200_000)


def link(file: Path) -> None:
    file.rename(file.with_suffix(".moved"))
    file.symlink_to(file.with_suffix(".moved"))


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def for_all_to_write(file: Path) -> None:
    file.chmod(0o666)


def empty(file: Path) -> None:
    file.write_bytes(b"")


SPOILT = [
    half, one_byte, left_out, head_alone, another_schema, another_index, sealed_but_no_lines, as_it_was_before, deep,
    link, pipe, for_all_to_write, empty, Path.unlink,
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry of many files."""
    for name in ("toy-a", "toy-b", "other"):
        publish(tmp_path / "zoo", name, FILES)
    migrate(str(tmp_path / "zoo"))
    return tmp_path / "zoo"


def opened(root: Path, cache: Cache) -> Any:
    return open_catalog(str(root), Path("/nowhere"), cache, QUICK)


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_what_is_not_whole_or_not_the_users_own_is_made_anew(
    root: Path, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    cache = Cache(tmp_path / "cache")
    catalog = opened(root, cache)
    briefs, file = catalog.briefs, cache.briefs(catalog.base)
    before, mark = file.read_bytes(), catalog.artifacts.mark
    assert kept.read(file, mark) is not None
    spoil(file)
    assert kept.read(file, mark) is None
    assert opened(root, cache).briefs == briefs
    assert not file.is_symlink()
    assert file.read_bytes() == before
    assert kept.read(file, mark) is not None


def test_a_file_of_another_user_is_not_used(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path / "cache")
    file = cache.briefs(opened(root, cache).base)
    assert len(opened(root, cache).briefs) == 3
    assert kept.read(file) is not None
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert kept.read(file) is None
    assert len(opened(root, cache).briefs) == 3


def test_a_folder_in_its_place_costs_only_time(root: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    file = cache.briefs(opened(root, cache).base)
    file.unlink()
    file.mkdir()
    assert len(opened(root, cache).briefs) == 3
    assert len(opened(root, cache).briefs) == 3


def test_an_index_that_changed_is_read_anew(root: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert sorted(opened(root, cache).briefs) == ["other", "toy-a", "toy-b"]
    shutil.rmtree(root)
    for name in ("toy-a", "toy-c"):
        publish(root, name, FILES)
    migrate(str(root))
    catalog = opened(root, cache)
    assert sorted(catalog.briefs) == ["toy-a", "toy-c"]
    assert "is gone" in catalog.remark


def test_a_signed_index_is_asked_before_what_is_kept_of_it(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate(str(user.registry))
    created(keys)
    trusted("registry")
    search = ["search", "toy-a", "--registry", "registry"]
    assert (main(search), main(search)) == (0, 0)
    assert "toy-a@1" in capsys.readouterr().out
    index_sign.update(Path("registry"), keys["alice"][0], -1)
    assert main(search) == 1
    said = capsys.readouterr()
    assert "has expired" in said.err
    assert said.out == ""
    assert index("update", keys) == 0
    assert main(search) == 0
    book = ledger.InFolder(user.registry)
    entry = book.entry("toy-a")
    assert entry is not None
    book.put("fresh", entry)
    assert main(["search", "fresh", "--registry", "registry"]) == 1, "what is not signed yet is not seen"


HEAVY = ("pydantic", "pydantic_core", "yaml", "zoosmith.records.registry", "zoosmith.app.cli.commands.pull")
SEARCH = """
import sys
from zoosmith.app.cli.main import main
code = main()
print(*[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def test_a_second_search_checks_no_row_and_asks_once(root: Path, tmp_path: Path) -> None:
    """What checks rows takes longer to import than the search takes; the web's own modules are needed for a URL."""
    with serving(root) as server:
        for place, more in ((str(root), ("http.client", "ssl")), (server.url, ())):
            words = [sys.executable, "-c", SEARCH.format(heavy=(*HEAVY, *more)), "search", "TOY", "--registry", place]
            told = {
                "PYTHONPATH": str(ROOT),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                "XDG_CONFIG_HOME": str(tmp_path),
            }
            first, again = (
                subprocess.run(words, env=os.environ | told, capture_output=True, text=True, check=True)
                for _ in range(2)
            )
            assert [row.split()[0] for row in again.stdout.splitlines()] == ["toy-a@1", "toy-b@1"]
            assert again.stdout == first.stdout
            assert again.stderr.strip() == ""
        assert [path for path, _ in server.asked].count("/registry.json") == 2
        assert server.asked[-1][0] == "/registry.json", "and nothing else, the second time"
