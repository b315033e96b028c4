"""A build that reads what its key does not hold: files of the zoo fail it, others are told and noted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.table import bring_up, edit
from zoosmith.build.workspace import Workspace
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref

REF = Ref("toy", "double")
STARTS = "    weights = json.loads("


def reads(project: Path, *lines: str) -> Workspace:
    """The zoo, whose builder `scaled` begins with these lines."""
    bring_up(project, "toy-plain")
    edit(project / "builders" / "scaled.py", STARTS, "".join(f"    {line}\n" for line in lines) + STARTS)
    return Workspace(project)


def why_not(project: Path, *lines: str) -> str:
    with pytest.raises(StepFailed) as caught:
        reads(project, *lines).make("artifact", REF)
    assert Workspace(project).resolver.finished("artifact", REF) is None
    return str(caught.value)


def test_a_build_that_reads_what_it_is_given_has_nothing_to_tell(project: Path) -> None:
    notes = (
        reads(project, "import tempfile; open(tempfile.mkstemp()[1]).read()").make("artifact", REF).provenance["notes"]
    )
    assert not {"outside_key", "connected"} & notes.keys()


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (("from pathlib import Path", "(Path(__file__).parent / 'factor.txt').read_text()"), "builders/factor.txt"),
        (("import os", "os.close(os.open('beside.txt', os.O_RDONLY))"), "beside.txt"),
        (("import importlib", "importlib.import_module('help' + 'er')"), "helper.py"),
        (("import numpy", "numpy.memmap('beside.txt')"), "beside.txt"),
    ],
)
def test_a_file_of_the_zoo_that_is_not_in_the_key_fails_it(project: Path, lines: tuple[str, ...], named: str) -> None:
    for name in ("builders/factor.txt", "beside.txt", "helper.py"):
        (project / name).write_text("2")
    said = why_not(project, *lines)
    assert re.search(rf"the builder read {named} of the zoo, which its key does not hold.*TOOLS", said)


def test_the_same_files_are_allowed_where_the_key_holds_them(project: Path) -> None:
    (project / "factor.txt").write_text("2")
    (project / "helper.py").write_text("X = 1\n")
    edit(project / "builders" / "scaled.py", 'PRECISION = "fp32"', 'PRECISION = "fp32"\nTOOLS = ("factor.txt",)')
    workspace = reads(project, "import helper", "open('factor.txt').read()")
    assert workspace.make("artifact", REF).tree


def test_a_file_from_elsewhere_is_told_and_noted(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("2")
    notes = reads(project, f"open({str(other)!r}).read()").make("artifact", REF).provenance["notes"]
    assert notes["outside_key"] == [str(other)]
    assert f"the builder read {other}, which its key does not hold" in capsys.readouterr().err


def test_a_build_that_asks_the_network_is_told(project: Path) -> None:
    lines = ("import socket", "try: socket.create_connection(('127.0.0.1', 9), 1)", "except OSError: pass")
    notes = reads(project, *lines).make("artifact", REF).provenance["notes"]
    assert notes["connected"] == ["127.0.0.1"]
