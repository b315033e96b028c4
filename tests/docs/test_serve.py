"""What docs/serve.md and README.md show of `zoosmith serve` is run, with small artifacts of the same names."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.served import running, write_letters, write_table, write_zoo
from tests.support.zoo import ROOT
from zoosmith.app.cli import main as cli
from zoosmith.app.cli.commands.serve import settings
from zoosmith.serve.start import Settings

PAGE = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Serve\n")[2].partition("\n## ")[0]
ADDRESS = "http://127.0.0.1:8000"
NAMES = ("minilm-sst2-onnx-int8", "smollm2-q8_0")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    project = write_zoo(tmp_path_factory.mktemp("page"))
    write_table(project, NAMES[0])
    write_letters(project, NAMES[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOOSMITH_PROJECT", str(project))
        with running(Settings(NAMES, port=0, grace_s=5)) as (found, _):
            yield found


def commands(text: str) -> list[str]:
    """Every curl of the shell blocks, over as many lines as it has."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)
    return [found for block in blocks for found in re.findall(r"^curl (?:.*\{\n(?:.*\n)*?\}'|.*)$", block, re.M)]


def test_the_commands_that_serve_are_read() -> None:
    lines = re.findall(r"^zoosmith (serve .*?)(?: &)?$", PAGE + README, re.M)
    assert len(lines) == 2
    for line in lines:
        told = settings(cli.parser().parse_args(line.split()))
        assert (tuple(told.names), told.port) == (NAMES, 8000)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("command", commands(PAGE) + commands(README))
def test_every_curl_gets_an_answer(url: str, command: str) -> None:
    asked = command.replace("curl ", "curl -sS --fail-with-body ", 1).replace(ADDRESS, url)
    assert asked.count(url) == 1
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    if '"stream": true' in command:
        assert done.stdout.startswith('data: {"id":"chatcmpl-') and done.stdout.endswith("data: [DONE]\n\n")
    else:
        assert isinstance(json.loads(done.stdout), dict)


def test_all_of_the_page_was_found() -> None:
    assert len(commands(PAGE)) == 6
    assert len(commands(README)) == 2
    assert PAGE.count(ADDRESS) == 7


def test_the_answer_of_the_page_has_the_form_of_a_real_one(url: str) -> None:
    shown = json.loads(re.findall(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)[0])
    asked = commands(PAGE)[0].replace(ADDRESS, url)
    real = json.loads(subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout)
    assert [list(shown), [list(one) for one in shown["answers"]]] == [
        list(real),
        [list(one) for one in real["answers"]],
    ]


def test_the_python_of_the_page_runs(url: str) -> None:
    code = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.replace(ADDRESS, url), "serve.md", "exec"), {})
    assert re.search(r" [0-9]+$", printed.getvalue().splitlines()[0])


def test_the_page_names_every_option_and_metric() -> None:
    from zoosmith.serve.metrics import Metrics

    options = {option for action in _actions() for option in action if option.startswith("--")}
    known = {"--help", "--quiet", "--host", "--port", "--threads"}
    assert {option for option in options - known if option not in PAGE} == set()
    counted = [name for metric in Metrics().registry.collect() for name in [metric.name] if name.startswith("zoosmith")]
    assert {name for name in counted if name not in PAGE} <= {"zoosmith_requests_open"}


def _actions() -> list[list[str]]:
    import argparse

    from zoosmith.app.cli.commands import serve

    parser = argparse.ArgumentParser()
    serve.arguments(parser)
    return [action.option_strings for action in parser._actions]
