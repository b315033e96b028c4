"""Labels of rows: given names, names that rows hold, marks of missing ones."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.sources import rows
from zoosmith.sources.labels import missing


def write(project: Path, name: str, labels: list[Any]) -> None:
    """JSON lines, or CSV for text alone."""
    (project / "data").mkdir(exist_ok=True)
    file = project / "data" / name
    if file.suffix == ".csv":
        file.write_text("text,label\n" + "".join(f"text {i},{label}\n" for i, label in enumerate(labels)))
    else:
        file.write_text("".join(json.dumps({"text": f"t {i}", "label": x}) + "\n" for i, x in enumerate(labels)))


def read(project: Path, labels: tuple[str, ...] = (), said: list[str] | None = None) -> dict[str, Any]:
    """data.json, with the labels of each split."""
    about = {
        "path": "data",
        "columns": {"text": "text", "label": "label"},
        "labels": labels,
        "splits": {"train": "train", "eval": "test"},
    }
    step = make_step(project, {}, {"data": about, "name": "toy/data"})
    if said is not None:
        step.say = said.append  # type: ignore[method-assign,assignment]
    rows.run(step)
    info: dict[str, Any] = json.loads((step.out / "data.json").read_text())
    for name in ("train", "eval"):
        info[name] = [json.loads(line)["label"] for line in (step.out / f"{name}.jsonl").read_text().splitlines()]
    return info


def test_classes_that_nobody_names_are_those_of_train(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", ["up", "down", "up"])
    write(tmp_path, "test.csv", ["down"])
    info = read(tmp_path)
    assert (info["labels"], info["labels_from"], info["eval"]) == (["down", "up"], "rows", ["down"])
    assert "labels_from" not in read(tmp_path, ("up", "down"))


MARKS = (
    None, float("nan"), "", " ", "nan", "NaN", "null", "-1", -1, "None", "N/A", "#N/A", "-nan", "NaT", "<NA>", "(null)",
    "\\N", "-1.0", "\u00a0", "\u200b", "\ufeff",
)  # fmt: skip


@pytest.mark.parametrize("value", MARKS)
def test_marks_of_a_missing_label_are_no_class(value: Any) -> None:
    assert missing(value)


@pytest.mark.parametrize("value", ["none", "na", "no", "0", 0, "1", "missing", "Nancy", -1.0, "inf", "unknown", False])
def test_other_values_are(value: Any) -> None:
    assert missing(value) is None


@pytest.mark.parametrize(
    ("train", "test", "labels", "said"),
    [
        (["a", "", "b", ""], ["a"], (), r"train\.csv:3 \(split train\): the label is empty.*\(2 such rows"),
        (["a", "b"], ["a", "", "b"], ("a", "b"), r"test\.csv:3 \(split eval\): the label is empty, which marks"),
        (["a", "b"], ["-1", "-1", "a"], (), r"test\.csv:2 \(split eval\): the label is '-1'.*\(2 such rows"),
        (["0", "1"], ["0", "-1"], (), r"test\.csv:3 \(split eval\): the label is '-1'"),
        (["a", "nan"], ["a"], (), r"train\.csv:3 \(split train\): the label is 'nan'.*`labels`"),
        (["a", "b"], ["b", "c", "c"], (), r"test\.csv:3 \(split eval\): label 'c' occurs in no row of train.*\(2 such"),
        (["us", "US", "US"], ["us"], (), r"train\.csv:2: labels 'US' and 'us' differ by case or spacing alone"),
        (["pos", "neg", "pos "], ["neg"], (), r"labels 'pos' and 'pos ' differ by case or spacing alone"),
        (["pos", "neg", "pos\u200b"], ["neg"], (), r"labels 'pos' and 'pos\\u200b' differ by case or spacing alone"),
        (
            ["a", "b"],
            ["a", "B"],
            ("a", "b"),
            r"test\.csv:3 \(split eval\): label 'B' is outside the set; did you mean 'b'",
        ),
    ],
)
def test_labels_that_are_none_are_told_with_line_and_count(
    tmp_path: Path, train: list[str], test: list[str], labels: tuple[str, ...], said: str
) -> None:
    write(tmp_path, "train.csv", train)
    write(tmp_path, "test.csv", test)
    with pytest.raises(ZooError, match=said):
        read(tmp_path, labels)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "the label is null"),
        (float("nan"), "the label is NaN"),
        (-1, r"label -1 is outside the set 0\.\.1 \(neg, pos\); -1 marks a missing label"),
        (2, r"label 2 is outside the set 0\.\.1"),
        (0.5, r"label 0\.5 is outside the set"),
    ],
)
def test_values_of_json_that_are_no_label_are_told(tmp_path: Path, value: Any, said: str) -> None:
    write(tmp_path, "train.jsonl", [0, 1])
    write(tmp_path, "test.jsonl", [1, value])
    with pytest.raises(ZooError, match=rf"test\.jsonl:2 \(split eval\): {said}"):
        read(tmp_path, ("neg", "pos"))


@pytest.mark.parametrize("labels", [(), ("a", "b")])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["a"], "the label is a list, and a class is named by a text or a whole number: give each row one"),
        ([], "the label is a list"),
        ({"coarse": "a"}, "the label is an object"),
        (float("inf"), "the label is inf, which is no class"),
        (float("-inf"), "the label is -inf, which is no class"),
    ],
)
def test_what_names_no_class_is_told_whoever_names_them(
    tmp_path: Path, value: Any, said: str, labels: tuple[str, ...]
) -> None:
    """Each became a class of its own, called "['a']" or "inf"."""
    write(tmp_path, "train.jsonl", ["a", value, "b", value])
    write(tmp_path, "test.jsonl", ["a"])
    with pytest.raises(ZooError, match=rf"train\.jsonl:2 \(split train\): {said}.*\(2 such rows"):
        read(tmp_path, labels)


def test_truth_values_are_names(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", [True, False])
    write(tmp_path, "test.jsonl", [False])
    assert read(tmp_path)["labels"] == ["False", "True"]


@pytest.mark.parametrize(("one", "other"), [("0", "0.0"), ("01", "1"), ("10", "1e1")])
def test_one_number_written_in_two_ways_is_told(tmp_path: Path, one: str, other: str) -> None:
    write(tmp_path, "train.csv", ["7", one, other])
    write(tmp_path, "test.csv", [one])
    with pytest.raises(ZooError, match=f"labels '{one}' and '{other}' differ by how the number is written: write them"):
        read(tmp_path)
    assert read(tmp_path, ("7", one, other))["train"] == ["7", one, other]


def test_long_numbers_are_names_however_near_they_are(tmp_path: Path) -> None:
    names = ["12345678901234567890", "12345678901234567891"]
    write(tmp_path, "train.csv", names)
    write(tmp_path, "test.csv", names[:1])
    assert read(tmp_path)["labels"] == names


def test_every_kind_of_fault_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", ["a", "", "b", "nan"])
    write(tmp_path, "test.csv", ["c"])
    with pytest.raises(ZooError) as error:
        read(tmp_path)
    assert [line.partition(" (")[0].rpartition("/")[2] for line in str(error.value).splitlines()] == [
        "train.csv:3",
        "train.csv:5",
        "test.csv:2",
    ]


def test_names_that_differ_by_case_are_two_classes_where_the_recipe_says_so(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", ["us", "US", "other", "-1"])
    write(tmp_path, "test.csv", ["US", "us"])
    info = read(tmp_path, ("us", "US", "other", "-1"))
    assert info["train"] == ["us", "US", "other", "-1"]
    assert info["eval"] == ["US", "us"]


def test_whole_numbers_written_as_floats_are_indices(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", [0.0, 1.0])
    write(tmp_path, "test.jsonl", [1])
    assert read(tmp_path, ("neg", "pos"))["train"] == ["neg", "pos"]


def test_numbers_that_nobody_names_are_told(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", [0, 1, 1])
    write(tmp_path, "test.jsonl", [1])
    with pytest.raises(
        ZooError, match=r"train\.jsonl:2 \(split train\): label 1 is a number, and nothing says.*\(3 such"
    ):
        read(tmp_path)


def test_a_column_of_quantities_is_kept(tmp_path: Path) -> None:
    """A task of one's own may read numbers; values that eval alone has are no fault then."""
    write(tmp_path, "train.jsonl", [0.5, 2, 1.25])
    write(tmp_path, "test.jsonl", [7.5])
    info = read(tmp_path)
    assert (info["labels"], info["train"], info["eval"]) == ([], [0.5, 2, 1.25], [7.5])


