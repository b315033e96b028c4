"""A plug-in of the zoo that no recipe uses is told by `doit list` if it is broken; nothing of it runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.zoo import doit
from zoosmith import plugins
from zoosmith.build import unused
from zoosmith.build.zoo import load_zoo

BUILDER = "from zoosmith.contract.params import Params\nFORMAT = PRECISION = ACCEPTS = 'x'\ndef build(job): ...\n"
RUNTIME = "REQUIRES = ()\nEXTRA = LIBRARY = 'x'\nif True:\n    CAPABILITIES = ()\ndef open(folder): ...\n"
WRONG = [
    ("builders/mine.py", BUILDER.replace("(job)", "(job"), "mine.py:3: SyntaxError: "),
    ("builders/mine.py", BUILDER.replace("build", "biuld"), "mine.py:1: has no 'build'; did you mean 'biuld'"),
    ("builders/mine.py", "build(1)\n" + BUILDER.replace("build", "b"), "mine.py:1: has no 'build'"),
    ("builders/mine/__init__.py", BUILDER.replace("Params", "Params as P"), "__init__.py:1: has no 'Params'"),
    ("builders/mine/part.py", "def", "part.py:1: SyntaxError: "),
    ("builders/mine.py", "# coding: nope\n", "mine.py:1: SyntaxError: "),
    ("runtimes/mine.py", RUNTIME.replace("EXTRA", "EXTAR"), "mine.py:1: has no 'EXTRA'; did you mean 'EXTAR'"),
    ("tasks/mine/encoding.py", "x = (\n", "encoding.py:1: SyntaxError: "),
    ("builtin/mine.py", "x = = 1\n", "mine.py:1: SyntaxError: "),
]
RIGHT = [
    ("builders/mine.py", BUILDER),
    ("builders/mine.py", "from zoosmith.contract.params import *\n" + BUILDER.replace("build", "b")),
    ("builders/mine.py", BUILDER.replace("def build", "globals()['build'] = 1\ndef b")),
    ("builders/helper.py", "def build(x): ...\n"),
    ("builders/_mine.py", "def"),
    ("builders/mine/part.py", "def build(x): ...\nclass Params: ...\n"),
    ("runtimes/mine.py", RUNTIME),
]


def write(project: Path, path: str, text: str) -> None:
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(text)


@pytest.mark.parametrize(("path", "text", "said"), WRONG)
def test_a_broken_plug_in_is_told_with_file_and_line(project: Path, path: str, text: str, said: str) -> None:
    write(project, path, text)
    [(file, fault)] = unused.faults(project, load_zoo(project)).items()
    assert file == str(project / path)
    assert fault.startswith(f"{project / path}:")
    assert said in fault


@pytest.mark.parametrize(("path", "text"), RIGHT)
def test_what_may_be_right_is_not_told(project: Path, path: str, text: str) -> None:
    write(project, path, text)
    assert unused.faults(project, load_zoo(project)) == {}


def test_each_file_is_parsed_once_until_it_changes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project, "builders/mine.py", BUILDER.replace("(job)", "(job"))
    zoo, parsed = load_zoo(project), list[str]()
    parse = ast.parse

    def noted(source: bytes, *, filename: str) -> ast.Module:
        parsed.append(filename)
        return parse(source, filename)

    monkeypatch.setattr(ast, "parse", noted)
    first = unused.faults(project, zoo)
    assert str(project / "builders" / "mine.py") in parsed
    parsed.clear()
    assert unused.faults(project, zoo) == first != {}
    assert parsed == []
    write(project, "builders/mine.py", BUILDER)
    assert unused.faults(project, zoo) == {}
    assert parsed == [str(project / "builders" / "mine.py")]
    (project / unused.KEPT).write_text("[1]")
    assert unused.faults(project, zoo) == {}


def test_shipped_plug_ins_are_whole() -> None:
    for kind, home in plugins.KINDS.items():
        for file in [*home.glob("[!_]*.py"), *home.glob("[!_]*/*.py")]:
            assert unused.fault(kind, file) is None


def test_list_tells_it_and_shows_the_families(project: Path) -> None:
    write(project, "builders/mine.py", "import no_such_package\n" + BUILDER.replace("(job)", "(job"))
    done = doit(project, "list")
    assert done.returncode == 3
    assert "toy-plain" in done.stdout
    assert done.stderr.count("SyntaxError") == 1
    assert f"ERROR: {project}/builders/mine.py:4: SyntaxError: " in done.stderr
