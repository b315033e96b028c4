"""The `zoosmith` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.zoo import doit
from zoosmith import __version__
from zoosmith.app.cli import main as cli

ROOT = Path(__file__).parents[1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"zoosmith {__version__}\n"


@pytest.mark.parametrize("what", ["recipe", "registry"])
def test_schema_prints_what_is_committed(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", what]) == 0
    committed = Path(__file__).parents[1] / "docs" / f"{what}.schema.json"
    assert capsys.readouterr().out == committed.read_text(encoding="utf-8")


def test_init_starts_a_zoo_that_doit_can_list(tmp_path: Path) -> None:
    assert cli.main(["init", str(tmp_path / "mine")]) == 0
    listed = doit(tmp_path / "mine", "list")
    assert listed.returncode == 0, listed.stderr
    assert "first-onnx-int8" in listed.stdout


def test_init_never_overwrites_a_zoo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dodo.py").write_text("mine")
    assert cli.main(["init", str(tmp_path)]) == 1
    assert "is a zoo already" in capsys.readouterr().err
    assert (tmp_path / "dodo.py").read_text() == "mine"


def test_run_of_an_unknown_name_suggests_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dodo.py").touch()
    (tmp_path / "artifacts" / "toy-onnx-int8").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "toy-onnx-int4", "text"]) == 1
    said = capsys.readouterr().err
    assert "did you mean 'toy-onnx-int8'" in said
    assert "doit build:toy-onnx-int4" in said
    assert "Traceback" not in said


def test_importing_zoosmith_and_its_command_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "onnxruntime", "datasets", "numpy", "huggingface_hub", "doit")
    code = f"import sys, zoosmith, zoosmith.app.cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_run_answers_as_text_and_as_json(
    fast_artifact: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fast_artifact.parents[1])
    assert cli.main(["run", str(fast_artifact), "a lovely film", "an awful plot"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("positive\t")
    assert second.startswith("negative\t")
    assert cli.main(["run", str(fast_artifact), "--json", "a lovely film"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["label"] == "positive"
    assert sum(answer["scores"].values()) == pytest.approx(1.0)


@pytest.mark.parametrize("format", ["evil", "../evil", "/tmp/evil", "runtimes.evil", ""])
def test_an_artifact_brings_no_code_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    """Neither its own dodo.py and runtimes/, nor a path as its format, are ever imported."""
    artifact = tmp_path / "artifact"
    for folder in (artifact, artifact / "runtimes"):
        folder.mkdir()
        (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (artifact / "dodo.py").touch()
    task = {"kind": "text-classification", "inputs": ["text"], "labels": ["a", "b"]}
    manifest = {"schema": 1, "format": format, "precision": "fp32", "task": task}
    (artifact / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", str(artifact), "hi"]) == 1
    assert not (tmp_path / "ran").exists()


def test_init_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("secrets.env\n")
    assert cli.main(["init", str(tmp_path)]) == 0
    assert (tmp_path / ".gitignore").read_text().startswith("secrets.env\n")


class _Says:
    """A model of one label, which is a stranger's."""

    label, score, scores = "good\nverified: yes\t1.000\x1b[2J", 0.5, {"good\x9b": 0.5}

    def __init__(self) -> None:
        self.task = SimpleNamespace(spec=SimpleNamespace(inputs=("text",)))
        self.scoring = object()

    def predict(self, inputs: list[str]) -> list[_Says]:
        return [self for _ in inputs]


def test_a_label_forges_no_line_and_steers_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoosmith.predictor.load", lambda *_, **__: _Says())
    assert cli.main(["run", "x", "text"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    label, score = line.split("\t")
    assert label.isprintable()
    assert score == "0.500"
    assert cli.main(["run", "x", "text", "--json"]) == 0
    said = capsys.readouterr().out
    assert said[:-1].isprintable()
    assert json.loads(said)["label"] == _Says.label


@pytest.mark.parametrize(
    "words",
    [
        ["zoosmith.app.cli.main", "schema", "registry"],
        ["zoosmith.app.cli.main", "search", "--registry", "."],
        ["zoosmith.app.cli.main", "compare", "minilm-sst2-fp32", "minilm-sst2-onnx-int8"],
        ["doit", "list"],
        ["doit", "table"],
        ["doit", "info", "build:minilm-sst2-fp32"],
        ["doit", "plan", "minilm-sst2-fp32"],
        ["doit", "help"],
        ["doit", "help", "run"],
    ],
)
def test_a_reader_that_has_seen_enough_is_no_error(words: list[str], tmp_path: Path) -> None:
    """Standard output is a pipe that nobody reads any more before the first byte."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)},
        )  # fmt: skip
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.parametrize("words", [["zoosmith.app.cli.main", "schema", "registry"], ["doit", "list"], ["doit", "help"]])
def test_what_cannot_be_printed_is_one_message_and_a_closed_output_none(words: list[str], tmp_path: Path) -> None:
    """On a full disk, and where the shell has closed standard output: both ended in a traceback."""
    command, own = (
        [sys.executable, "-m", *words],
        os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)},
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, env=own, check=False)
    assert "no space left on" in done.stderr.lower() and done.stderr.count("\n") == 1
    assert done.returncode == 1
    closed = ["bash", "-c", 'exec "$@" >&-', "bash", *command]
    assert (
        "Traceback" not in subprocess.run(closed, cwd=ROOT, capture_output=True, text=True, env=own, check=True).stderr
    )


def test_bytes_that_are_no_utf8_are_told(fast_artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", str(fast_artifact), "good", "caf\udce9"])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert "'caf\\udce9' on the command line is no UTF-8" in said.err
