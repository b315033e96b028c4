"""What the system refuses is told with the place and what to do; nobody is shown a traceback."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from zoosmith.app.cli.main import main
from zoosmith.app.doit.command import refuse_bad_bytes, told
from zoosmith.app.doit.tasks import as_task_failure
from zoosmith.contract.errors import ZooError
from zoosmith.execution.failure import CURES, failure
from zoosmith.store.locks import flock


@pytest.mark.parametrize("number", CURES)
def test_errors_of_the_system_name_the_place_and_the_cure(number: int) -> None:
    said = failure(OSError(number, os.strerror(number), "/somewhere/x"))
    assert said == f"/somewhere/x: {os.strerror(number).lower()}; {CURES[number]}"


def test_both_places_of_a_rename_are_named() -> None:
    assert failure(OSError(errno.EACCES, "Permission denied", "/a", None, "/b")).startswith(
        "/a -> /b: permission denied;"
    )


def test_other_errors_keep_their_words() -> None:
    assert failure(ZooError("mine")) == "mine"
    assert failure(ValueError("theirs")) == "ValueError: theirs"
    assert failure(OSError(errno.ENOSPC, "No space left", "/x")).startswith("no space left on the disk (/x)")


def refused() -> int:
    raise PermissionError(errno.EACCES, "Permission denied", "/artifacts/x")


def test_tasks_and_commands_tell_them(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_task_failure(refused)()
    assert found is not None and found.get_msg().strip().startswith("/artifacts/x: permission denied; give yourself")
    assert told(refused) == 1
    assert capsys.readouterr().err.startswith("ERROR: /artifacts/x: permission denied; give yourself")


def test_a_new_zoo_where_none_may_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "/proc/self/zoo"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("zoosmith: ") and "/proc/self/zoo" in said and len(said.splitlines()) == 1


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def none(handle: int, kind: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", none)
    said = r"x\.lock: its file system has no locks .*on a disk of this machine"
    with pytest.raises(ZooError, match=said), flock(tmp_path / "x.lock"):
        pass


def test_bytes_that_are_no_text_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    bad = b"build:\xff".decode("utf-8", "surrogateescape")
    with pytest.raises(Exception, match=r"'build:\\udcff' on the command line is no UTF-8"):
        refuse_bad_bytes(["run", bad])
    refuse_bad_bytes(["run", "build:ä", "\n"])
    with pytest.raises(SystemExit):
        main(["show", bad])
    assert "on the command line is no UTF-8" in capsys.readouterr().err
