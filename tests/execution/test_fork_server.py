"""Workers forked from a process that has imported what they need; test_executor.py has all that any worker does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.execution.test_executor import TOY, action, gone, message, run, soon, written
from tests.support.zoo import ROOT
from zoosmith.contract.errors import ZooError
from zoosmith.execution import fork_server as fork_server
from zoosmith.execution.executor import LocalExecutor
from zoosmith.execution.fork_server import ForkServer, can_fork
from zoosmith.store.locks import flock
from zoosmith.store.store import Store
from zoosmith.toolkit.torch import imports


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MODULES", TOY)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[ForkServer]:
    with (tmp_path / "log").open("wb") as log:
        found = ForkServer({"PYTHONPATH": str(ROOT)}, tmp_path, log)
        yield found
        found.close()


def told(project: Path, executor: LocalExecutor, **changes: Any) -> dict[str, Any]:
    """What a worker says of itself."""
    store, what = Store(project / ".store"), action("tells_its_origin", **({"imports": ("toy",)} | changes))
    with flock(store.folder("locks") / f"{what.key}.lock") as lock:
        tree = executor.run(what, lock, lambda message: None).tree
    found: dict[str, Any] = json.loads(store.read(tree, "file"))
    return found


def test_a_worker_leads_its_own_session_in_the_zoos_folder_and_imports_nothing_again(tmp_path: Path) -> None:
    executor = LocalExecutor(Store(tmp_path / ".store"), tmp_path)
    first, second = told(tmp_path, executor), told(tmp_path, executor)
    for worker in (first, second):
        assert worker["pid"] == worker["group"] == worker["session"]
        assert worker["there"] and worker["cwd"] == str(tmp_path)
    assert first["pid"] != second["pid"]
    [importer] = (tmp_path / "imports").read_text().splitlines()
    assert int(importer) not in (first["pid"], second["pid"])


def test_side_by_side_one_imports(tmp_path: Path) -> None:
    executor, found = LocalExecutor(Store(tmp_path / ".store"), tmp_path), []
    threads = [
        threading.Thread(target=lambda i=i: found.append(told(tmp_path, executor, inputs={"i": i}))) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({worker["pid"] for worker in found}) == 4
    assert len((tmp_path / "imports").read_text().splitlines()) == 1


def test_another_environment_is_another_nursery(tmp_path: Path) -> None:
    executor = LocalExecutor(Store(tmp_path / ".store"), tmp_path)
    told(tmp_path, executor, run={"threads": 1})
    told(tmp_path, executor, run={"threads": 2}, inputs={"other": 1})
    assert len((tmp_path / "imports").read_text().splitlines()) == 2


def test_where_there_is_nothing_to_import_or_a_gpu_a_worker_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = LocalExecutor(Store(tmp_path / ".store"), tmp_path)
    assert not told(tmp_path, executor, imports=())["there"]
    assert can_fork()
    (tmp_path / "version").touch()
    monkeypatch.setattr(fork_server, "NVIDIA", tmp_path / "version")
    assert not can_fork()
    assert not told(tmp_path, executor, inputs={"other": 1})["there"]


def test_what_cannot_be_imported_is_left_to_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MODULES", {"toy": "no_such_module"})
    executor = LocalExecutor(Store(tmp_path / ".store"), tmp_path)
    assert not told(tmp_path, executor)["there"]


def test_a_nursery_that_dies_is_told(one: ForkServer) -> None:
    one.prepare([])
    one._process.send_signal(signal.SIGKILL)
    one._process.wait()
    with pytest.raises(ZooError, match="died while it imported torch"):
        one.prepare(["torch"])
    with Path("/dev/null").open("wb") as log, pytest.raises(ZooError, match="is gone"):
        one.start(log, ())


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    with ExitStack() as held:
        log = held.enter_context((tmp_path / "log").open("wb"))
        found = ForkServer({"PYTHONPATH": str(ROOT)}, tmp_path, log)
    found._control.close()
    assert gone(found._process.pid) or found._process.wait(10) == 0


OWNER = """
import os, sys
from pathlib import Path
from zoosmith.execution.fork_server import ForkServer
project = Path(sys.argv[1])
with open(os.devnull, "wb") as log:
    fork_server = ForkServer(dict(os.environ), project, log)
(project / "pid").write_text(str(fork_server._process.pid))
fork_server.prepare(["tests.support.never_imported"])
"""


def test_it_ends_with_its_owner_in_the_middle_of_an_import(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], env=environment) as owner:
        pid = written(tmp_path / "pid")
        assert soon(lambda: (tmp_path / "importing").exists(), 20)
        owner.send_signal(signal.SIGKILL)
    assert gone(pid)


def test_the_clean_process_answers_again_and_tells_what_it_died_of(tmp_path: Path) -> None:
    outcome = run(tmp_path, action("asks_the_clean_process", imports=("toy",)))
    replies = json.loads(Store(tmp_path / ".store").read(outcome.tree, "file"))
    assert replies == [[0, '{"error": "KeyError: \'needs\'"}']] * 2
    assert "KeyError" in message(tmp_path, "bug", imports=("toy",))
