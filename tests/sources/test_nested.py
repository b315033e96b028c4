"""Columns of lists and objects, as sets of questions with choices have them: read and written as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.step import make_step
from tests.support.zoo import write_project, write_rows
from zoosmith.contract.errors import ZooError
from zoosmith.sources import rows

ROWS: list[dict[str, Any]] = [
    {"q": "What is wet?", "options": {"text": ["rain", "sand"], "label": ["A", "B"]}, "more": ["x"], "key": "A"},
    {"q": "Was ist naß?", "options": {"text": ["Regen", "雨", "é"], "label": ["1", "2", "3"]}, "more": [], "key": "3"},
]
COLUMNS = {"question": "q", "choices": "options", "further": "more", "answer": "key"}


def read(project: Path) -> list[dict[str, Any]]:
    """What the data step writes of the file in `project`."""
    about = {"path": "data", "columns": COLUMNS, "splits": {"eval": "test"}}
    step = make_step(write_project(project), {}, {"data": about, "name": "toy/data"})
    rows.run(step)
    return [json.loads(line) for line in (step.out / "eval.jsonl").read_bytes().splitlines()]


def expected() -> list[dict[str, Any]]:
    return [{ours: row[theirs] for ours, theirs in COLUMNS.items()} for row in ROWS]


def test_of_json_lines(tmp_path: Path) -> None:
    write_rows(tmp_path / "data" / "test.jsonl", ROWS)
    assert read(tmp_path) == expected()


def test_of_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "data").mkdir()
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "data" / "test.parquet")
    assert read(tmp_path) == expected()


def test_a_text_among_objects_is_told(tmp_path: Path) -> None:
    write_rows(tmp_path / "data" / "test.jsonl", [*ROWS, ROWS[0] | {"options": "rain, sand"}])
    with pytest.raises(ZooError, match=r"test\.jsonl:3.*column 'options' holds text here, and an object at .*:1"):
        read(tmp_path)
