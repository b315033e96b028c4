"""`zoosmith compare` over a zoo's results and over a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import records, sliced
from zoosmith.app.cli import main as cli
from zoosmith.app.cli.commands.compare import quality
from zoosmith.common.canonical import pretty
from zoosmith.records.compare import Change
from zoosmith.records.registry import Registry, to_text
from zoosmith.records.rows import merged, row
from zoosmith.records.schema import Measurement
from zoosmith.records.scores import Metric

TRUE, FIRST, SECOND = [0, 1] * 50, [0, 1] * 45 + [1, 0] * 5, [0, 1] * 50


def record(project: Path, measured: Measurement, **changed: Any) -> None:
    """Write the record of an artifact, and its row."""
    build = records.build(measured.name, **changed)
    folder = project / "results" / build.recipe / build.artifact
    folder.mkdir(parents=True)
    (folder / "build.json").write_text(pretty(build.model_dump(mode="json", by_alias=True)))
    suites = {measured.suite: measured.model_dump(mode="json", by_alias=True)}
    (folder / f"{measured.host.id}.json").write_text(pretty({"schema": 1, "suites": suites}))
    file = project / "registry.json"
    book = Registry.model_validate_json(file.read_text()) if file.is_file() else Registry()
    file.write_text(to_text(merged(book, build.name, row(build, [measured], [], "card.md"))))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dodo.py").touch()
    for name, predicted in (("toy-a", FIRST), ("toy-b", SECOND)):
        quality = records.quality(n=100, answers=records.answered(TRUE, predicted))
        record(tmp_path, records.measurement(name, quality={"toy": quality}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_table_of_a_pair(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "toy-a", "toy-b"]) == 0
    said = capsys.readouterr().out
    trees = f"trees {records.sha('toy-a')[:12]} and {records.sha('toy-b')[:12]}"
    assert f"toy-a against toy-b, {trees}\nhost epyc-2c, 1 thread(s), suite quick 1" in said
    lines = said.splitlines()
    [place] = [i for i, line in enumerate(lines) if line.startswith("toy.accuracy")]
    assert lines[place].split("  ")[-1].strip() == "-0.1000 (-0.1744 to -0.0552)"  # Wilson: Tango with no gain
    assert lines[place + 1] == "  loss of 5.5 to 17.4 points, p 0.00195"  # 2 / 2^10: ten lost, none won
    assert "90.00% of the examples" in said
    assert "1.00 times as fast (0.89 to 1.13)" in said
    assert "not measured side by side" in said


def test_no_verdict_is_cut(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = "not told apart from the reference by these 100 examples: " + "a longer verdict, " * 6 + "to its end"
    monkeypatch.setattr("zoosmith.records.verdicts.Verdict.text", verdict, raising=False)
    assert cli.main(["compare", "toy-a", "toy-b"]) == 0
    assert verdict in " ".join(capsys.readouterr().out.split())


def test_three_artifacts_are_three_pairs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(project, records.reference())
    assert cli.main(["compare", "toy-a", "toy-b", "toy-fp32", "toy-a"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if " against " in line and line[0] != "-"]
    heads = [head.partition(", trees ")[0] for head in heads]
    assert heads == ["toy-a against toy-b", "toy-a against toy-fp32", "toy-b against toy-fp32"]


@pytest.mark.parametrize("registry", [[], ["--registry", "."]])
@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["toy-a"], "at least two different artifacts"),
        (["toy-a", "toy-a"], "at least two different artifacts"),
        (["toy-a", "toy-bb"], "did you mean 'toy-b'?"),
    ],
)
def test_wrong_names_are_one_clear_line(
    project: Path, names: list[str], told: str, registry: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["compare", *names, *registry]) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_different_tasks_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(project, records.measurement("toy-pair"), task="text-pair-classification")
    assert cli.main(["compare", "toy-a", "toy-pair"]) == 1
    assert "only artifacts of one task" in capsys.readouterr().err


def test_a_registry_gives_what_its_rows_hold(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "toy-a@1", "toy-b", "--registry", str(project)]) == 0
    said = capsys.readouterr().out
    assert "a registry's row holds no answers" in said
    assert "1.00 times as fast (0.89 to 1.13)" in said


@pytest.mark.parametrize("damage", ["<<<<<<< ours", "{}", '{"suites": {"quick": {"schema": 1}}}', '{"suites": [1]}'])
def test_a_damaged_record_is_named(project: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "results" / "toy" / "b" / "epyc-2c.json").write_text(damage)
    assert cli.main(["compare", "toy-a", "toy-b"]) == 1
    said = capsys.readouterr().err
    assert "results/toy/b/epyc-2c.json is damaged" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("letters", [3, 8, 9, 10, 14, 20, 40])
def test_the_table_fits_a_terminal_whatever_the_names(
    project: Path, letters: int, capsys: pytest.CaptureFixture[str]
) -> None:
    name, eval_ = "toy-" + "x" * 90, "eval-" + "y" * letters
    for each in (name, "toy-c"):
        quality = records.quality(n=100, answers=records.answered(TRUE, SECOND))
        record(project, records.measurement(each, quality={"toy": quality, eval_: quality}))
    assert cli.main(["compare", name, "toy-c"]) == 0
    pair, host, *table = capsys.readouterr().out.partition("\n- ")[0].splitlines()
    assert name in pair
    assert host.startswith("host ")
    assert [line for line in table if len(line) > 80] == []
    words = " ".join(table).split()
    place = words.index(f"{eval_}.accuracy") + 1
    assert words[place : place + 6] == ["0.9000", "0.9000", "+0.0000", "(-0.0370", "to", "+0.0370)"]


@pytest.mark.parametrize(
    ("metric", "unit", "name"),
    [
        ("toy.accuracy", "share", "toy.accuracy"),
        ("toy.nats_per_token", "nats", "toy.nats_per_token"),
        ("natsuki.mean_kl", "nats", "natsuki.mean_kl, nats"),
        ("wer.errors", "s", "wer.errors, s"),
    ],
)
def test_a_unit_is_said_where_the_metrics_name_does_not(metric: str, unit: str, name: str) -> None:
    one = Metric(value=0.5, n=100, unit=unit)
    assert quality(Change(metric, one, one))[0] == name


def test_the_worst_slices_are_shown_and_all_with_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dodo.py").touch()
    kinds = [f"k{i % 7}" for i in range(31)]
    for name, answers in (("toy-a", sliced.MINE), ("toy-b", sliced.THEIRS)):
        record(tmp_path, records.measurement(name, quality={"toy": sliced.quality(answers, kinds)}))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["compare", "toy-a", "toy-b"]) == 0
    said = capsys.readouterr().out
    assert said.count("toy.accuracy[kind=k") == 5
    assert "2 more slices, where the first is better than in these: --slices" in said
    assert cli.main(["compare", "toy-a", "toy-b", "--slices"]) == 0
    said = capsys.readouterr().out
    assert said.count("toy.accuracy[kind=k") == 7
    assert "\ntoy.accuracy[kind=k0], n 5\n" in said
