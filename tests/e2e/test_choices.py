"""Multiple choice on real questions from a hub: a small trained model and its GGUF, killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.hub import serving
from tests.support.hub_choices import ARC, COMMITS, HELLASWAG, write_hub
from tests.support.zoo import ROOT, TORCH_BRIEFLY, doit, write_project, write_recipe

MIRROR = ROOT.parent / "shared" / "mirror"
MODEL = MIRROR / "models" / "zoosmith" / "stories-5m"
ROWS = {"hellaswag": 16, "arc-easy": 48, "arc-letter": 12}
RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "A storyteller that is asked questions.",
    "license": "apache-2.0",
    "bases": {"stories": {"path": str(MODEL)}},
    "data": {
        "hellaswag": {
            "repo": HELLASWAG,
            "revision": COMMITS[HELLASWAG],
            "columns": {"activity": "activity_label", "context": "ctx", "choices": "endings", "answer": "label"},
            "splits": {"eval": "validation"},
        },
        "arc-easy": {
            "repo": ARC,
            "revision": COMMITS[ARC],
            "config": "ARC-Easy",
            "columns": {"question": "question", "choices": "choices", "answer": "answerKey"},
            "splits": {"eval": "test"},
        },
    },
    "task": {"kind": "text-generation"},
    "evals": {
        "hellaswag": {"kind": "multiple-choice", "data": "hellaswag", "rows": ROWS["hellaswag"]},
        "arc-easy": {"kind": "multiple-choice", "data": "arc-easy", "rows": ROWS["arc-easy"]},
        "arc-letter": {"kind": "multiple-choice-letter", "data": "arc-easy", "rows": ROWS["arc-letter"]},
    },
    "reference": "fp32",
    "artifacts": {
        "fp32": {"builder": "checkpoint", "from": "stories"},
        "f16": {
            "builder": "gguf",
            "from": "fp32",
            "params": {"kv_type": "f32"},
            "gates": {"arc-easy.agreement": {"min": 0.95}, "hellaswag.failed": {"max": 0.0}},
        },
    },
}
pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason="needs the model and data of ../shared/mirror")


class Zoo(NamedTuple):
    """A zoo's folder, and the settings that name its hub."""

    project: Path
    settings: dict[str, Any]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    folder = tmp_path_factory.mktemp("choices")
    project = write_project(folder / "zoo")
    write_recipe(project, RECIPE, "stories")
    with serving(write_hub(folder / "hub", MIRROR), COMMITS) as hub:
        settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home"), "HF_ENDPOINT": hub.url} | TORCH_BRIEFLY
        yield Zoo(project, settings)


def kept(project: Path, eval_: str) -> int:
    """How many items of an eval an unfinished measurement has kept."""
    return len(list((project / "artifacts" / ".store" / "work").glob(f"*/scratch/outcomes-{eval_}/*.npz")))


def killed_within(zoo: Zoo, eval_: str, *arguments: str) -> int:
    """Kill doit and all that it started once some items of an eval are kept; how many there are."""
    process = subprocess.Popen(
        [sys.executable, "-m", "doit", *arguments], cwd=zoo.project, env=os.environ | zoo.settings,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 200
    while kept(zoo.project, eval_) < 5:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return kept(zoo.project, eval_)


def measured(project: Path, artifact: str) -> Any:
    folder = project / "results" / "stories" / artifact
    [file] = [file for file in folder.glob("*.json") if file.name != "build.json"]
    return json.loads(file.read_text(encoding="utf-8"))["suites"]["quick"]


def test_a_killed_evaluation_goes_on_and_ends_as_one_that_was_not_killed(zoo: Zoo) -> None:
    assert doit(zoo.project, "artifact:stories-fp32", "artifact:stories-f16", **zoo.settings).returncode == 0
    before = killed_within(zoo, "arc-easy", "build:stories-fp32")
    assert 5 <= before < ROWS["arc-easy"]
    assert kept(zoo.project, "hellaswag") == ROWS["hellaswag"]
    done = doit(zoo.project, "build:stories-fp32", **zoo.settings)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (
        f"arc-easy: goes on after {before} of {ROWS['arc-easy']} rows, which were answered before"
        in done.stdout + done.stderr
    )
    resumed = measured(zoo.project, "fp32")["quality"]
    for file in (zoo.project / "artifacts" / ".store" / "actions").glob("*.json"):
        if json.loads(file.read_text(encoding="utf-8"))["inputs"]["kind"] == "measure":
            file.unlink()
    again = doit(zoo.project, "build:stories-fp32", **zoo.settings)
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert "answered before" not in again.stdout + again.stderr
    assert measured(zoo.project, "fp32")["quality"] == resumed


def test_its_gguf_is_compared_question_by_question(zoo: Zoo) -> None:
    done = doit(zoo.project, "build:stories-f16", **zoo.settings)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told = measured(zoo.project, "f16")
    for eval_, chosen in (("hellaswag", "acc_norm"), ("arc-easy", "acc_tokens"), ("arc-letter", "malformed")):
        metric, versus = told["quality"][eval_]["metrics"][chosen], told["versus"][eval_]
        assert metric["n"] == ROWS[eval_]
        assert metric["low"] <= metric["value"] <= metric["high"]
        assert versus["divergence"]["agreement"]["value"] >= 0.9
        assert versus["delta"][chosen]["low"] <= versus["delta"][chosen]["high"]
        assert versus["lost"] + versus["won"] <= ROWS[eval_]
    card = (zoo.project / "model_cards" / "stories-f16.md").read_text(encoding="utf-8")
    assert "acc_norm" in card and "malformed" in card


def test_both_are_paired_from_their_records(zoo: Zoo) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zoosmith.app.cli.main", "compare", "stories-fp32", "stories-f16"],
        cwd=zoo.project, env=os.environ | zoo.settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hellaswag.acc_norm" in done.stdout
