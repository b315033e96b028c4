"""What is asked of artifacts of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.labelled import answering_llama, spec
from tests.support.language import write_torch
from tests.support.toys import write_toy
from tests.support.zoo import write_project
from zoosmith.capacity import worker
from zoosmith.capacity.inputs import inputs_of, task_of, tokens_of
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import Manifest


def matcher(project: Path) -> Path:
    """A language model that answers with one of three labels."""
    folder = answering_llama(write_project(project) / "artifacts" / "matcher", hidden=32)
    manifest = Manifest(format="torch", precision="fp32", task=spec())
    (folder / "manifest.json").write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
    return folder


def test_without_a_file_the_probes_are_asked(tmp_path: Path) -> None:
    task = task_of(write_toy(tmp_path, "toy"), tmp_path)
    assert inputs_of(task, None) == [list(probe.texts) for probe in task.probes()]
    assert tokens_of(task, None, 16, tmp_path) is None


def test_a_language_model_is_asked_for_text(tmp_path: Path) -> None:
    task = task_of(write_torch(tmp_path, layers=1), tmp_path)
    assert inputs_of(task, None) == [probe.text for probe in task.probes()]
    assert [tokens_of(task, asked, 16, tmp_path) for asked in (None, 4)] == [16, 4]


def test_a_language_model_that_answers_with_a_label_is_a_classifier(tmp_path: Path) -> None:
    folder = matcher(tmp_path)
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"first": "Ann Lee", "second": "A. Lee", "label": "yes"}\n')
    task = task_of(folder, tmp_path)
    inputs = inputs_of(task, file)
    assert inputs == [["Ann Lee", "A. Lee"]]
    assert tokens_of(task, None, 16, tmp_path) is None
    with pytest.raises(ZooError, match="an answer of label-token is no text"):
        tokens_of(task, 4, 16, tmp_path)
    ask = worker.opened(str(folder), str(tmp_path), 1, inputs, 0, {}, "cpu")
    [answer] = ask(0)  # type: ignore[misc]
    assert answer.label in task.spec.labels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it has no rows; text-classification takes text in each"),
        ('{"text": 3}\n', r"rows\.jsonl:1: .*column 'text' should be text"),
        ('{"text": "a"}\n\n{"txt": "b"}\n', r"rows\.jsonl:3: .*did you mean 'txt'"),
        ('["a"]\n', r"rows\.jsonl:1: expected an object"),
    ],
)
def test_rows_that_cannot_be_asked_are_told_with_their_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(text)
    with pytest.raises(ZooError, match=told):
        inputs_of(task_of(write_toy(tmp_path, "toy"), tmp_path), file)


def test_what_answers_no_task_is_told(tmp_path: Path) -> None:
    folder = write_toy(tmp_path, "toy")
    (folder / "manifest.json").write_text(Manifest(format="toy", precision="none").model_dump_json(by_alias=True))
    with pytest.raises(ZooError, match="answers no task: there is nothing to ask"):
        task_of(folder, tmp_path)
