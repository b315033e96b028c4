"""Mixes are compared with the best plain file that is no larger, on the same tokens."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.mixed_bits import DOCUMENTS, LONGEST, compared, cut, side_by_side, texts_of

PLAIN = {
    "q4_0": {"bytes": 90, "kl": {"news": 0.4, "tales": 0.3}},
    "q4_1": {"bytes": 98, "kl": {"news": 0.1, "tales": 0.2}},
    "q8_0": {"bytes": 145, "kl": {"news": 0.01, "tales": 0.01}},
}


def test_a_larger_plain_file_does_not_count() -> None:
    found = compared("news", {"allowed": 98, "kl": {"news": 0.06}}, PLAIN)
    assert found["best_plain"] == "q4_1" and found["less"] == pytest.approx(0.4)
    assert compared("tales", {"allowed": 97, "kl": {"tales": 0.3}}, PLAIN)["less"] == pytest.approx(0.0)


def test_every_mix_counts_on_every_text() -> None:
    files = PLAIN | {"mixed like q4_1": {"bytes": 97, "kl": {"news": 0.06, "tales": 0.18}}}
    told = side_by_side(files, {"q4_1": {"allowed_bytes": 98}}, ["news", "tales"])
    assert set(told["equal_size"]) == {"like q4_1 on news", "like q4_1 on tales"}
    assert told["less_on_average"] == pytest.approx((0.4 + 0.1) / 2)


def test_texts_are_cut_to_as_many_tokens_in_all() -> None:
    session = SimpleNamespace(tokenize=lambda text: list(range(len(text))))
    found = cut(session, ["a" * 300, "b" * 10, "c" * 300], LONGEST + 60)
    assert [len(ids) for ids in found] == [LONGEST, 10, 50]


def test_texts_come_from_all_over_the_file(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = ["short"] + [f"{index:04} " + "word " * 50 for index in range(4 * DOCUMENTS)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "t.parquet")
    found = texts_of(tmp_path / "t.parquet")
    assert len(found) == DOCUMENTS and found[0].startswith("0000") and found[-1].startswith("0252")
