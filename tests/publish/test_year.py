"""A year in the life of an artifact, with the real commands: published, promoted, tried, rolled back, yanked, kept."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.publish.conftest import record, scaled
from tests.support.desk import COMMAND, Desk
from tests.support.fast import write_fast_zoo
from tests.support.zoo import ROOT, rows, write_recipe, write_rows

NAME = "family0-a0"
pytestmark = pytest.mark.slow


def published(zoo: Path, out: Path, scale: float, learnt: int = 120) -> None:
    """Another version, which has learnt so many rows: of few it knows few words."""
    write_rows(zoo / "data" / "train.jsonl", rows(learnt, 1))
    write_recipe(zoo, scaled(scale), "family0")
    record(zoo, NAME)
    own = {"PYTHONPATH": str(ROOT), "ZOOSMITH_CONFIG": str(out / "none")}
    words = [*COMMAND, "push", NAME, "--to", f"file://{out}"]
    done = subprocess.run(words, cwd=zoo, env=os.environ | own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_year_in_the_life(tmp_path: Path) -> None:
    zoo, out = write_fast_zoo(tmp_path / "zoo"), tmp_path / "out"
    recent = tmp_path / "recent.jsonl"
    write_rows(recent, rows(600, 9))
    owner, user = Desk(zoo, out, zoo), Desk(tmp_path / "user", out, zoo)

    published(zoo, out, 1.0)
    assert "stable is version 1 now (was no version)" in owner(f"promote {NAME}@1 stable --why first")
    assert f"{NAME}@1 in" in user(f"pull {NAME}:stable")
    assert user("outdated").startswith("nothing: of 1 artifacts here")

    published(zoo, out, 3.0)
    assert f"{NAME}  1, stable; 2 is newer" in user("outdated --check"), "stable is 1 still, which is what is here"
    canary = f"canary {NAME}@2 --against stable --data {recent}"
    assert "promote: accuracy: no loss over 1 point shown" in owner(canary)
    assert "is 1.0000" not in owner(f"promote {NAME}@2 stable")
    measured = owner(f"promote {NAME}@1 canary --measure --dry-run")
    assert "measured here" in measured
    assert "yanked" not in user("outdated --check", code=8)
    user(f"pull {NAME}:stable")
    assert "positive" in user(f"run {NAME}:stable lovely", trusted=True)

    published(zoo, out, 2.0, learnt=6)
    refused = owner(f"promote {NAME}@3 stable", code=4)
    assert f"{NAME}@3 does not become stable" in refused
    assert "toy.accuracy (max_regression 0.01" in refused
    assert "loss of" in owner(f"canary {NAME}@3 --against stable --data {recent}", code=4)
    assert "--force needs --why" in owner(f"promote {NAME}@3 stable --force", code=1)
    owner(f"promote {NAME}@3 stable --force --why urgent")
    user(f"pull {NAME}:stable")
    step = f"canary {NAME}:stable --against 2 --data {recent} --rollback-if"
    assert "is version" not in owner(f"{step} errors>0"), "a condition that does not hold moves nothing"
    assert "stable is version 2 again" in owner(f"{step} loss", code=6)
    assert "is no condition" in owner(f"{step} nonsense", code=1)

    assert "is yanked" in owner(f"yank {NAME}@3 --why knows.little")
    told = user("outdated --check", code=8)
    assert f"{NAME}  3; yanked: knows.little" in told
    assert f"{NAME}@3 was yanked by its publisher: knows.little ({NAME}@2 is not)" in user(f"pull {NAME}@3")
    assert f"{NAME}@2" in user("search")
    assert "was yanked" in owner(f"promote {NAME}@3 stable", code=1)
    assert f"{NAME}@2 in" in user(f"pull {NAME}")
    user("outdated --check")
    assert "it is family0-a0@2 of" in user(f"verify {NAME}:stable")

    [shown] = [json.loads(line) for line in user(f"show {NAME}:stable --json").splitlines()]
    assert [step["what"] for step in shown["history"]] == ["promote", "promote", "promote", "rollback", "yank"]
    assert [step["forced"] for step in shown["history"] if "forced" in step] == [True]
    assert (shown["version"], shown["aliases"], list(shown["yanked"])) == (f"{NAME}@2", {"stable": 2}, ["3"])
    listed = json.loads(user("ls --json"))
    assert (listed["version"], listed["aliases"]) == (2, {"stable": 2})
    assert "would be freed" in user("prune --days 0 --dry-run")
    user(f"rm {NAME}")
    assert not (user.folder / NAME).exists()

    text = (out / "registry.json").read_text()
    (out / "registry.json").write_text(text.replace('"why": "urgent"', '"why": "tested"'))
    assert "entry 3 of the history was changed after it was written" in user(f"pull {NAME}:stable", code=1)
