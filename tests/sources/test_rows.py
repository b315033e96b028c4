"""The data step: splits, columns, labels; overlaps, empty splits and bad labels are errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.recipes.schema import Data
from zoosmith.recipes.splits import parts
from zoosmith.sources import rows
from zoosmith.sources.documents import joined
from zoosmith.sources.table import of_list

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
        ({"splits": SPLITS | {"train": "train[:2]+train[1:3]"}}, "'train' and 'train' share rows"),
        ({"splits": SPLITS | {"train": "train[:2]+train[9:]"}}, r"'train\[9:\]' is empty; train has 6 rows"),
        (
            {"columns": {"text": "sentense", "label": "y"}},
            r"train\.jsonl:1 \(split train\): no column 'sentense'; did you mean 'sentence'",
        ),
        ({"labels": ["neg"]}, r"train\.jsonl:2 \(split train\): label 1 is outside the set 0\.\.0 \(neg\)"),
        ({"labels": ["1", "2"]}, "label 0 is a number, and so are the labels"),
    ],
)
def test_bad_data_is_told(project: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ZooError, match=said):
        run(project, **changes)


BAD_TEXTS = [
    (None, "column 'sentence' is null: leave such rows out"),
    (float("nan"), "column 'sentence' is NaN"),
    (5, r"column 'sentence' holds a number here, and text at .*train\.jsonl:1"),
    (["a"], "column 'sentence' holds a list here"),
    ("\ud83d", r"half a character \(the lone surrogate U\+D83D\)"),
]


@pytest.mark.parametrize(("text", "said"), BAD_TEXTS, ids=repr)
def test_texts_that_are_none_are_told_for_every_split(project: Path, text: Any, said: str) -> None:
    """A fault of `eval` would be found after the training else."""
    good = {"sentence": "good", "y": 0}
    (project / "data" / "test.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in (good, {"sentence": text, "y": 1}, good, {"sentence": text, "y": 1}))
    )
    with pytest.raises(ZooError, match=rf"test\.jsonl:2 \(split eval\): {said}.*\(2 such rows, this is the first\)"):
        run(project)


def test_columns_that_nobody_maps_may_hold_anything(project: Path) -> None:
    (project / "data" / "test.jsonl").write_text(
        '{"sentence": "a", "y": 1, "note": NaN, "other": null, "id": "\\ud83d"}\n'
    )
    assert split(run(project)[0], "eval") == [{"text": "a", "label": "pos"}]


def test_empty_text_is_read_and_said(project: Path) -> None:
    (project / "data" / "test.jsonl").write_text('{"sentence": "a", "y": 1}\n' + '{"sentence": " ", "y": 0}\n' * 3)
    about = {"path": "data", "columns": {"text": "sentence", "label": "y"}, "labels": ["neg", "pos"], "splits": SPLITS}
    step, said = make_step(project, {}, {"data": about, "name": "toy/data"}), list[str]()
    step.say = said.append  # type: ignore[method-assign,assignment]
    rows.run(step)
    assert [line.rpartition("/")[2] for line in said] == [
        "test.jsonl:2: 'sentence' is empty text (3 such rows in eval)"
    ]
    assert [row["text"] for row in split(step, "eval")] == ["a", " ", " ", " "]


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
    (part,) = parts(f"train[{'' if start is None else start}:{'' if stop is None else stop}]")
    assert list(part.chosen(count)) == list(range(count))[start:stop]
    assert not part.whole or list(part.chosen(count)) == list(range(count))


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
    told = joined(of_list("lines", [{"t": text} for text in texts]), about)
    found = [row["t"] for _, row in told.read()]
    whole = "".join(text.removesuffix("\n") + "\n" for text in texts)
    assert "".join(found).strip("\n") == whole.strip("\n")
    assert len(found) - texts.count(" = One = \n") in (0, 1)
    assert told.count() == len(found)


def memory_kib(project: Path, count: int) -> int:
    """Peak of a process that reads `count` rows, in KiB."""
    label, text = ("neg", "pos"), "text of row {i}, long enough to weigh something if all were kept in memory at once"
    (project / "data" / "train.csv").write_text(
        "sentence,y\n" + "".join(f'"{text.format(i=i)}",{label[i % 2]}\n' for i in range(count))
    )
    about = {
        "path": "data",
        "columns": {"text": "sentence", "label": "y"},
        "splits": {"train": "train[:-100]", "eval": "train[-100:]"},
    }
    code = (
        "import json, re, sys; from pathlib import Path; from tests.support.step import make_step; "
        "from zoosmith.sources import rows; project, about = json.loads(sys.argv[1]); "
        "rows.run(make_step(Path(project), {}, {'data': about, 'name': 'toy/data'})); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([str(project), about])], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


def test_memory_does_not_grow_with_the_rows(project: Path) -> None:
    """60,000 rows held as dictionaries would take about 25 MiB more than 2,000."""
    (project / "data" / "train.jsonl").unlink()
    small, large = memory_kib(project, 2_000), memory_kib(project, 60_000)
    assert large < small + 8 * 1024
    assert large < 300 * 1024
