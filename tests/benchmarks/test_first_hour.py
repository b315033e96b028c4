"""The recording of a first hour: what it runs, what it keeps, and that a step that fails ends it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import first_hour
from tests.support.zoo import ROOT


def test_a_clone_is_timed_and_kept_as_json_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "source"
    subprocess.run(["git", "init", "-q", str(source)], check=True)
    told = tmp_path / "out" / "hour.json"
    first_hour.main(["--only", "clone", "--from", str(source), "--work", str(tmp_path / "w"), "--json", str(told)])
    kept = json.loads(told.read_text(encoding="utf-8"))
    [step] = kept["steps"]
    assert (step["step"], step["said"][0]) == ("clone", f"$ git clone --quiet {source} ~/zoosmith")
    assert step["seconds"] >= 0
    assert "clone: The repository as it is" in told.with_suffix(".txt").read_text(encoding="utf-8")
    assert "together" in capsys.readouterr().out


@pytest.mark.parametrize("python", [sys.executable, "python3"])
def test_nothing_of_the_machine_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str) -> None:
    def talking(at: first_hour.Place) -> Iterator[tuple[list[str], Path]]:
        """Says something."""
        yield [at.python, "-c", "print('WARNING: Location file:///index is ignored'); print('done')"], at.work

    monkeypatch.setattr(first_hour, "STEPS", (talking,))
    told = tmp_path / "hour.json"
    first_hour.main(["--work", str(tmp_path / "w"), "--python", python, "--json", str(told)])
    kept = json.loads(told.read_text(encoding="utf-8"))
    [step] = kept["steps"]
    assert set(kept["host"]) >= {"python", "processor"}
    assert step["said"][0].startswith("$ python3 -c ") and step["said"][1:] == ["done"]
    for file in (told, told.with_suffix(".txt")):
        assert not [place for place in (str(tmp_path), sys.executable) if place in file.read_text(encoding="utf-8")]


def test_a_step_that_fails_says_what_was_printed_and_keeps_nothing(tmp_path: Path) -> None:
    told = tmp_path / "hour.json"
    with pytest.raises(SystemExit, match="clone: exit code"):
        first_hour.main(
            ["--only", "clone", "--from", str(tmp_path / "no"), "--work", str(tmp_path / "w"), "--json", str(told)]
        )
    assert not told.exists()


def test_the_table_is_one_that_init_takes_and_its_recipe_takes_the_artifact(tmp_path: Path) -> None:
    first_hour.write_tickets(tmp_path / "tickets.csv")
    with (tmp_path / "tickets.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len({row["message"] for row in rows}) == first_hour.ROWS
    words = [*["init", "my-zoo", "--csv", "tickets.csv", "--text", "message", "--label", "queue", "--license", "other"]]
    subprocess.run([sys.executable, "-m", "zoosmith.app.cli.main", *words], cwd=tmp_path, env=env(), check=True)
    at = first_hour.Place(tmp_path, "", sys.executable)
    next(iter(first_hour.recipe(at)))
    done = subprocess.run([sys.executable, "-m", "doit", "plan", "tickets-static-int8"], cwd=at.zoo, env=env(),
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert "build    artifact tickets/static-int8" in done.stdout, done.stdout + done.stderr


def env() -> dict[str, str]:
    return first_hour.environment() | {"PYTHONPATH": str(ROOT)}


def test_it_imports_nothing_that_is_not_installed_yet() -> None:
    done = subprocess.run([sys.executable, "-S", str(ROOT / "benchmarks" / "first_hour.py"), "--help"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
