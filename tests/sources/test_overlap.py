"""Texts that two splits share are counted as sets would count them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoosmith.sources import overlap
from zoosmith.sources.overlap import Texts

WORDS = st.lists(st.sampled_from([f"text {i}".encode() for i in range(300)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "texts"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(train=WORDS, dev=WORDS, test=WORDS, held=st.sampled_from([overlap.SIZE, overlap.HELD]))
def test_shared_texts_are_those_of_sets(
    folder: Path, train: list[bytes], dev: list[bytes], test: list[bytes], held: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap, "HELD", held)
        texts = Texts(folder)
        for split, rows in (("train", train), ("dev", dev), ("eval", test)):
            for row in rows:
                texts.add(split, row)
        assert texts.shared("eval", ["train", "dev"]) == len(set(test) & {*train, *dev})
        assert texts.shared("train", []) == 0
