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


def test_cells_of_several_lines_and_of_any_length(tmp_path: Path) -> None:
    """The library's own limit is 131,072 characters. A row stands where its first line does."""
    (tmp_path / "train.csv").write_text(f'text,label\r\n"a\r\n\r\nb",x\r\n\r\n{"c" * 200_000},y\r\n', newline="")
    found = list(from_path(tmp_path, "train").read())
    assert [number for number, _ in found] == [2, 6]
    assert [row["text"] for _, row in found] == ["a\r\n\r\nb", "c" * 200_000]


@pytest.mark.parametrize("name", ["train.csv", "train.jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path, name: str) -> None:
    text = "text,label\na,b\n" if name.endswith("csv") else '{"text": "a", "label": "b"}\n'
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert rows(tmp_path) == [{"text": "a", "label": "b"}]


@pytest.mark.parametrize(("separator", "said"), [(",", []), (";", ["';'"]), ("\t", ["tabs"]), ("|", ["'|'"])])
def test_the_separator_is_found_and_said(tmp_path: Path, separator: str, said: list[str]) -> None:
    """By the names of the recipe: there are more commas in the first line than separators."""
    lines = [["a, b, c, d", "text", "label"], ["1", "Well, yes", "x"]]
    (tmp_path / "train.csv").write_text(
        "".join(separator.join(f'"{cell}"' if separator == "," else cell for cell in line) + "\n" for line in lines)
    )
    about, told = Data(path="d", splits={"train": "train"}, columns={"text": "text", "label": "label"}), list[str]()
    table = tables.from_path(tmp_path, "train", about, told.append)
    assert [row for _, row in table.read()] == [{"a, b, c, d": "1", "text": "Well, yes", "label": "x"}]
    assert told == [f"train.csv: columns are separated by {one}" for one in said]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(tmp_path: Path, end: str) -> None:
    (tmp_path / "train.csv").write_bytes(end.join(["text", "a", "b\u2028c"]).encode())
    (tmp_path / "test.jsonl").write_bytes(end.join(['{"text": "a"}', "", '{"text": "b"}']).encode())
    assert [(number, row["text"]) for number, row in from_path(tmp_path, "train").read()] == [(2, "a"), (3, "b\u2028c")]
    assert [(number, row["text"]) for number, row in from_path(tmp_path, "test").read()] == [(1, "a"), (3, "b")]


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
        (
            "train.csv",
            b"text,label\na,b\n" + "\u00e9t\u00e9,x\n".encode("latin-1"),
            r"train\.csv:3: .* 0xE9 .* reads '\u00e9t\u00e9,x'",
        ),
        (
            "train.csv",
            b"text\n" + b"a\n" * 40_000 + b"\xe9\n",
            r"train\.csv:40002: unreadable row: byte 0xE9 after 0 char",
        ),
        ("train.csv", "text\na\n".encode("utf-16"), r"train\.csv:1: the file is UTF-16; save it as UTF-8"),
        ("train.csv", b"\0\0\xfe\xff" + "text\n".encode("utf-32-be"), r"train\.csv:1: the file is UTF-32; save it as"),
        ("train.csv", "text\na\n".encode("utf-16-le"), r"train\.csv:1: .* zero bytes.* `iconv -f UTF-16LE -t UTF-8`"),
        ("train.jsonl", '{"a": 1}\n'.encode("utf-16-be"), r"train\.jsonl:1: .* zero bytes.* `iconv -f UTF-16BE -t"),
        (
            "train.csv",
            b'text,label\na,b\n"c,d\ne,f\n',
            r"train\.csv:3: unreadable row: .* opened here is closed nowhere",
        ),
        ("train.csv", b"text,text\na,b\n", r"train\.csv:1: two columns are called 'text'"),
        ("train.csv", b"version https://git-lfs.github.com/spec/v1\noid x\n", r"a pointer of git-lfs.* `git lfs pull`"),
        (
            "train.jsonl",
            b'{"a": 1}\n{"a": "caf\xe9"}\n',
            r"train\.jsonl:2: unreadable row: byte 0xE9 after 10 characters",
        ),
        ("train.jsonl", b'{"a": 1, "a": 2}\n', r"train\.jsonl:1: unreadable row: the key 'a' is given twice"),
        ("train.jsonl", b'{"a": ' + b"[" * 100_000 + b"\n", r"train\.jsonl:1: unreadable row: it is nested too deeply"),
        (
            "train.jsonl",
            b"[\n {}\n]\n",
            r"train\.jsonl:1: unreadable row: .*; it begins a JSON array: write one object",
        ),
        ("train.jsonl", b"[1]\n", r"train\.jsonl:1: expected an object"),
        ("train.jsonl", b'{"a": "\xff"}\n', r"train\.jsonl:1: unreadable row"),
        ("train.parquet", b"version https://git-lfs.github.com/spec/v1\n", r"train\.parquet:1: a pointer of git-lfs"),
        ("train.parquet", b"no parquet", r"train\.parquet: unreadable Parquet"),
        ("train.csv.gz", b"", r"no split 'train' .*; train\.csv\.gz is compressed: unpack it first, `gunzip -k train"),
        ("train.json", b"[]", r"no split 'train' .*; train\.json: write it as JSON lines, .* call it train\.jsonl"),
        ("train.xlsx", b"", r"no split 'train' .*; train\.xlsx is none of these: save it as one"),
        ("other.csv", b"text\na\n", r"no split 'train' as \.csv, \.tsv, \.jsonl or \.parquet; known: other"),
    ],
)
def test_what_cannot_be_read_names_file_and_line(tmp_path: Path, name: str, text: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(ZooError, match=said):
        rows(tmp_path)


def test_a_file_beside_that_no_reader_takes_is_said(tmp_path: Path) -> None:
    for name in ("train.csv", "train.jsonl.gz", "train.json", "trainer.gz", ".train.csv.swp"):
        (tmp_path / name).write_text("text\na\n")
    said: list[str] = []
    tables.from_path(tmp_path, "train", Data(path="data", splits={"train": "train"}), said.append)
    unread = ("train.json", "train.jsonl.gz")
    assert said == [f"train.csv is read for train; {name} beside it is not" for name in unread]


@pytest.mark.parametrize(
    "metadata",
    [b"{}", b"no JSON", b"[]", b"\xff", b'{"info": null}', b'{"info": {}}', b'{"info": {"features": null}}',
     b'{"info": {"features": {"label": {"names": "ab"}}}}', b'{"info": {"features": {"label": {"names": [1, 2]}}}}'],
)  # fmt: skip
def test_metadata_of_other_writers_declares_nothing(tmp_path: Path, metadata: bytes) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    made = pa.table({"text": ["a"], "label": ["x"]}).replace_schema_metadata({b"huggingface": metadata})
    parquet.write_table(made, tmp_path / "train.parquet")
    assert from_path(tmp_path, "train", label="label").labels == ()
    assert rows(tmp_path) == [{"text": "a", "label": "x"}]


def test_two_columns_of_one_name_in_parquet_are_told_where_they_are_read(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = [pa.array([text]) for text in ("a", "x", "y")]
    parquet.write_table(pa.Table.from_arrays(columns, names=["text", "label", "label"]), tmp_path / "train.parquet")
    with pytest.raises(ZooError, match=r"train\.parquet: two columns are called 'label'"):
        from_path(tmp_path, "train", label="label", text="text")
