"""Whatever a signature or a signed index holds: no traceback, and nothing passes that its key did not sign."""

from __future__ import annotations

from pathlib import Path

from tests.support.hostile_signed import fuzz_index, fuzz_signature, made


def test_no_signature_does_harm(tmp_path: Path) -> None:
    seen = fuzz_signature(made(tmp_path), 100)
    assert min(seen["passed"], seen["refused"]) > 0


def test_no_index_does_harm(tmp_path: Path) -> None:
    seen = fuzz_index(made(tmp_path), 100)
    assert min(seen["passed"], seen["refused"]) > 0
