"""The loopback hub itself: what other tests lean on."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.hub import Fault, Hub, serving

FILE = "/org/tiny/resolve/main/weights.safetensors"
BYTES = bytes(range(256)) * 4000


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "models" / "org" / "tiny"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(BYTES)
    with serving(tmp_path) as server:
        yield server


def ask(hub: Hub, path: str = FILE, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    try:
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_part_of_a_file(hub: Hub) -> None:
    status, headers, data = ask(hub, Range="bytes=1000-")
    assert (status, headers["Content-Range"], data) == (206, f"bytes 1000-{len(BYTES) - 1}/{len(BYTES)}", BYTES[1000:])
    assert ask(hub, Range="bytes=5-9")[2] == BYTES[5:10]
    assert ask(hub, Range=f"bytes={len(BYTES)}-")[0] == 416


@pytest.mark.parametrize("status", [401, 403, 404, 412, 429, 500])
def test_a_status_on_demand_once(hub: Hub, status: int) -> None:
    hub.faults.append(Fault("GET .*weights", status, headers=(("Retry-After", "3"),)))
    found, headers, _ = ask(hub)
    assert (found, headers["Retry-After"]) == (status, "3")
    assert ask(hub)[2] == BYTES


def test_a_body_that_ends_in_the_middle(hub: Hub) -> None:
    hub.faults.append(Fault("GET", "cut"))
    with pytest.raises(http.client.IncompleteRead) as told:
        ask(hub)
    assert told.value.partial == BYTES[: len(BYTES) // 2]


def test_one_wrong_byte_in_a_body_of_the_right_length(hub: Hub) -> None:
    hub.faults.append(Fault("GET", "wrong"))
    data = ask(hub)[2]
    assert [i for i in range(len(BYTES)) if data[i] != BYTES[i]] == [len(BYTES) // 2]


def test_a_slow_answer_and_one_that_never_comes(hub: Hub) -> None:
    hub.faults += [Fault("GET", "slow", skip=1, seconds=0.3), Fault("GET", "lost", skip=1)]
    started = time.monotonic()
    assert ask(hub)[2] == BYTES
    assert time.monotonic() - started < 0.3
    assert ask(hub)[2] == BYTES
    assert time.monotonic() - started > 0.3
    with pytest.raises(http.client.RemoteDisconnected):
        ask(hub)


def test_old_commits_tags_and_branches_stay(hub: Hub) -> None:
    repo, first = hub.repo("models", "org/tiny"), hub.commit("models", "org/tiny")
    repo.ref(repo.tags, "v1", "main")
    second = hub.change(repo, "main", first, {"new.txt": hub.keep(b"new")}, ["weights.safetensors"])
    assert ask(hub)[0] == 404
    for revision in (first, "v1"):
        status, headers, data = ask(hub, FILE.replace("main", revision))
        assert (status, headers["X-Repo-Commit"], data) == (200, first, BYTES)
    assert ask(hub, f"/org/tiny/resolve/{second}/new.txt")[2] == b"new"
    assert ask(hub, "/org/tiny/resolve/v2/new.txt")[1]["X-Error-Code"] == "RevisionNotFound"
