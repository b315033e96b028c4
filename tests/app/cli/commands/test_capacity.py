"""`zoosmith capacity` on artifacts that answer as slowly as a test says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.toys import write_toy
from tests.support.zoo import ROOT
from zoosmith.app.cli import main as cli
from zoosmith.bench.host import this_host
from zoosmith.contract.manifest import Manifest
from zoosmith.store.files import sha256_file

SHORT = ["--minutes", "0.07", "--workers", "1", "--threads", "1"]


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with `toy-sleeps`, whose answers take 10 ms, and prices of this host."""
    project = tmp_path / "zoo"
    write_toy(project, "toy-sleeps", sleep_ms=10)
    prices = f"currency: USD\nmachines:\n  - {{name: here, host: {this_host().id}, cores: 2, price: 305}}\n"
    (project / "machines.yaml").write_text(prices + "  - {name: twice, cores: 4, price: 500, relative: 2}\n")
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return project


def list_files(folder: Path) -> None:
    """Write the hashes of an artifact's files into its manifest, which the toys leave out."""
    file = folder / "manifest.json"
    files = {path.name: sha256_file(path) for path in folder.iterdir() if path != file}
    manifest = Manifest.model_validate_json(file.read_bytes()).model_copy(update={"files": files})
    file.write_text(manifest.model_dump_json(by_alias=True))


def asked(*words: str, qps: float = 1000, p95_ms: float = 200) -> list[str]:
    limits = ["--qps", str(qps), "--p95-ms", str(p95_ms)]
    return ["capacity", "toy-sleeps", *limits, "--machines", "machines.yaml", *SHORT, *words]


