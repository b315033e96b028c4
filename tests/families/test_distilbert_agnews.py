"""All of distilbert-agnews, with models and data from a (loopback) hub at their pins."""

from __future__ import annotations

from pathlib import Path

from tests.support.hub_zoo import build_to_the_end, hub_zoo
from tests.support.sst2 import write_ag_news


def test_all_of_it_builds(tmp_path: Path) -> None:
    for zoo in hub_zoo(tmp_path, write_ag_news):
        build_to_the_end(zoo, "distilbert-agnews", "finetune")
