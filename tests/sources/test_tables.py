"""Rows from CSV, JSON lines and Parquet; an unreadable row is named by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Data
from zoosmith.sources import tables
from zoosmith.sources.table import Table


def from_path(path: Path, split: str, **columns: str) -> Table:
    return tables.from_path(path, split, Data(path="data", splits={"train": "train"}, columns=columns))


def rows(path: Path, split: str = "train", **columns: str) -> list[dict[str, Any]]:
    """All rows, and whether as many are counted."""
    table = from_path(path, split, **columns)
    found = [row for _, row in table.read()]
    assert table.count() == len(found)
    return found


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('text,label\n"a, b",yes\nc,no\n')
    assert rows(tmp_path) == [{"text": "a, b", "label": "yes"}, {"text": "c", "label": "no"}]


def test_json_lines_with_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"a": 1}\n\n{"a": 2}\n')
    assert [row["a"] for row in rows(tmp_path)] == [1, 2]


def test_parquet_keeps_class_names(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    Dataset.from_dict({"text": ["a"], "label": [1]}, features=features).to_parquet(tmp_path / "train.parquet")
    assert rows(tmp_path) == [{"text": "a", "label": 1}]
    assert from_path(tmp_path, "train", label="label").labels == ("neg", "pos")


def test_one_file_is_a_split_of_its_stem(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text\na\n")
    assert len(rows(tmp_path / "train.csv")) == 1


def test_two_files_of_one_split_are_told(tmp_path: Path) -> None:
    """Which of the two is meant, nobody can know; the later name won once."""
    (tmp_path / "train.csv").write_text("text\na\n")
    (tmp_path / "train.jsonl").write_text('{"text": "b"}\n')
    (tmp_path / "test.CSV").write_text("text\nc\n")
    with pytest.raises(ZooError, match=r"train\.csv and train\.jsonl both hold the split 'train'; keep one"):
        from_path(tmp_path, "train")
    assert rows(tmp_path, "test") == [{"text": "c"}]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("train.csv", b"text,label\na,b\nc\n", r"train\.csv:3: columns \['text'\] instead of"),
        ("train.csv", b"text,label\na,b,c\n", r"train\.csv:2: more columns"),
        ("train.csv", b"text\n\xff\xfe\n", r"train\.csv:\d: unreadable row"),
        ("train.jsonl", b'{"a": 1}\n{"a": \n', r"train\.jsonl:2: unreadable row"),
        ("train.jsonl", b"[1]\n", r"train\.jsonl:1: expected an object"),
        ("train.jsonl", b'{"a": "\xff"}\n', r"train\.jsonl:1: unreadable row"),
        ("train.parquet", b"no parquet", r"train\.parquet: unreadable Parquet"),
        ("other.csv", b"text\na\n", r"no split 'train' as \.csv, \.jsonl or \.parquet; known: other"),
    ],
)
def test_what_cannot_be_read_names_file_and_line(tmp_path: Path, name: str, text: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(ZooError, match=said):
        rows(tmp_path)
