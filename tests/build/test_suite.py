"""What measures is known by the suite's version; a change of its code asks for a decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.build import measuring, suite


def test_the_version_stands_for_the_code_that_measures() -> None:
    found = suite.suite_code()
    assert found == measuring.SUITE_CODE, (
        "the code that measures has changed. If a figure can differ by it, raise SUITE_VERSION in "
        f"zoosmith/build/measuring.py; in either case set SUITE_CODE there to {found!r}"
    )


def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Digests are read from a copy of `bench`, which a test may edit."""
    import shutil

    package = tmp_path / "zoosmith"
    shutil.copytree(suite.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    own = suite.own_digest
    monkeypatch.setattr(suite, "own_digest", lambda path: own(package / path.relative_to(suite.PACKAGE)))
    return package


def test_a_line_that_measures_moves_it_and_a_comment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, package = suite.suite_code(), copied(tmp_path, monkeypatch)
    file = package / "bench" / "speed.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n# a remark\n", encoding="utf-8")
    assert suite.suite_code() == before
    file.write_text(text + "\nSLOWER = True\n", encoding="utf-8")
    assert suite.suite_code() != before


def test_what_stores_figures_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, package = suite.suite_code(), copied(tmp_path, monkeypatch)
    for name in ("execution/worker.py", "records/schema.py", "store/store.py", "cards/card.py"):
        file = package / name
        file.write_text(file.read_text(encoding="utf-8") + "\nMORE = 1\n", encoding="utf-8")
    assert suite.suite_code() == before
    intervals = package / "stats" / "intervals.py"
    intervals.write_text(intervals.read_text(encoding="utf-8") + "\nMORE = 1\n", encoding="utf-8")
    assert suite.suite_code() != before
