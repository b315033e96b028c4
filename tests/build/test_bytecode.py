"""What runs is what was hashed, also where Python would take the bytecode of other code for it."""

from __future__ import annotations

import os
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.support.table import edit
from tests.support.zoo import doit
from zoosmith.build import bytecode
from zoosmith.plugins import PACKAGE

OLD = (1_500_000_000, 1_500_000_000)  # as an archive gives all its files one time


def built(project: Path) -> str:
    done = doit(project, "artifact:toy-double")
    assert done.returncode == 0, done.stdout + done.stderr
    return (project / "artifacts" / "toy-double" / "table.json").read_text()


def helper(project: Path) -> tuple[Path, str, str]:
    """A module that the builder imports."""
    file = project / "helper.py"
    file.write_text("FACTOR = 2.0\n")
    edit(project / "builders" / "scaled.py", "import shutil\n", "import shutil\n\nimport helper\n")
    edit(project / "builders" / "scaled.py", "value * job.params.factor", "value * helper.FACTOR")
    return file, "FACTOR = 2.0", "FACTOR = 4.0"


def below(project: Path) -> tuple[Path, str, str]:
    """The same in a folder, which nobody looks through before a build."""
    (project / "own").mkdir()
    (project / "own" / "helper.py").write_text("FACTOR = 2.0\n")
    edit(project / "builders" / "scaled.py", "import shutil\n", "import shutil\n\nfrom own import helper\n")
    edit(project / "builders" / "scaled.py", "value * job.params.factor", "value * helper.FACTOR")
    return project / "own" / "helper.py", "FACTOR = 2.0", "FACTOR = 4.0"


def builder(project: Path) -> tuple[Path, str, str]:
    """A default of the builder's, which the process that makes the key reads."""
    return project / "builders" / "scaled.py", "factor: float = 2.0", "factor: float = 4.0"


@pytest.mark.parametrize("which", [helper, below, builder])
def test_code_of_the_same_size_and_time_is_not_taken_for_what_was_there(project: Path, which: object) -> None:
    assert callable(which)
    file, old, new = which(project)
    os.utime(file, OLD)
    before = built(project)
    edit(file, old, new)
    os.utime(file, OLD)
    after = built(project)
    edit(file, new, old)
    os.utime(file, OLD)
    assert after != before == built(project)


def test_bytecode_of_what_is_shipped_stays(tmp_path: Path) -> None:
    cached = Path(cache_from_source(str(PACKAGE / "plugins.py")))
    there = cached.exists()
    bytecode.forget([PACKAGE / "plugins.py", tmp_path / "missing.py"])
    bytecode.forget_all(PACKAGE.parent)
    assert cached.exists() == there
