"""`zoosmith serve` on the command line."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from zoosmith.app.cli import main as cli
from zoosmith.app.cli.commands.serve import settings


def given(*words: str) -> Any:
    return settings(cli.parser().parse_args(["serve", *words]))


def test_options_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)))
    plain = given("a", "b")
    assert (plain.names, plain.host, plain.port, plain.threads, plain.workers) == (["a", "b"], "127.0.0.1", 8000, 1, 8)
    told = given("a", "--threads", "2", "--batch-ms", "5", "--queue", "7", "--max-body", "99", "--port", "0")
    assert (told.workers, told.batch_s, told.limits.waiting, told.limits.body_bytes, told.port) == (4, 0.005, 7, 99, 0)
    assert given("a", "--workers", "3", "--batch-ms", "0").workers == 3


@pytest.mark.parametrize(
    "words", [("--port", "70000"), ("--port", "-1"), ("--workers", "0"), ("--batch-ms", "-1"), ("--grace-s", "nan")]
)
def test_numbers_that_are_none_are_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        given("a", *words)
    assert ended.value.code == 2
    assert f"found '{words[1]}'" in capsys.readouterr().err


def test_an_unknown_option_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "a", "--worker-count", "2"]) == 1
    assert "'--worker-count' is no option of serve" in capsys.readouterr().err


def test_without_the_extra_one_message_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    missing = ("starlette", "prometheus_client")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in missing else found(name, *rest)
    )
    assert cli.main(["serve", "a"]) == 1
    said = capsys.readouterr().err
    assert said == "zoosmith: serving needs starlette, prometheus_client: run `pip install 'zoosmith[serve]'`\n"


def test_nothing_of_the_extra_is_imported_before_it_serves() -> None:
    names = ("starlette", "uvicorn", "httptools", "prometheus_client", "uvloop")
    code = f"import sys, zoosmith.app.cli.main as m; m.parser(); print([n for n in {names!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
