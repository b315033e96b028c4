"""A build that reads what its key does not hold: files of the zoo fail it, others are told and noted."""

from __future__ import annotations

import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from tests.support.step import make_step
from tests.support.table import bring_up, edit, recipe
from tests.support.zoo import write_recipe
from zoosmith.build import reads as watching
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import BuildError, ZooError
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
        (("exec(open('helper.py').read())",), "helper.py"),
        (("import runpy", "runpy.run_path('helper.py')"), "helper.py"),
        (("import sys", "sys.path.insert(0, 'zipped.zip')", "import zipped"), "zipped.zip"),
        (("import subprocess", "subprocess.run(['cat', 'beside.txt'], check=True)"), "beside.txt"),
        (("import os", "os.system('cat beside.txt')"), "beside.txt"),
        (
            (
                "import multiprocessing as m",
                "p = m.get_context('fork').Process(target=open, args=('beside.txt',))",
                "p.start()",
                "p.join()",
            ),
            "beside.txt",
        ),
        (("import sqlite3", "sqlite3.connect('beside.db').execute('select 1')"), "beside.db"),
    ],
)
def test_a_file_of_the_zoo_that_is_not_in_the_key_fails_it(project: Path, lines: tuple[str, ...], named: str) -> None:
    for name in ("builders/factor.txt", "beside.txt", "helper.py"):
        (project / name).write_text("2")
    with zipfile.ZipFile(project / "zipped.zip", "w") as archive:
        archive.writestr("zipped.py", "FACTOR = 2\n")
    sqlite3.connect(project / "beside.db").close()
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


def test_a_module_of_the_zoo_that_stands_in_for_a_librarys_fails_it(project: Path) -> None:
    """It was imported before anybody watched, by what knows nothing of the zoo."""
    import bisect

    shutil.copyfile(str(bisect.__file__), project / "bisect.py")
    assert "the builder read bisect.py of the zoo" in why_not(project, "import bisect; assert 'zoo' in bisect.__file__")


@pytest.mark.parametrize("around", ["the folder above", "its own folder", "none"])
def test_a_zoo_within_a_home_is_watched_all_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch, around: str
) -> None:
    """As one below /var/lib, or with a virtual environment made of its own folder; one in a folder of it is a home."""
    homes = {"the folder above": (str(project.parent),), "its own folder": (str(project),), "none": ()}[around]
    monkeypatch.setattr(watching, "SYSTEM", (*watching.SYSTEM, *homes, str(project / ".venv")))
    for name in (".venv/lib.txt", "beside.txt"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("2")
    step = make_step(project, {}, {})
    with watching.witnessed(step, []):
        (project / ".venv" / "lib.txt").read_text()
    with pytest.raises(BuildError, match=r"^the builder read beside\.txt of the zoo"), watching.witnessed(step, []):
        (project / "beside.txt").read_text()


def test_a_link_from_elsewhere_into_the_zoo_hides_nothing(project: Path, tmp_path: Path) -> None:
    (project / "beside.txt").write_text("2")
    (tmp_path / "away").symlink_to(project / "beside.txt")
    with (
        pytest.raises(BuildError, match=r"the builder read .*away of the zoo"),
        watching.witnessed(make_step(project, {}, {}), []),
    ):
        (tmp_path / "away").read_text()


BUILT_IN = '''"""Words by class."""

from pathlib import Path

from zoosmith.contract.params import Params as BaseParams

REQUIRES = ()
COLUMNS = {"text": "text", "label": "label"}
LABELS = ("negative", "positive")


class Params(BaseParams):
    pass


def generate(params):
    rows = [{"text": word, "label": LABELS[i % 2]} for i, word in enumerate(WORDS)]
    return {"train": rows[:8], "dev": rows[8:12], "eval": rows[12:]}
'''
GIVEN = "WORDS = ''.join(chr(97 + i) + 'x ' for i in range(20)).split()\n"
READ = "WORDS = Path(__file__).with_name('words.txt').read_text().split()\n"


@pytest.mark.parametrize("words", [GIVEN, READ])
def test_built_in_data_is_watched_as_builders_are(project: Path, words: str) -> None:
    (project / "builtin").mkdir()
    (project / "builtin" / "words.txt").write_text(" ".join(chr(97 + i) + "y" for i in range(20)))
    (project / "builtin" / "mine.py").write_text(BUILT_IN + words)
    write_recipe(project, recipe() | {"data": {"toy": {"builtin": "mine"}}})
    workspace = Workspace(project)
    if words == GIVEN:
        assert workspace.make("data", Ref("toy", "toy")).tree
        return
    with pytest.raises(StepFailed, match=r"the built-in data read builtin/words\.txt of the zoo.*under `path:`"):
        workspace.make("data", Ref("toy", "toy"))
    assert workspace.resolver.finished("data", Ref("toy", "toy")) is None


@pytest.mark.parametrize("named", ["missing.txt", "builders", "loop"])
def test_a_tool_that_is_no_file_is_told(project: Path, named: str) -> None:
    (project / "loop").symlink_to("loop")
    builder = project / "builders" / "scaled.py"
    edit(builder, 'PRECISION = "fp32"', f'PRECISION = "fp32"\nTOOLS = ({named!r},)')
    bring_up(project, "toy-plain")
    with pytest.raises(ZooError, match=rf"scaled\.py: TOOLS names '{named}', and .* is no file; name each file"):
        Workspace(project).resolver.action("artifact", REF)
