"""`zoosmith init FOLDER --csv FILE`: from a table to an artifact."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from tests.support.zoo import ROOT, doit, rows, write_bert
from zoosmith.app.cli import main as cli

SEMICOLONS = "message;queue\nmy card; is lost\n"


def table(file: Path, count: int = 200, separator: str = ";") -> Path:
    """Texts that the toy encoder's vocabulary has, under other names and with another separator."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(("id", "message", "queue"))
        writer.writerows((i, row["text"], row["label"]) for i, row in enumerate(rows(count, 1)))
    return file


def init(folder: Path, file: Path, *words: str) -> int:
    told = ["--text", "message", "--label", "queue", "--license", "cc0-1.0"]
    return cli.main(["init", str(folder), "--csv", str(file), *(words or told)])


def test_a_table_becomes_a_zoo_that_builds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zoo = tmp_path / "my zoo"
    assert init(zoo, table(tmp_path / "Support Tickets.csv")) == 0
    said = capsys.readouterr().out
    assert "columns are separated by ';'" in said
    assert "200 rows of 2 classes" in said
    assert f"cd '{zoo}' && zoosmith build support-tickets-onnx-int8" in said
    commands = [line for line in (zoo / "README.md").read_text().splitlines() if line.startswith("zoosmith ")]
    assert len({line.index("#") for line in commands if "#" in line}) == 1, "remarks stand in one column"
    recipe = yaml.safe_load((zoo / "recipes" / "support-tickets.yaml").read_text())
    assert (recipe["license"], recipe["data"]["support-tickets"]["labels"]) == ("cc0-1.0", ["negative", "positive"])
    assert "support-tickets-onnx-int8" in doit(zoo, "list", PYTHONPATH=str(ROOT)).stdout
    write_bert(zoo / "bases" / "encoder")
    recipe["bases"] = {"encoder": {"path": "bases/encoder"}}  # for the real one is fetched
    recipe["task"]["max_length"] = 32
    (zoo / "recipes" / "support-tickets.yaml").write_text(yaml.safe_dump(recipe))
    built = doit(zoo, "artifact:support-tickets-onnx-int8", PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path))
    assert built.returncode == 0, built.stdout + built.stderr
    manifest = json.loads((zoo / "artifacts" / "support-tickets-onnx-int8" / "manifest.json").read_text())
    assert sorted(manifest["task"]["labels"]) == ["negative", "positive"]


def test_the_recipe_is_as_it_is_planned(tmp_path: Path) -> None:
    """Nothing is fetched for a plan, so the pinned base of the shipped family is named and looked up nowhere."""
    assert init(tmp_path / "zoo", table(tmp_path / "tickets.csv")) == 0
    planned = doit(tmp_path / "zoo", "plan", "tickets-onnx-int8", PYTHONPATH=str(ROOT))
    assert planned.returncode == 0, planned.stderr
    assert "encoder" in planned.stdout


@pytest.mark.parametrize(
    ("name", "content", "words", "message"),
    [
        ("t.csv", SEMICOLONS, ["--text", "mesage"], "no column 'mesage' (--text); did you mean 'message'?"),
        ("t.csv", SEMICOLONS, ["--text", "message", "--label", "que"], "'que' (--label); did you mean 'queue'?"),
        ("t.csv", "message;queue\na;x\n", [], "no two classes to tell apart: only 'x' in 1 rows"),
        ("t.xlsx", "", [], "expected .csv, .tsv, .jsonl; found .xlsx"),
        ("t.csv", b"message;queue\ncaf\xe9;x\n", [], "t.csv:2: unreadable row: byte 0xE9"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_message_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | bytes, words: list[str], message: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert init(tmp_path / "zoo", file, *words) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "zoo").exists()


def test_a_missing_file_and_a_missing_license_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path / "tickets.csv")
    assert init(tmp_path / "zoo", tmp_path / "ticket.csv") == 1
    assert "ticket.csv: no such file; did you mean 'tickets.csv'?" in capsys.readouterr().err
    assert init(tmp_path / "zoo", file, "--text", "message", "--label", "queue") == 1
    assert "--license is missing" in capsys.readouterr().err
    assert not (tmp_path / "zoo").exists()


def test_rows_that_are_there_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zoo" / "data").mkdir(parents=True)
    (tmp_path / "zoo" / "data" / "train.csv").write_text("mine")
    assert init(tmp_path / "zoo", table(tmp_path / "tickets.csv")) == 1
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "zoo" / "data" / "train.csv").read_text() == "mine"
    assert not (tmp_path / "zoo" / "dodo.py").exists()
