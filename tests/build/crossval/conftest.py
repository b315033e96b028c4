"""A fast zoo that is not built yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import write_recipe, write_rows
from zoosmith.build.workspace import Workspace


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return write_fast_zoo(tmp_path / "z", artifacts=2)


def grouped(project: Path, rows: list[dict[str, str]], **crossval: object) -> Workspace:
    """The zoo with these rows in train, whose column `who` is mapped, and this section `crossval`."""
    write_rows(project / "data" / "train.jsonl", rows)
    write_rows(
        project / "data" / "dev.jsonl", [{"text": f"dev {i}", "label": LABELS[i % 2], "who": f"d{i}"} for i in range(8)]
    )
    write_rows(
        project / "data" / "test.jsonl", [{"text": f"test {i}", "label": LABELS[i % 2], "who": "t"} for i in range(8)]
    )
    recipe = fast_recipe(2)
    toy = recipe["data"]["toy"]
    data = {"toy": toy | {"columns": toy["columns"] | {"who": "who"}}}
    write_recipe(project, recipe | {"data": data, "crossval": crossval}, "family0")
    return Workspace(project)


LABELS = ("negative", "positive")
