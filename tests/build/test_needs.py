"""An artifact that cannot be opened alone: what it needs is given to it wherever it is opened, and is counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.factor import add_base, write_factor_zoo
from tests.support.user import zoosmith
from tests.support.zoo import doit


def test_what_an_artifact_needs_goes_with_it(tmp_path: Path) -> None:
    project = write_factor_zoo(tmp_path / "zoo")
    done = doit(project, "build:family0-scaled", "build:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((project / "registry.json").read_text())["artifacts"]
    base, scaled = (rows[f"family0-{name}"]["versions"]["1"] for name in ("a0", "scaled"))
    assert scaled["needs"] == {"from": base["tree_digest"]}
    assert not (project / "artifacts" / "family0-scaled" / "table.json").exists()
    assert scaled["size_total"] == scaled["size_own"] + base["size_own"]
    [measured] = (project / "results" / "family0" / "scaled").glob("*g-*.json")
    assert json.loads(measured.read_text())["suites"]["quick"]["size_total"] == scaled["size_total"]
    checked = doit(project, "check", "family0-scaled")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(("name", "beside"), [("scaled", "a0"), ("over", "table")])
def test_an_artifact_is_delivered_with_what_it_needs(tmp_path: Path, name: str, beside: str) -> None:
    """Asked for alone, it answers; what it needs comes back when it is lost, and is told when it is not there."""
    project = write_factor_zoo(tmp_path / "zoo")
    if name == "over":
        add_base(project)
    done = doit(project, f"artifact:family0-{name}")
    assert done.returncode == 0, done.stdout + done.stderr
    asked = zoosmith(project, "run", f"family0-{name}", "a lovely film")
    assert asked.stdout.startswith("positive\t"), asked.stderr
    shutil.rmtree(project / "artifacts" / f"family0-{beside}")
    shutil.rmtree(project / "artifacts" / "family0-a0", ignore_errors=True)
    lost = zoosmith(project, "run", f"family0-{name}", "a lovely film")
    assert lost.returncode == 1
    assert f"artifacts/family0-{name} cannot be opened without 'from', the tree " in lost.stderr
    assert f"`doit artifact:family0-{name}`" in lost.stderr
    again = doit(project, f"artifact:family0-{name}")
    assert again.returncode == 0, again.stdout + again.stderr
    assert zoosmith(project, "run", f"family0-{name}", "a lovely film").stdout == asked.stdout
