"""Speed of sides that are never in memory together: what is slower is seen, and only one process is open at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.toys import opening, silent, write_toy
from zoosmith.bench import apart, process, speed
from zoosmith.contract.errors import ZooError

SHORT = speed.Plan(starts=4, turns=2, block_s=0.1)


def test_an_artifact_slowed_by_a_half_is_seen_one_process_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, ...]] = []

    @contextmanager
    def watched(*names: str) -> Iterator[Any]:
        order.append(names)
        with process.opened(*names) as children:
            yield children

    monkeypatch.setattr(apart, "opened", watched)
    slowed, reference = write_toy(tmp_path, "slowed", sleep_ms=30), write_toy(tmp_path, "reference", sleep_ms=20)
    sides = {"artifact": slowed, "reference": reference}
    found = apart.compare(sides, opening(tmp_path, slowed, reference), SHORT, silent)
    ratio = found.ratio("reference")
    assert ratio.high < 1.0
    assert ratio.value == pytest.approx(1 / 1.5, abs=0.1)
    assert ratio.n == SHORT.starts
    assert order == [("artifact",), ("reference",), ("reference",), ("artifact",)] * SHORT.starts
    assert found.memory["peak"] >= found.memory["load"] > 0


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    broken = write_toy(tmp_path, "broken")
    (broken / "toy.json").write_text('{"hashes": "none"}')
    with pytest.raises(ZooError, match="artifact: TypeError"):
        apart.compare({"artifact": broken}, opening(tmp_path, broken), SHORT, silent)
