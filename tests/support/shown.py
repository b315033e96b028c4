"""The commands of a page with what they print, from this repository's record.

`python -m tests.support.shown docs/choosing.md` writes the page again with what its commands print today.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.zoo import ROOT
from zoosmith.app.cli import main as cli
from zoosmith.build.recorded import current
from zoosmith.build.reproduce import shown_by_card
from zoosmith.common.text import aligned
from zoosmith.records import claims
from zoosmith.records.figures import of_measurement

BLOCK = re.compile(r"```sh\n(?P<line>(?:zoosmith|doit) [^\n]+)\n```\n```\n(?P<shown>.*?)```\n", flags=re.S)


def refreshed(page: str, answer: Callable[[str], str]) -> str:
    """The page with `answer(command)` in place of each block that follows a command."""
    return BLOCK.sub(lambda found: f"```sh\n{found['line']}\n```\n```\n{answer(found['line'])}```\n", page)


def answer(line: str) -> str:
    """What a command prints, standard error last."""
    program, *words = shlex.split(line)
    if program == "doit":
        return claimed(words[-1])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        cli.main(words)
    return out.getvalue() + err.getvalue()


def claimed(name: str) -> str:
    """The first line and the first columns of `doit reproduce NAME`: what can be told without measuring again."""
    build, measured = current(ROOT, name)
    said = shown_by_card([of_measurement(each, build.task, name) for each in measured])
    found = [claims.of_files(said, said.tree), *claims.untold(said, "")]
    head = f"{name}: claims of suite {said.suite_text} on {said.host}, held against a fresh measurement here"
    rows = [("claim", "as claimed"), *((claim.what, claim.said) for claim in found)]
    return f"{head}\n{aligned(rows)}\n"


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:]):
        file.write_text(refreshed(file.read_text(encoding="utf-8"), answer), encoding="utf-8")
