"""Small zoos that are built and recorded, each once in a run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import doit, write_recipe


def record(project: Path, *names: str) -> Path:
    """Build what is named; measuring waits for nobody outside this project."""
    own = project / "tmp"
    own.mkdir(exist_ok=True)
    done = doit(project, *(f"build:{name}" for name in names), TMPDIR=str(own))
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def scaled(scale: float) -> dict[str, Any]:
    """The recipe with other weights in a0."""
    recipe = fast_recipe(2)
    recipe["artifacts"]["a0"]["params"]["scale"] = scale
    return recipe


@pytest.fixture(scope="session")
def _first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v1 of family0-a0 and family0-a1."""
    return record(write_fast_zoo(tmp_path_factory.mktemp("first") / "zoo"), "family0-a0", "family0-a1")


@pytest.fixture(scope="session")
def _other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody else's v1 of family0-a0: another tree."""
    project = write_fast_zoo(tmp_path_factory.mktemp("other") / "zoo")
    write_recipe(project, scaled(2.0), "family0")
    return record(project, "family0-a0")


@pytest.fixture(scope="session")
def _second(_first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first zoo after another build of family0-a0: v2."""
    project = Path(shutil.copytree(_first, tmp_path_factory.mktemp("second") / "zoo"))
    write_recipe(project, scaled(3.0), "family0")
    return record(project, "family0-a0")


@pytest.fixture
def zoo(_first: Path, tmp_path: Path) -> Path:
    """A copy of the first zoo."""
    return Path(shutil.copytree(_first, tmp_path / "zoo"))


@pytest.fixture
def other_zoo(_other: Path, tmp_path: Path) -> Path:
    """A copy of the other zoo."""
    return Path(shutil.copytree(_other, tmp_path / "other"))


@pytest.fixture
def second_zoo(_second: Path, tmp_path: Path) -> Path:
    """A copy of the first zoo with two versions."""
    return Path(shutil.copytree(_second, tmp_path / "second"))
