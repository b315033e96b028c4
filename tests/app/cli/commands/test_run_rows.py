"""`zoosmith run` over lines and files: every row answered once, whatever interrupts it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from zoosmith.app.cli import main as cli
from zoosmith.predictor import Predictor

ROWS = [{"id": i, "text": text} for i, text in enumerate(("a lovely film", "an awful plot", "so, so"))]


@pytest.fixture(autouse=True)
def _in_its_zoo(fast_artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose runtime opens the artifact."""
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(fast_artifact.parents[1]))


def write(file: Path, rows: list[dict[str, Any]] = ROWS) -> Path:
    if file.suffix == ".csv":
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def ask(artifact: Path, *words: object) -> int:
    return cli.main(["run", str(artifact), *map(str, words)])


def test_lines_of_standard_input_are_answered_in_their_order(
    fast_artifact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a lovely film\r\n\nan awful plot")))
    assert ask(fast_artifact, "-") == 0
    first, _, last = capsys.readouterr().out.splitlines()
    assert first.startswith("positive\t")
    assert last.startswith("negative\t")


def test_a_byte_order_mark_is_no_part_of_the_first_line(
    fast_artifact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("good\nbad\n".encode("utf-8-sig"))))
    assert ask(fast_artifact, "-", "--json") == 0
    assert [json.loads(line)["input"] for line in capsys.readouterr().out.splitlines()] == ["good", "bad"]


def test_a_line_that_is_no_utf8_is_told(
    fast_artifact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"good\ncaf\xe9\n")))
    assert ask(fast_artifact, "-") == 1
    assert "line 2 of standard input is no UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("read", [".csv", ".jsonl"])
def test_a_file_comes_back_with_its_rows_and_answers(fast_artifact: Path, tmp_path: Path, read: str) -> None:
    assert ask(fast_artifact, "--input", write(tmp_path / f"in{read}"), "--output", tmp_path / "out.jsonl") == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["text"] for row in found] == [row["text"] for row in ROWS]
    assert [row["prediction"] for row in found[:2]] == ["positive", "negative"]
    assert all(row["score"] == pytest.approx(max(row["scores"].values()), abs=1e-6) for row in found)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in{read}", "out.jsonl"]


def test_answers_can_be_csv(fast_artifact: Path, tmp_path: Path) -> None:
    assert ask(fast_artifact, "--input", write(tmp_path / "in.csv"), "--output", tmp_path / "out.csv") == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["id", "text", "prediction", "score"]
    assert [row["prediction"] for row in found[:2]] == ["positive", "negative"]


def test_a_column_that_only_later_rows_have_is_kept(fast_artifact: Path, tmp_path: Path) -> None:
    given = write(tmp_path / "in.jsonl", [{"text": "a lovely film"}, {"text": "an awful plot", "note": "of a critic"}])
    assert ask(fast_artifact, "--input", given, "--output", tmp_path / "out.csv") == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert [row["note"] for row in csv.DictReader(file)] == ["", "of a critic"]


def test_a_column_of_another_name_can_be_said(fast_artifact: Path, tmp_path: Path) -> None:
    given = write(tmp_path / "in.csv", [{"message": "a lovely film", "text": "an awful plot"}])
    out = tmp_path / "out.jsonl"
    assert ask(fast_artifact, "--input", given, "--output", out, "--column", "text=message") == 0
    assert json.loads(out.read_text())["prediction"] == "positive"


