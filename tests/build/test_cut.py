"""Rows that are longer than the model reads are counted, noted and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.step import make_step
from tests.support.table import RECIPE, bring_up
from tests.support.zoo import write_recipe, write_rows
from zoosmith.build.cut import BATCH, count_cut, sentence
from zoosmith.build.workspace import Workspace
from zoosmith.contract.manifest import TaskSpec
from zoosmith.recipes.graph import Ref
from zoosmith.tasks._classification.encoding import BoundTask

SHORT, LONG = {"text": "good film", "label": "positive"}, {"text": "bad " * 40, "label": "negative"}


def test_shares_by_split_are_noted_with_what_was_built(project: Path) -> None:
    write_rows(project / "data" / "train.jsonl", [SHORT, LONG] * 30)
    write_rows(project / "data" / "test.jsonl", [SHORT] * 39 + [LONG])
    write_recipe(project, RECIPE)
    bring_up(project, "toy-double")
    resolver = Workspace(project).resolver
    built = resolver.finished("artifact", Ref("toy", "plain"))
    assert built is not None
    noted = built.provenance["notes"]["cut"]
    assert noted["train"] == [30, 60]
    assert noted["eval"] == [1, 40]
    assert noted["dev"][0] == 0
    converted = resolver.finished("artifact", Ref("toy", "double"))
    assert converted is not None
    assert "cut" not in converted.provenance["notes"]


class Task:
    """Reads four characters."""

    spec = TaskSpec(kind="toy", max_length=4)

    def example(self, row: dict[str, Any]) -> str:
        return str(row["text"])

    def cut(self, examples: list[str]) -> int:
        return sum(len(text) > 4 for text in examples)


def test_more_than_a_twentieth_is_a_warning(tmp_path: Path) -> None:
    made = make_step(tmp_path, {}, {}, key="d" * 64)
    write_rows(made.out / "train.jsonl", [{"text": "x" * (1 + i % 5)} for i in range(2 * BATCH + 6)])
    (made.out / "data.json").write_text('{"splits": {"train": {}}}')
    step, said = make_step(tmp_path, {}, {"data": made.store.add_tree(made.out)}), list[str]()
    step.say = said.append  # type: ignore[method-assign,assignment]
    count_cut(step, Task())
    assert step.notes["cut"] == {"train": (206, 1030)}
    assert said == [
        "warning: 20.0% of the rows of train (206 of 1030) are cut at 4 tokens; "
        "what decides may be lost, see `max_length`"
    ]
    assert sentence("eval", 5, 100, 128) == "5.0% of the rows of eval (5 of 100) are cut at 128 tokens"


@pytest.mark.parametrize("inputs", [("text",), ("first", "second")])
def test_a_task_counts_what_its_tokenizer_cuts(project: Path, inputs: tuple[str, ...]) -> None:
    task = BoundTask(TaskSpec(kind="toy", inputs=inputs, max_length=8), project / "bases" / "words")
    short, long = dict.fromkeys(inputs, "good film"), dict.fromkeys(inputs, "good " * 20)
    rows = [short, long, short | {inputs[-1]: "bad " * 9}]
    examples = [task.example(row) for row in rows]
    assert task.cut(examples) == 2
    assert [task.length(example) for example in examples[1:]] == [8, 8]
    assert BoundTask(task.spec, project).cut(examples) is None
