"""A builder with an environment of its own: another version of a package, artifacts checked in ours."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.fast import BUILDER, write_fast_zoo
from tests.support.zoo import doit
from zoosmith.contract.errors import ZooError
from zoosmith.execution import environments
from zoosmith.execution.environments import python_for
from zoosmith.store.store import Store

INFO = "only_there-1.0.dist-info"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package that our own environment does not have."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "only_there-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("only_there.py", "FACTOR = 2.0\n")
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: only-there\nVersion: 1.0\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_no_requirements_take_the_interpreter_at_hand(tmp_path: Path) -> None:
    assert python_for((), Store(tmp_path), "python-at-hand") == "python-at-hand"


def test_pip_is_out_of_reach_of_the_terminals_ctrl_c() -> None:
    said = environments._watched([sys.executable, "-c", "import os; print(os.getsid(0)); raise SystemExit(1)"])
    assert said is not None and int(said) != os.getsid(0)


def test_a_builder_runs_with_its_own_packages_and_its_artifact_opens_in_ours(tmp_path: Path, index: Path) -> None:
    project = write_fast_zoo(tmp_path / "zoo")
    own = BUILDER.replace("DATA = (", 'ENVIRONMENT = ("only-there==1.0",)\nDATA = (', 1)
    own = own.replace(
        "    weights = (weights * job.params.scale)",
        "    import only_there\n\n    weights = (weights * only_there.FACTOR)",
    )
    (project / "builders" / "table.py").write_text(own, encoding="utf-8")
    done = doit(project, "artifact:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "artifacts" / "family0-a0" / "table.json").is_file()


def test_what_cannot_be_installed_is_told(tmp_path: Path, index: Path) -> None:
    import sys

    with pytest.raises(ZooError, match=r"cannot install only-there==9\.9 for a builder's environment"):
        python_for(("only-there==9.9",), Store(tmp_path), sys.executable)
