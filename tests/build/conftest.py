"""Fixtures over the torch-free zoo."""

from collections.abc import Iterator

import pytest

from tests.support.built import _built_once, _own_measure_lock, built, project
from zoosmith.bench import host

__all__ = ["_built_once", "_own_measure_lock", "built", "project"]


@pytest.fixture(autouse=True)
def _machine_anew() -> Iterator[None]:
    """Tests give this process another processor; what is known of the machine goes with it."""
    yield
    host._machine.cache_clear()