def test_the_answer_says_rate_machines_and_money(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer of 10 ms: at most 100 a second, so at least 10 machines for 1,000."""
    assert cli.main(asked("--json")) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    rate, [here, twice] = told["sustained_per_s"], told["machines"]
    assert 20 < rate["value"] <= 101
    assert rate["low"] <= rate["value"] <= rate["high"] <= 105
    assert (told["workers"], told["threads"], told["host"]["id"]) == (1, 1, this_host().id)
    assert here["basis"] == "measured"
    assert here["machines"]["value"] >= 10
    assert here["price_per_month"]["value"] == 305 * here["machines"]["value"]
    assert here["machines"]["low"] <= here["machines"]["value"]
    assert twice["basis"] == "estimated, 2 times this host by the list"
    assert twice["per_s"]["value"] == pytest.approx(2 * rate["value"], rel=1e-4)
    assert [one["callers"] for one in told["closed_loop"]][:2] == [1, 2]
    assert "1 caller: " in said.err


def test_as_text_the_first_line_is_the_answer(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(asked(qps=1)) == 0
    first, head, here, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("toy-sleeps: ")
    assert "queries/s under p95 <= 200 ms on this host; for 1 queries/s: 1 machine, 305 USD a month" in first.replace(
        " (at least 1)", ""
    ).replace(" (at least 305)", "")
    assert head.split()[:2] == ["machine", "cores"]
    assert here.endswith("measured")
    assert any("probes of text-classification" in line for line in rest)


def test_rows_of_a_file_are_what_is_asked(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (zoo / "rows.jsonl").write_text('{"text": "a good film", "label": "no label of the artifact"}\n{"text": "bad"}\n')
    assert cli.main(asked("--data", "rows.jsonl", "--json", p95_ms=10_000)) == 0
    assert json.loads(capsys.readouterr().out)["inputs"] == "2 rows of rows.jsonl"


def test_a_limit_that_one_caller_misses_is_told_with_the_latency(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(asked(p95_ms=5)) == 1
    said = capsys.readouterr()
    assert "even one caller at a time is not answered within 5 ms: with 1 worker of 1 thread the p95 is 1" in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"toy-sleeps": "toy-sleep"}, "did you mean 'toy-sleeps'"),
        ({"machines.yaml": "machine.yaml"}, "did you mean 'machines.yaml'"),
        ({"--workers": "--worker-count"}, "'--worker-count' is no option of capacity; did you mean '--workers'"),
        ({"--minutes": "--data", "0.07": "row.jsonl"}, "--data row.jsonl: no such file; did you mean 'rows.jsonl'"),
        ({"--minutes": "--tokens", "0.07": "9"}, "--tokens 9: an answer of text-classification is no text"),
        ({"--threads": "--workers", "1": "999"}, "--workers 999: this host has"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_measured(
    zoo: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], told: str
) -> None:
    (zoo / "rows.jsonl").touch()
    assert cli.main([change.get(word, word) for word in asked()]) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert "caller" not in said.err


def test_a_device_that_the_format_does_not_know_is_told(
    zoo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOOSMITH_DEVICE", "cuda")
    list_files(zoo / "artifacts" / "toy-sleeps")
    assert cli.main(asked()) == 1
    assert "toy artifacts answer on cpu; found device 'cuda'" in capsys.readouterr().err


def test_rows_that_are_none_are_told_with_their_line(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (zoo / "rows.jsonl").write_text('{"text": "good"}\n{"texts": "bad"}\n')
    assert cli.main(asked("--data", "rows.jsonl")) == 1
    assert "rows.jsonl:2: row {'texts': 'bad'}: column 'text' should be text" in capsys.readouterr().err


def test_without_machines_the_error_shows_a_list(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["capacity", "toy-sleeps", "--qps", "1", "--p95-ms", "5"]) == 1
    assert f"host: {this_host().id}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("--qps", "0"), ("--qps", "many"), ("--tokens", "1.5"), ("--minutes", "inf")]
)
def test_numbers_that_are_none_are_told_by_the_parser(
    zoo: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(asked(option, value))
    assert ended.value.code == 2
    assert f"argument {option}: expected a" in capsys.readouterr().err


def test_an_artifact_that_cannot_answer_is_told(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its files are looked at: with a manifest that does not list them, they are what is wrong."""
    folder = zoo / "artifacts" / "toy-sleeps"
    (folder / "toy.json").write_text('{"positions": 2}')
    assert cli.main(asked()) == 1
    assert "toy-sleeps is damaged, or was changed" in capsys.readouterr().err
    list_files(folder)
    assert cli.main(asked()) == 1
    assert "the artifact does not answer: IndexError: no position" in capsys.readouterr().err


def processes(project: Path) -> list[str]:
    """Ids of processes that work for this zoo."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
                if b"zoosmith.capacity.worker" in command and (entry / "cwd").resolve() == project.resolve():
                    found.append(entry.name)
            except OSError:
                continue
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_however_it_ends_no_worker_is_left(zoo: Path, number: int, code: int) -> None:
    words = [sys.executable, "-m", "zoosmith.app.cli.main", *asked("--minutes", "5")]
    running = subprocess.Popen(
        words, cwd=zoo, env=dict(os.environ), stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may start us in the background
    )  # fmt: skip
    assert running.stderr is not None
    for line in running.stderr:
        if "opening" in line:
            break
    deadline = time.monotonic() + 30
    while not processes(zoo) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes(zoo)
    running.send_signal(number)
    said = running.stderr.read()
    assert running.wait(30) == code
    running.stderr.close()
    assert ("interrupted; the workers are ended" in said) is (number == signal.SIGINT)
    assert "Traceback" not in said
    while processes(zoo) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes(zoo) == []


def test_answers_that_take_too_long_for_the_time_are_told_with_the_limit(
    zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (zoo / "artifacts" / "toy-sleeps" / "toy.json").write_text('{"sleep_ms": 400}')
    assert cli.main(asked("--minutes", "0.02", p95_ms=300)) == 1
    assert re.search(
        r"with 1 worker of 1 thread an answer takes about 0\.\d s, beyond 300 ms even for one caller at a time",
        capsys.readouterr().err,
    )
