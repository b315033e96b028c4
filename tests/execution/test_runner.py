"""Running an action once: cache, locks, budget, record."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.execution.test_executor import action
from tests.support.table import bring_up
from tests.support.zoo import doit
from zoosmith.build.workspace import Workspace
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.execution.display import Display
from zoosmith.execution.executor import LocalExecutor, StepFailed
from zoosmith.execution.resources import Budget
from zoosmith.execution.runner import Runner, git_revision
from zoosmith.recipes.graph import Ref
from zoosmith.remote.blobs import name_of
from zoosmith.remote.caches import Caches
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.origin import origin
from zoosmith.store.locks import flock, is_free, measure_lock
from zoosmith.store.store import ActionResult, CorruptStore, Store

TWICE = """
import sys
from pathlib import Path
from tests.execution.test_executor import action
from tests.execution.test_runner import make
runner, _ = make(Path(sys.argv[1]))
print(runner.run(action("write", inputs={"x": 1}, run={"seconds": 0.5})).tree)
"""


def make(project: Path, cpus: int = 2) -> tuple[Runner, io.StringIO]:
    said = io.StringIO()
    display = Display(Console(file=said, highlight=False, soft_wrap=True))
    store = Store(project / ".store")
    return Runner(store, project, Budget(cpus, 4096), display, LocalExecutor(store, project)), said


def calls(project: Path) -> int:
    file = project / "calls"
    return len(file.read_text().splitlines()) if file.is_file() else 0


def test_an_action_runs_once(tmp_path: Path) -> None:
    runner, said = make(tmp_path)
    first = runner.run(action("write"))
    assert runner.run(action("write", name="other", title="other")) == first
    assert calls(tmp_path) == 1
    assert re.fullmatch(r"build write \.\.\.\nbuild write: done \(0:\d\d\)\n", said.getvalue())
    assert runner.run(action("write"), again=True).tree == first.tree
    assert calls(tmp_path) == 2


def test_the_record_says_where_a_tree_comes_from(tmp_path: Path) -> None:
    runner, _ = make(tmp_path)
    what = action("write", inputs={"x": [1, None]}, run={"threads": 1})
    record = runner.run(what)
    assert record == runner.store.finished(what.key) == runner.store.recorded(what.key)
    assert record.inputs == {"x": [1, None]}
    about = record.provenance
    assert (about["name"], about["notes"], about["git"]) == ("toy/write", {"threads": "1"}, None)
    assert about["started"].endswith("+00:00") and about["seconds"] >= 0 and about["zoosmith"]
    assert not (runner.store.root / "work" / what.key).exists()


def test_a_failure_is_never_cached_and_scratch_is_kept(tmp_path: Path) -> None:
    runner, said = make(tmp_path)
    with pytest.raises(StepFailed, match="KeyError: 'missing'"):
        runner.run(action("bug"))
    assert runner.store.recorded(action("bug").key) is None
    with pytest.raises(StepFailed):
        runner.run(action("bug"))
    assert said.getvalue().count("build bug: failed") == 2
    (tmp_path / "mended").touch()
    assert runner.store.read(runner.run(action("bug")).tree, "file") == b"scratch was kept: True"


def test_a_failed_step_holds_nothing(tmp_path: Path) -> None:
    runner, _ = make(tmp_path)
    with pytest.raises(StepFailed):
        runner.run(action("killed"))
    assert (runner.budget.used_cpus, runner.budget.used_memory) == (0, 0)
    assert is_free(measure_lock()) and is_free(runner.store.root / "gc.lock")
    assert is_free(runner.store.root / "locks" / f"{action('killed').key}.lock")


def test_two_processes_run_an_action_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWICE, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    trees = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(trees) == 1 and calls(tmp_path) == 1


def test_two_threads_run_an_action_once_and_the_second_says_that_it_waits(tmp_path: Path) -> None:
    runner, said = make(tmp_path)
    what = action("write", run={"seconds": 0.5})
    threads = [threading.Thread(target=runner.run, args=(what,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls(tmp_path) == 1
    assert said.getvalue().count("the same step runs already; waiting") == 1


def exclusive(**rest: Any) -> Action:
    return action("write", exclusive=True, **rest)


def test_a_measurement_waits_for_builds_and_a_build_for_measurements(tmp_path: Path) -> None:
    runner, said = make(tmp_path)
    for shared, what, words in (
        (True, exclusive(title="measure a"), "measure a: waiting for builds to end, so as to measure alone"),
        (False, action("write", inputs={"b": 1}), "build write: waiting for a measurement to end"),
    ):
        with flock(measure_lock(), shared=shared):
            waiting = threading.Thread(target=runner.run, args=(what,))
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
            assert words in said.getvalue()
        waiting.join(20)
        assert runner.store.finished(what.key)


def test_builds_run_beside_builds_and_downloads_beside_measurements(tmp_path: Path) -> None:
    runner, _ = make(tmp_path)
    with flock(measure_lock(), shared=True):
        runner.run(action("write"))
    with flock(measure_lock()):
        runner.run(action("write", inputs={"x": 2}, resources=Resources(0, 64)))
    assert calls(tmp_path) == 2


def test_steps_wait_for_cores(tmp_path: Path) -> None:
    runner, _ = make(tmp_path, cpus=1)
    with runner.budget.reserve(Resources(1, 1)):
        waiting = threading.Thread(target=runner.run, args=(action("write"),))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive() and calls(tmp_path) == 0
    waiting.join(20)
    assert calls(tmp_path) == 1


def corrupt(project: Path, name: str, path: str) -> tuple[Workspace, ActionResult]:
    workspace = Workspace(project)
    record = workspace.store.recorded(workspace.resolver.artifact(Ref("toy", name)).key)
    assert record is not None
    entry = next(entry for entry in workspace.store.tree(record.tree) or [] if entry.path == path)
    file = workspace.store.file(entry.sha256)
    file.chmod(0o644)
    file.write_bytes(b"#" * entry.size)
    return workspace, record


def test_damage_in_the_store_is_found_when_an_artifact_is_delivered_and_heals_on_the_next_run(built: Path) -> None:
    workspace, record = corrupt(built, "triple", "table.json")
    with pytest.raises(CorruptStore, match=r"table\.json in the store was missing or damaged"):
        workspace.deliver(Ref("toy", "triple"))
    assert not workspace.home(Ref("toy", "triple")).exists()
    done = doit(built, "artifact:toy-triple")
    assert done.returncode == 0 and "build toy-triple: done" in done.stderr
    assert Workspace(built).resolver.tree("artifact", Ref("toy", "triple")) == record.tree
    assert Workspace(built).delivered(Ref("toy", "triple"))


def test_damage_in_a_parent_is_found_by_the_child_and_heals_on_the_next_run(built: Path) -> None:
    corrupt(built, "double", "table.json")
    (built / "recipes" / "toy.yaml").write_text((built / "recipes" / "toy.yaml").read_text().replace("3.0", "5.0"))
    first = doit(built, "artifact:toy-sextuple")
    assert first.returncode != 0
    assert "table.json in the store was missing or damaged" in first.stdout + first.stderr
    assert "Traceback" not in first.stdout + first.stderr
    second = doit(built, "artifact:toy-sextuple")
    assert second.returncode == 0
    assert "build toy-double: done" in second.stderr and "build toy-plain" not in second.stderr


def test_two_runs_of_doit_at_once_build_everything_once(project: Path) -> None:
    command = [sys.executable, "-m", "doit", "artifact:toy-double", "artifact:toy-triple"]
    both = [
        subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    for name in ("plain", "double", "triple"):
        assert "".join(said).count(f"build toy-{name}: done") == 1
    assert bring_up(project, "toy-triple") == []


def test_the_revision_of_a_zoo(tmp_path: Path) -> None:
    assert git_revision(tmp_path) is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    assert git_revision(tmp_path) is None
    (tmp_path / "file").write_text("one")
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "untracked").touch()
    assert git_revision(tmp_path) == head
    (tmp_path / "file").write_text("two")
    below = tmp_path / "zoo"
    below.mkdir()
    assert git_revision(below) == f"{head}+"


def test_git_is_out_of_reach_of_the_terminals_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "git").write_text("#!/bin/sh\ncut -d' ' -f6 /proc/self/stat\n")  # the session it is in
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    said = git_revision(tmp_path)
    assert said is not None and int(said.rstrip("+")) != os.getsid(0)


def with_caches(project: Path, url: str) -> tuple[Runner, io.StringIO]:
    runner, said = make(project)
    config = CacheConfig("team", url, write=True, trust="any")
    runner.caches = Caches([config], runner.store, {"id": "a-host"}, runner.display.say)
    return runner, said


def test_what_a_cache_has_is_not_run(tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}"
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    (ours, _), (theirs, said) = (with_caches(tmp_path / name, url) for name in ("ours", "theirs"))
    made = ours.run(action("write"))
    got = theirs.run(action("write"), named=True)
    assert (got.tree, calls(tmp_path / "theirs")) == (made.tree, 0)
    assert re.search(r"^download toy/write: 0\.0 kB from team \(0:\d\d\)$", said.getvalue(), re.M)
    assert origin(got) == f"downloaded from team ({url}), built on a-host"
    assert theirs.store.named("toy/write") == got
    theirs.caches = None  # what came once is here
    assert theirs.run(action("write")) == got


def test_a_rebuild_asks_no_cache_and_private_results_go_to_none(tmp_path: Path) -> None:
    url = f"memory://{tmp_path.name}"
    runner, _ = with_caches(tmp_path, url)
    assert runner.caches
    private = dataclasses.replace(action("write", inputs={"x": 2}), private=True)
    runner.run(private)
    assert runner.caches.find(private.key) is None
    runner.run(action("write"))
    assert runner.caches.find(action("write").key)
    runner.run(action("write"), again=True)
    assert calls(tmp_path) == 3


def test_a_result_that_is_not_whole_is_made_here_and_put_right(tmp_path: Path) -> None:
    runner, said = with_caches(tmp_path, f"memory://{tmp_path.name}")
    made = runner.run(action("write"))
    assert runner.caches
    bucket, (entry,) = runner.caches.caches[0].objects, runner.store.tree(made.tree) or ()
    bucket.delete(name_of(entry.sha256))
    shutil.rmtree(runner.store.root)
    assert runner.run(action("write")).tree == made.tree
    assert "download toy/write: not whole at team" in said.getvalue()
    assert calls(tmp_path) == 2 and bucket.size(name_of(entry.sha256)) == entry.size
