"""Whatever a registry holds: no traceback, no write outside the target, no wrong byte accepted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.hostile import Case, Sandbox, cases, outcome, sandbox


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "xdg"))
        with sandbox(folder) as made:
            yield made


def test_nothing_that_a_registry_holds_does_harm(box: Sandbox) -> None:
    """Over cases of both kinds: were all of them refused, or none, they would show nothing."""
    seen: set[str] = set()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=cases())
    def harmless(case: Case) -> None:
        seen.add(outcome(case, box))

    harmless()
    assert seen == {"pulled", "refused"}
