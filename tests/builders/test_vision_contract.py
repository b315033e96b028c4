"""What every builder of models that see keeps to; a new one joins with a line in VISION."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.builders.test_language_contract import PICKLES, is_pickle, machines
from tests.support import llava
from tests.support.job import Made, build, digest
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.store.files import payload

VISION = ("vision_bnb", "vision_checkpoint")
SCORING = plugins.load_part("tasks", "vqa", "scoring", ROOT)

each_builder = pytest.mark.parametrize("name", VISION)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    folder = tmp_path_factory.mktemp("vision")
    whole = llava.checkpoint(folder / "checkpoint")
    return {
        "vision_checkpoint": whole,
        "vision_bnb": build("vision_bnb", {"from": whole.parent}, folder / "bnb", task=llava.TASK),
    }


@each_builder
def test_the_tree_opens_from_its_files_and_writes_the_same(made: dict[str, Made], name: str) -> None:
    one = made[name]
    task, opened = one.job.task, one.opened()
    expected = [SCORING.respond(one.session, task, probe) for probe in task.probes()]
    found = [SCORING.respond(opened.session, opened.task, probe) for probe in opened.task.probes()]
    SCORING.reproduces(expected, found, task.probes())
    assert len({response["text"].tobytes() for response in expected}) > 2, "the pictures make no difference"


@each_builder
def test_the_tree_holds_all_it_takes_and_no_pickle(made: dict[str, Made], name: str) -> None:
    out = made[name].out
    files = {str(path) for path in payload(out)}
    assert {"tokenizer.json", "preprocessor_config.json", "processor_config.json", "manifest.json"} <= files
    for path in payload(out):
        data = (out / path).read_bytes()
        assert path.suffix not in PICKLES
        assert not zipfile.is_zipfile(out / path)
        assert not is_pickle(data), path
        assert not [machine for machine in machines(made[name].out.parents[2]) if str(machine).encode() in data], path


@each_builder
def test_a_second_build_gives_the_same_bytes(made: dict[str, Made], name: str, tmp_path: Path) -> None:
    first = made[name]
    second = build(name, first.job.parents, tmp_path, task=llava.TASK, params=first.job.params.model_dump())
    assert digest(second.out) == digest(first.out)
    assert second.facts == first.facts
