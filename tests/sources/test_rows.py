"""The data step: splits, columns, labels; overlaps, empty splits and bad labels are errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import Data
from zoosmith.sources import rows
from zoosmith.sources.tables import Table

SPLITS = {"train": "train[:-2]", "dev": "train[-2:]", "eval": "test"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    lines = [json.dumps({"sentence": f"text {i}", "y": i % 2}) for i in range(6)]
    (tmp_path / "data" / "train.jsonl").write_text("\n".join(lines))
    (tmp_path / "data" / "test.jsonl").write_text(json.dumps({"sentence": "text 1", "y": 1}))
    return tmp_path


def run(project: Path, **changes: Any) -> tuple[Step, dict[str, Any]]:
    about = {"path": "data", "columns": {"text": "sentence", "label": "y"}, "labels": ["neg", "pos"], "splits": SPLITS}
    step = make_step(project, {}, {"data": about | changes, "name": "toy/data"})
    rows.run(step)
    return step, json.loads((step.out / "data.json").read_text())


def split(step: Step, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (step.out / f"{name}.jsonl").read_text().splitlines()]


def test_columns_get_our_names_and_labels_theirs(project: Path) -> None:
    step, info = run(project)
    assert split(step, "train") == [{"text": f"text {i}", "label": ("neg", "pos")[i % 2]} for i in range(4)]
    assert [row["text"] for row in split(step, "dev")] == ["text 4", "text 5"]
    assert info["labels"] == ["neg", "pos"]
    assert info["splits"]["train"]["rows"] == 4


def test_a_split_may_be_of_several_slices(project: Path) -> None:
    """Where a source is sorted by label, its front holds one class alone."""
    step, _ = run(project, splits={"train": "train[:2] + train[-1:]", "dev": "train[2:5]", "eval": "test"})
    assert [row["text"] for row in split(step, "train")] == ["text 0", "text 1", "text 5"]


def test_texts_that_builders_see_too_are_counted(project: Path) -> None:
    assert run(project)[1]["splits"]["eval"]["texts_seen_by_builders"] == 1


def test_a_changed_eval_leaves_the_fingerprint_of_train(project: Path) -> None:
    before = run(project)[1]["splits"]
    (project / "data" / "test.jsonl").write_text(json.dumps({"sentence": "new", "y": 0}))
    after = run(project)[1]["splits"]
    assert before["train"] == after["train"]
    assert before["eval"]["sha256"] != after["eval"]["sha256"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"splits": SPLITS | {"dev": "train[2:5]"}}, "'dev' and 'train' share rows"),
        ({"splits": SPLITS | {"eval": "test[5:]"}}, r"'test\[5:\]' is empty; test has 1 rows"),
        ({"splits": SPLITS | {"eval": "tset"}}, "has no split 'tset'.*did you mean 'test'"),
        ({"splits": SPLITS | {"eval": "test[1"}}, r"'test\[1' is not NAME or NAME\[START:STOP\]"),
        ({"splits": SPLITS | {"train": "train[:2]+train[1:3]"}}, "'train' and 'train' share rows"),
        ({"splits": SPLITS | {"train": "train[:2]+"}}, r"'' is not NAME or NAME\[START:STOP\]; several are joined by"),
        ({"splits": SPLITS | {"train": "train[:2]+train[9:]"}}, r"'train\[9:\]' is empty; train has 6 rows"),
        ({"columns": {"text": "sentense", "label": "y"}}, "row 0: no column 'sentense'; did you mean 'sentence'"),
        ({"labels": ["neg"]}, r"toy/data, split train, row 1: label 1 is outside the set 0\.\.0 \(neg\)"),
        ({"labels": ["1", "2"]}, "label 0 is a number, and so are the labels"),
    ],
)
def test_bad_data_is_told(project: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        run(project, **changes)


def test_labels_are_those_seen_where_none_are_declared(project: Path) -> None:
    for name in ("train", "test"):
        (project / "data" / f"{name}.jsonl").write_text(
            '{"sentence": "a", "y": "up"}\n{"sentence": "b", "y": "down"}\n' * 2
        )
    assert run(project, labels=[])[1]["labels"] == ["down", "up"]


def test_a_builtin_is_generated_with_its_own_columns_and_labels(tmp_path: Path) -> None:
    about = {"builtin": "person_names", "params": {"train": 30, "dev": 6, "eval": 9}}
    step = make_step(tmp_path, {}, {"data": about, "name": "names/names"})
    rows.run(step)
    assert {row["label"] for row in split(step, "train")} == {"no", "partial", "yes"}
    assert set(split(step, "eval")[0]) == {"first", "second", "label"}


@given(count=st.integers(1, 30), start=st.none() | st.integers(-40, 40), stop=st.none() | st.integers(-40, 40))
def test_slices_are_those_of_python(count: int, start: int | None, stop: int | None) -> None:
    match = rows.SLICE.fullmatch(f"train[{'' if start is None else start}:{'' if stop is None else stop}]")
    assert match is not None
    assert list(rows._range(match, count)) == list(range(count))[start:stop]


LINES = ["", " = One = \n", "", "first", " = = part = = \n", "second\n", " = Two = \n", "third"]


def lines(project: Path, texts: list[str], **changes: Any) -> Step:
    file = project / "data" / "lines.jsonl"
    file.write_text("".join(json.dumps({"sentence": text}) + "\n" for text in texts))
    given = {"columns": {"text": "sentence"}, "labels": [], "splits": {"eval": "lines"}, "documents": "^ = [^=]"}
    return run(project, **given | changes)[0]


def test_documents_that_a_source_keeps_line_by_line_are_joined(project: Path) -> None:
    """A section's heading begins none, blank lines before the first are none, and splits count documents."""
    told = [row["text"] for row in split(lines(project, LINES), "eval")]
    assert told == [" = One = \n\nfirst\n = = part = = \nsecond\n", " = Two = \nthird\n"]
    assert len(split(lines(project, LINES, splits={"eval": "lines[:1]"}), "eval")) == 1
    assert split(lines(project, ["preface", *LINES]), "eval")[0]["text"] == "preface\n\n"


def test_an_expression_that_begins_no_document_is_told(project: Path) -> None:
    with pytest.raises(ZooError, match="is found in none of 8 rows of the column 'sentence'"):
        lines(project, LINES, documents="^#")


@given(st.lists(st.sampled_from([*LINES, "preface"]), min_size=1).filter(lambda texts: " = One = \n" in texts))
def test_joining_keeps_every_line_once_and_in_order(texts: list[str]) -> None:
    about = Data(path="x", splits={"eval": "x"}, columns={"text": "t"}, documents="^ = One")
    told = rows.joined(Table([{"t": text} for text in texts], []), about)
    whole = "".join(text.removesuffix("\n") + "\n" for text in texts)
    assert "".join(row["t"] for row in told.rows).strip("\n") == whole.strip("\n")
    assert len(told.rows) - texts.count(" = One = \n") in (0, 1)
