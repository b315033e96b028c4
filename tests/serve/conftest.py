"""One server for most tests: two classifiers and a language model, with limits that are easy to exceed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.served import PAIR, running, write_letters, write_table, write_zoo
from zoosmith.serve.limits import Limits
from zoosmith.serve.start import Settings

LIMITS = Limits(body_bytes=20_000, inputs=8, characters=300, tokens=64, waiting=16, read_s=0.4, head_bytes=4_000)


@pytest.fixture(scope="package")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that the whole package asks from, and does not change."""
    project = write_zoo(tmp_path_factory.mktemp("serve") / "zoo")
    write_table(project, "mood")
    write_table(project, "match", kind=PAIR)
    write_letters(project, "letters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOSMITH_PROJECT", str(project))
        yield project


@pytest.fixture(scope="package")
def url(zoo: Path) -> Iterator[str]:
    """Where it is served."""
    settings = Settings(("mood", "match", "letters"), port=0, workers=2, grace_s=5, limits=LIMITS)
    with running(settings) as (found, _):
        yield found


@pytest.fixture
def client(url: str) -> Iterator[httpx2.Client]:
    """A client of that server."""
    with httpx2.Client(base_url=url, timeout=20) as found:
        yield found