def test_what_was_answered_before_a_kill_is_not_asked_again(
    fast_artifact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, out = write(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    whole, asked = Predictor.predict, []

    def killed(self: Predictor, inputs: Any) -> Any:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.extend(inputs)
        return whole(self, inputs)

    monkeypatch.setattr(Predictor, "predict", killed)
    assert ask(fast_artifact, "--input", given, "--output", out) == 130
    [waiting] = tmp_path.glob(".out.jsonl.*.partial")
    waiting.write_bytes(waiting.read_bytes() + b'{"id": 2, "te')  # as a kill leaves it
    asked.clear()
    assert not out.exists()
    assert ask(fast_artifact, "--input", given, "--output", out) == 0
    assert asked == ["so, so"]
    asked.clear()
    monkeypatch.setattr(Predictor, "predict", whole)
    assert ask(fast_artifact, "--input", given, "--output", tmp_path / "again.jsonl") == 0
    assert out.read_bytes() == (tmp_path / "again.jsonl").read_bytes()


def test_what_waits_of_other_rows_is_not_taken(fast_artifact: Path, tmp_path: Path) -> None:
    (tmp_path / ".out.jsonl.0123.partial").write_text('{"id": 9, "prediction": "positive"}\n')
    assert ask(fast_artifact, "--input", write(tmp_path / "in.jsonl"), "--output", tmp_path / "out.jsonl") == 0
    assert [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == [0, 1, 2]
    assert not list(tmp_path.glob(".*.partial"))


def test_a_row_that_cannot_be_asked_is_named_and_nothing_is_half_written(
    fast_artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = write(tmp_path / "in.jsonl", [ROWS[0], {"id": 1, "text": 5}])
    assert ask(fast_artifact, "--input", given, "--output", tmp_path / "out.jsonl") == 1
    assert "in.jsonl:2: " in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--jsn", "hi"], "'--jsn' is no option of run; did you mean '--json'?"),
        ([], "nothing is asked: give a text, `-` for lines of standard input, or --input FILE"),
        (["hi", "--input", "in.csv", "--output", "o.csv"], "two ways to ask"),
        (["--input", "in.csv"], "--input and --output go together"),
        (["hi", "--column", "text=a"], "there is no --input"),
        (["--input", "im.csv", "--output", "o.csv"], "im.csv: no such file; did you mean 'in.csv'?"),
        (["--input", "in.csv", "--output", "in.csv"], "it is there already"),
        (["--input", "in.csv", "--output", "o.xlsx"], "should end in .csv or .jsonl"),
        (["--input", "in.csv", "--output", "no/o.csv"], "there is no folder"),
        (
            ["--input", "in.csv", "--output", "o.csv", "--column", "txt=a"],
            "expected INPUT=COLUMN with an input of text",
        ),
        (
            ["--input", "in.csv", "--output", "o.csv", "--column", "text=id", "--column", "text=text"],
            "text is in the column 'id' already; name it once",
        ),
        (["--input", "other.csv", "--output", "o.csv"], "no column 'text'; did you mean 'texts'?"),
        (["--input", "taken.csv", "--output", "o.csv"], "the column 'prediction' would be written over"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    fast_artifact: Path, tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    write(tmp_path / "in.csv")
    write(tmp_path / "other.csv", [{"texts": "a"}])
    write(tmp_path / "taken.csv", [{"text": "a", "prediction": "b"}])
    monkeypatch.chdir(tmp_path)
    assert ask(fast_artifact, *words) == 1
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "o.csv").exists()


def test_half_a_character_in_a_column_that_is_not_asked_comes_back(fast_artifact: Path, tmp_path: Path) -> None:
    rows = [{"id": "\ud83d", "text": "a lovely film"}, {"id": "\N{SNOWMAN}", "text": "an awful plot"}]
    given = write(tmp_path / "in.jsonl", rows)
    assert ask(fast_artifact, "--input", given, "--output", tmp_path / "out.jsonl") == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in found] == ["\ud83d", "\N{SNOWMAN}"]
    assert ask(fast_artifact, "--input", given, "--output", tmp_path / "out.csv") == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["\\ud83d", "\N{SNOWMAN}"]


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "\u0663", "1_0", "9999", "9" * 5000])
def test_threads_are_so_many_as_there_can_be(
    fast_artifact: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        ask(fast_artifact, "good", f"--threads={number}")
    assert "argument --threads: expected a whole number from 1 to 1024, found" in capsys.readouterr().err
