"""A build that is killed at any moment; `benchmarks/kills.py` does the same more often and with real builders."""

from __future__ import annotations

from pathlib import Path

from benchmarks import kills
from tests.support.table import recipe
from tests.support.zoo import write_recipe


def test_kills_at_random_moments_lose_nothing_and_leave_nothing_half_done(tmp_path: Path) -> None:
    zoo = kills.table_zoo(tmp_path / "zoo", seed=7)
    zoo.command = ("-n", "2", "artifact:toy-double", "artifact:toy-triple")
    kills.rounds(zoo, 12)
    assert zoo.faults == []
    assert zoo.counts["doit"] + zoo.counts["worker"] == 12
    assert set(zoo.trees) == {"toy-double", "toy-triple"}


def test_a_half_tree_a_lost_action_and_an_orphan_are_seen(tmp_path: Path) -> None:
    zoo = kills.table_zoo(tmp_path / "zoo", seed=7)
    zoo.command = ("artifact:toy-plain",)
    kills.undisturbed(zoo)
    recorded = kills.records(zoo)
    assert zoo.faults == [] and len(recorded) == 3
    (zoo.project / "artifacts" / "toy-plain" / "table.json").unlink()
    next((zoo.store.root / "actions").glob("*.json")).unlink()
    kills.intact(zoo, recorded)
    write_recipe(zoo.project, recipe(shards=20, pause_s=0.5))
    orphan = zoo.start()
    kills.gone(zoo)
    orphan.wait()
    for what in ("no whole tree", "is now gone", "outlive doit"):
        assert any(what in fault for fault in zoo.faults), what
