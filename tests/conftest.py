"""What all tests share."""

from __future__ import annotations

import pytest

from tests.support.job import Family


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """Tiny artifacts, each built once in a run."""
    import torch

    torch.set_num_threads(1)
    return Family(tmp_path_factory.mktemp("family"))
