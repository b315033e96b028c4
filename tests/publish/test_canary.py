"""A token never reaches what a build leaves or prints, whatever the hub answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hub import Fault, serving
from tests.support.sst2 import COMMITS, FINETUNED, SST2
from tests.support.zoo import doit, write_project

CANARY = "hf_canaryCanaryCanary0123456789"


def holding(folder: Path) -> list[Path]:
    """Files below `folder` with the token in them."""
    return [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("artifact:distilbert-sst2-fp32", status) for status in (400, 401, 403, 500)]
    + [("_source:data:distilbert-sst2/sst2", status) for status in (400, 403)],  # 500 is asked again for long
)
def test_a_build_that_the_hub_refuses_tells_no_token(tmp_path: Path, status: int, wanted: str) -> None:
    project, root = write_project(tmp_path / "zoo"), tmp_path / "hub"
    for kind, repo in (("models", FINETUNED), ("datasets", SST2)):
        (root / kind / repo).mkdir(parents=True)
        (root / kind / repo / "config.json").write_text("{}")
    with serving(root, COMMITS) as hub:
        hub.faults.append(Fault(".*", status, times=1000))
        settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": CANARY}
        done = doit(project, wanted, HF_ENDPOINT=hub.url, **settings)
        assert CANARY in hub.tokens, "the token is sent, or this shows nothing"
    assert done.returncode != 0
    assert CANARY not in done.stdout + done.stderr
    assert list((project / "artifacts" / ".store" / "logs").iterdir())
    assert holding(project) == []