def test_minus_one_is_a_quantity_among_quantities(tmp_path: Path) -> None:
    write(tmp_path, "train.jsonl", [0.5, -1, -1.0])
    write(tmp_path, "test.csv", ["-1", "0.25"])
    info = read(tmp_path)
    assert (info["labels"], info["train"], info["eval"]) == ([], [0.5, -1, -1.0], ["-1", "0.25"])


def test_a_class_without_rows_to_train_on_is_said(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", ["a", "b"])
    write(tmp_path, "test.csv", ["a", "c"])
    said: list[str] = []
    info = read(tmp_path, ("a", "b", "c"), said)
    assert said == ["toy/data: no row of train is of the class c"]
    assert info["splits"]["train"]["classes_without_rows"] == ["c"]


def test_a_column_that_holds_no_classes_is_told(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", [f"text {i}" for i in range(10_001)])
    write(tmp_path, "test.csv", ["text 1"])
    with pytest.raises(ZooError, match=r"train\.csv:10002: more than 10000 different labels"):
        read(tmp_path)


def with_two_classes(project: Path, name: str, label: list[str], index: int) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features(
        {"intent": ClassLabel(names=["x", "y"]), "text": Value("string"), "label": ClassLabel(names=label)}
    )
    (project / "data").mkdir(exist_ok=True)
    made = Dataset.from_dict({"intent": [1], "text": ["a"], "label": [index]}, features=features)
    made.to_parquet(project / "data" / name)


def test_class_names_are_those_of_the_mapped_column(tmp_path: Path) -> None:
    for name in ("train.parquet", "test.parquet"):
        with_two_classes(tmp_path, name, ["neg", "pos", "other"], 2)
    info = read(tmp_path)
    assert (info["labels"], info["eval"]) == (["neg", "pos", "other"], ["other"])


def test_splits_that_declare_other_classes_are_told(tmp_path: Path) -> None:
    with_two_classes(tmp_path, "train.parquet", ["neg", "pos"], 1)
    with_two_classes(tmp_path, "test.parquet", ["pos", "neg"], 1)
    with pytest.raises(ZooError, match=r"the classes of the splits differ: .*train\.parquet: neg, pos; .*: pos, neg"):
        read(tmp_path)
    assert read(tmp_path, ("pos", "neg"))["eval"] == ["neg"]


def test_class_names_within_a_list_or_an_object_are_of_no_column(tmp_path: Path) -> None:
    """Its values are not one class each; indices within them would be called by nobody's names."""
    from datasets import ClassLabel, Dataset, Features, List, Value

    (tmp_path / "data").mkdir()
    fine, coarse = ClassLabel(names=["x", "y", "z"]), ClassLabel(names=["neg", "pos"])
    for feature, values, said in (
        (List(coarse), [[0], [0, 1]], "the label is a list"),
        ({"coarse": coarse, "fine": fine}, [{"coarse": 0, "fine": 2}] * 2, "the label is an object"),
        (Value("binary"), [b"x", b"y"], "the label is bytes"),
        (Value("date32"), [date(2020, 1, 1)] * 2, "the label is of the type date"),
    ):
        made = Dataset.from_dict(
            {"text": ["a", "b"], "label": values}, features=Features({"text": Value("string"), "label": feature})
        )
        for name in ("train", "test"):
            made.to_parquet(tmp_path / "data" / f"{name}.parquet")
        with pytest.raises(ZooError, match=said):
            read(tmp_path)
