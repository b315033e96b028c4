"""Whatever a bundle or an image holds: no traceback, no write outside the target, no wrong byte accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hostile_carried import Box, fuzz_bundle, fuzz_image


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-xdg"))
    return Box(tmp_path)


def test_no_bundle_does_harm(box: Box) -> None:
    seen = fuzz_bundle(box, 150)
    assert min(seen["pulled"], seen["refused"]) > 0


def test_no_image_does_harm(box: Box) -> None:
    seen = fuzz_image(box, 60)
    assert min(seen["pulled"], seen["refused"]) > 0
