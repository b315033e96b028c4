"""Columns that evals are sliced by: kept where they are named, counted, and told where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.sources import rows, slices

WHERE = "recipes/toy.yaml:12: evals.toy.slices"
ROWS = {
    "train": [{"text": f"text {i}", "label": "no", "kind": "typo"} for i in range(4)],
    "test": [{"text": "text 1", "label": "no", "kind": "title"}, {"text": "new", "label": "yes", "kind": "typo"}],
}


def run(folder: Path, column: str | None = "kind", found: dict[str, list[dict[str, Any]]] = ROWS) -> dict[str, Any]:
    """data.json, and the lines of each split."""
    (folder / "data").mkdir(exist_ok=True)
    for name, made in found.items():
        (folder / "data" / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in made))
    data = {"path": "data", "columns": {"text": "text", "label": "label"}, "labels": ["no", "yes"],
            "splits": {"train": "train", "eval": "test"}}  # fmt: skip
    named = {"eval": {column: WHERE}} if column else {}
    step = make_step(folder, {}, {"data": data, "name": "toy/data", "slices": named})
    rows.run(step)
    lines = {name: (step.out / f"{name}.jsonl").read_text().splitlines() for name in ("train", "eval")}
    return json.loads((step.out / "data.json").read_text()) | {"lines": lines}


def test_only_the_split_that_is_measured_keeps_the_column(tmp_path: Path) -> None:
    """So what is trained on the rest keeps its key."""
    plain, sliced = run(tmp_path, None), run(tmp_path)
    assert sliced["splits"]["train"] == plain["splits"]["train"]
    assert [json.loads(line)["kind"] for line in sliced["lines"]["eval"]] == ["title", "typo"]
    assert sliced["splits"]["eval"]["slices"] == {"kind": {"title": 1, "typo": 1}}
    assert "slices" not in plain["splits"]["eval"]


def test_texts_that_builders_see_too_are_counted_as_before(tmp_path: Path) -> None:
    assert run(tmp_path)["splits"]["eval"]["texts_seen_by_builders"] == 1


def test_a_misspelt_column_is_told_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"no column 'knid'; did you mean 'kind'\? \(named at recipes/toy.yaml:12"):
        run(tmp_path, "knid")


@pytest.mark.parametrize("value", [0.5, ["a"], {"a": 1}, "  ", None])
def test_a_value_that_names_no_slice_is_told(tmp_path: Path, value: Any) -> None:
    odd = ROWS | {"test": [ROWS["test"][0] | {"kind": value}]}
    with pytest.raises(ZooError, match=r"column 'kind' is"):
        run(tmp_path, found=odd)


def test_a_column_with_a_value_for_every_row_is_no_slice(tmp_path: Path) -> None:
    many = [{"text": f"t{i}", "label": "no", "kind": f"k{i}"} for i in range(slices.MOST + 1)]
    with pytest.raises(ZooError, match=f"more than {slices.MOST} values"):
        run(tmp_path, found=ROWS | {"test": many})
