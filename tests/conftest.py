"""What all tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.job import Family


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what forks for each call: a worker that holds torch forks ten times as slowly as one that does not.

    Then whole families: they take minutes each, and a worker that is left alone with one holds up the end.
    """
    items.sort(key=lambda item: (not _forks(item), "families" not in item.path.parts))


def _forks(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and hasattr(item.module, "kill_at_every_call")


@pytest.fixture(scope="session", autouse=True)
def _host_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Measurements lock the host, by a file where temporary ones are: side by side no worker waits for another's."""
    with pytest.MonkeyPatch.context() as changed:
        if "PYTEST_XDIST_WORKER" in os.environ:
            changed.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
            changed.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """Tiny artifacts, each built once in a run."""
    import torch

    torch.set_num_threads(1)
    return Family(tmp_path_factory.mktemp("family"))


@pytest.fixture(scope="session")
def fast_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A delivered artifact of a torch-free zoo, inside its project."""
    from tests.support.fast import write_fast_zoo
    from tests.support.zoo import doit

    project = write_fast_zoo(tmp_path_factory.mktemp("fast") / "z")
    done = doit(project, "artifact:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "artifacts" / "family0-a0"
