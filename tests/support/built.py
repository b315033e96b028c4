"""Fixtures over the torch-free zoo: a project, a built one, a lock of the host that nobody else waits for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.table import bring_up, write_table


@pytest.fixture(scope="package", autouse=True)
def _own_measure_lock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The lock of the host is in the folder for temporary files: neither wait for others nor hold them up."""
    folder = str(tmp_path_factory.mktemp("lock"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The torch-free zoo of tests/support/table.py."""
    return write_table(tmp_path / "zoo")


@pytest.fixture(scope="session")
def _built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_table(tmp_path_factory.mktemp("built") / "zoo")
    for name in ("toy-triple", "toy-sextuple"):
        bring_up(project, name)
    return project


@pytest.fixture
def built(_built_once: Path, tmp_path: Path) -> Path:
    """A copy of that zoo with everything in its store."""
    return Path(shutil.copytree(_built_once, tmp_path / "zoo"))
