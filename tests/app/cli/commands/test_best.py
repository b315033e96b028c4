"""`zoosmith best` over a registry's rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import records
from zoosmith.app.cli import main as cli
from zoosmith.records.registry import Registry, to_text
from zoosmith.records.rows import merged, row

TASK = ["best", "--task", "text-classification"]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """toy-fp32, 100 MB and 6 ms; toy-onnx-int8, 25 MB and 2 ms, drop 0.004; toy-tiny, 5 MB and 1 ms, drop 0.05."""
    latency = {"p50": 2.0, "p95": 3.0, "p99": 4.0, "n": 100}
    measured = [
        records.reference(latency_ms=latency | {"p50": 6.0, "p95": 9.0}),
        records.measurement(),
        records.measurement(
            "toy-tiny", latency_ms=latency | {"p50": 1.0, "p95": 1.5}, size_total=5_000_000,
            versus=records.versus(0.05), speedup=records.bounded(6.0, 0.5),
        ),
    ]  # fmt: skip
    book = Registry()
    for one in measured:
        build = records.build(one.name, files=[{"path": "model", "size": one.size_total, "sha256": "a" * 64}])
        book = merged(book, one.name, row(build, [one], [], "card.md"))
    (tmp_path / "dodo.py").touch()
    (tmp_path / "registry.json").write_text(to_text(book))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_line_is_the_choice_and_the_rest_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*TASK, "--max-drop", "0.01", "--max-size", "50MB", "--max-p95-ms", "20"]) == 0
    first, why, *rest = capsys.readouterr().out.splitlines()
    assert first == "toy-onnx-int8@1"
    assert why == "- 1 of 3 meet every limit; this is the fastest on epyc-2c"
    excluded = rest[rest.index("excluded on epyc-2c:") + 1 :]
    assert excluded == [
        "  toy-fp32@1  max-size 50 MB: found 100 MB, 100% beyond",
        "  toy-tiny@1  max-drop 0.0100: found 0.0500 (toy.macro_f1), 400% beyond",
    ]


def test_without_limits_the_fastest_wins(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(TASK) == 0
    said = capsys.readouterr().out
    assert said.startswith("toy-tiny@1\n")
    assert "excluded" not in said


def test_when_nothing_fits_the_nearest_miss_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*TASK, "--max-drop", "0.001", "--max-size", "24 MB"]) == 1
    said = capsys.readouterr()
    assert said.err == (
        "zoosmith: nothing meets every limit; nearest is toy-onnx-int8@1: "
        "max-drop 0.0010: found 0.0040 (toy.macro_f1), 300% beyond, max-size 24 MB: found 25 MB, 4.2% beyond\n"
    )
    assert "toy-tiny@1" in said.out


@pytest.mark.parametrize("option", [["--min-accuracy", "0.9"], ["--min-toy.accuracy=0.9"]])
def test_a_minimum_names_any_metric(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*TASK, *option]) == 0
    assert cli.main([*TASK, *option, "--sure"]) == 1
    assert "min-accuracy 0.9000: found 0.8800" in capsys.readouterr().err.replace("toy.", "")


def test_speeds_that_cannot_be_told_apart_are_said_to_be_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    near = records.measurement("toy-near", speedup=records.bounded(3.2, 0.25))
    book = Registry.model_validate_json((project / "registry.json").read_text())
    book = merged(book, "toy-near", row(records.build("toy-near"), [near], [], "card.md"))
    (project / "registry.json").write_text(to_text(book))
    assert cli.main([*TASK, "--max-drop", "0.01"]) == 0
    assert "not told apart from toy-onnx-int8: the intervals of their speed overlap" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["best", "--task", "text-clasification"], "did you mean 'text-classification'"),
        ([*TASK, "--format", "onx"], "did you mean 'onnx'"),
        ([*TASK, "--data", "toys"], "did you mean 'toy'"),
        ([*TASK, "--host", "epyc-4c"], "did you mean 'epyc-2c'"),
        ([*TASK, "--max-size", "50mb"], "did you mean 'MB'"),
        ([*TASK, "--max-size", "50"], "has no unit"),
        ([*TASK, "--min-acuracy", "0.9"], "did you mean 'accuracy'"),
        ([*TASK, "--min-accuracy"], "--min-accuracy takes a number"),
        ([*TASK, "--min-accuracy", "high"], "found 'high'"),
        ([*TASK, "--max-sizes", "50MB"], "did you mean '--max-size'"),
        ([*TASK, "toy"], "is no option of best"),
    ],
)
def test_bad_input_is_one_clear_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 1
    said = capsys.readouterr()
    assert told in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "much"])
def test_limits_are_finite_numbers(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*TASK, f"--max-drop={value}"])
    assert ended.value.code == 2
    assert "--max-drop" in capsys.readouterr().err


def test_other_commands_still_refuse_what_they_do_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["search", "--min-accuracy", "0.9"])
    assert ended.value.code == 2
    assert "there is no option '--min-accuracy'" in capsys.readouterr().err


def test_a_speed_from_a_host_that_was_not_steady_is_marked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(TASK) == 0
    assert "not steady" not in capsys.readouterr().out
    busy = records.measurement("toy-busy", load_average=9.0)
    book = Registry.model_validate_json((project / "registry.json").read_text())
    book = merged(book, "toy-busy", row(records.build("toy-busy"), [busy], [], "card.md"))
    (project / "registry.json").write_text(to_text(book))
    assert cli.main(TASK) == 0
    [marked] = [line for line in capsys.readouterr().out.splitlines() if "not steady" in line]
    assert marked.startswith("toy-busy@1 ")
    assert marked.endswith("3.00 (2.75 to 3.25), host not steady")
    assert cli.main(["compare", "toy-busy", "toy-onnx-int8", "--registry", str(project)]) == 0
    assert "the host was not steady while toy-busy was measured" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def languages(project: Path) -> Path:
    """toy-fp32 at 54 ms a token; toy-q8-0 at 9, KL 0.0051; toy-q4-0 at 6, KL 0.408."""
    latency = {"p50": 54.2, "p95": 55.0, "p99": 56.0, "n": 100}
    book = Registry()
    for one in (
        records.language_reference(latency_ms=latency),
        records.language(latency_ms=latency | {"p50": 9.2}),
        records.language("toy-q4-0", versus=records.text_versus(0.408, 0.656), latency_ms=latency | {"p50": 6.3}),
    ):
        book = merged(book, one.name, row(records.build(one.name, task="perplexity"), [one], [], "card.md"))
    (project / "registry.json").write_text(to_text(book))
    return project


CHOICES = [
    ([], "toy-q4-0@1"),
    (["--max-kl", "0.01"], "toy-q8-0@1"),
    (["--max", "mean_kl=0.01"], "toy-q8-0@1"),
    (["--max", "text.mean_kl=0.01"], "toy-q8-0@1"),
    (["--min", "same_top1=0.96"], "toy-fp32@1"),
    (["--max-kl", "0.0055", "--sure"], "toy-fp32@1"),
]


@pytest.mark.parametrize(("words", "best"), CHOICES, ids=[" ".join(words) or "no limit" for words, _ in CHOICES])
def test_a_divergence_is_a_limit(
    languages: Path, words: list[str], best: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["best", "--task", "perplexity", *words]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == best
    if words == ["--max-kl", "0.01"]:
        assert "toy-q4-0@1  max-mean_kl 0.0100: found 0.4080 (text.mean_kl)" in said
        assert "KL 0.0051" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--max", "mean_kl"], "--max takes METRIC=X"),
        (["--min", "=3"], "--min takes METRIC=X"),
        (["--max", "mean_kl=low"], "takes a number, such as --max mean_kl=0.9; found 'low'"),
        (["--max", "mean_kll=1"], "did you mean 'mean_kl'"),
    ],
)
def test_a_limit_that_is_none_is_told(
    languages: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["best", "--task", "perplexity", *words]) == 1
    assert told in capsys.readouterr().err


def test_show_and_search_tell_divergences_and_tokens(languages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "toy-q8-0"]) == 0
    said = capsys.readouterr().out
    assert "text.mean_kl 0.0051 nats  [0.00459, 0.00561]  2000 tokens" in said
    assert "p50 9.20 ms a token" in said
    assert "109 tokens a second generated, 355 of the prompt read" in said
    assert cli.main(["search", "q8"]) == 0
    assert "text.mean_kl 0.0051" in capsys.readouterr().out


def test_the_steady_measurement_is_ranked_and_the_busy_one_can_be_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shaken = {"aa": records.bounded(1.1, 0.2, 12), "attempts": 3, "steady": False, "busy": 0.4}
    busy = {
        "steadiness": shaken,
        "latency_ms": {"p50": 0.4, "p95": 0.6, "p99": 0.8, "n": 100},
        "measured": "2026-09-09",
    }
    both = [records.measurement("toy-near", **changed) for changed in (busy, {})]
    book = Registry.model_validate_json((project / "registry.json").read_text())
    book = merged(book, "toy-near", row(records.build("toy-near"), both, [], "card.md"))
    (project / "registry.json").write_text(to_text(book))
    told = {}
    for option in ([], ["--unsteady"], ["--suite", "quick"]):
        assert cli.main([*TASK, *option]) == 0
        told[tuple(option)] = next(line for line in capsys.readouterr().out.splitlines() if "toy-near@1  " in line)
    assert "  2.00  " in told[()] and "not steady" not in told[()]
    assert "  0.40  " in told["--unsteady",] and told["--unsteady",].endswith("host not steady")
    assert told["--suite", "quick"] == told[()]
    assert cli.main([*TASK, "--suite", "full"]) == 1
    assert "not measured by suite full; there is suite quick, suite quick on a host" in capsys.readouterr().err
