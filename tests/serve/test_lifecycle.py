"""Back-pressure, metrics, and the end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.served import running, write_letters, write_table, write_zoo
from tests.support.zoo import ROOT
from zoosmith.contract.errors import ZooError
from zoosmith.serve.lifecycle import Server, bound
from zoosmith.serve.limits import Limits
from zoosmith.serve.start import Settings, serve


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(tmp_path))
    return write_zoo(tmp_path)


def asked_at_once(url: str, count: int, body: dict[str, object], path: str = "/predict") -> list[httpx2.Response]:
    """Answers to as many callers at once."""
    found: list[httpx2.Response] = []

    def ask() -> None:
        found.append(httpx2.post(url + path, json=body, timeout=20))

    callers = [threading.Thread(target=ask) for _ in range(count)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return found


def test_a_full_queue_is_told_with_429_and_when_to_come_again(zoo: Path) -> None:
    write_table(zoo, "slow", seconds=0.2)
    with running(Settings(("slow",), port=0, workers=1, grace_s=5, limits=Limits(waiting=2))) as (url, _):
        found = asked_at_once(url, 8, {"inputs": ["good"]})
        metrics = httpx2.get(url + "/metrics").text
        refused = [one for one in found if one.status_code == 429]
        assert [one.status_code for one in found].count(200) + len(refused) == 8
        assert 1 <= len(refused) <= 5, "one is computed, two wait"
        assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
        assert "slow: the queue is full" in refused[0].json()["error"]
        assert f'zoosmith_requests_total{{route="predict",status="429"}} {len(refused)}.0' in metrics
        assert httpx2.post(url + "/predict", json={"inputs": ["good"]}).status_code == 200


def test_what_fails_inside_is_told_by_its_kind_alone(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others are answered; what the failure says stays in the log."""
    write_table(zoo, "mood")
    with running(Settings(("mood",), port=0, grace_s=5)) as (url, server):
        session = server.serving.models["mood"].current.predictor.session
        works = session.classify

        def classify(encoded: Any) -> Any:
            if encoded["input_ids"].shape[1] > 4:
                raise IndexError("a secret path")
            return works(encoded)

        session.classify = classify
        failed = httpx2.post(url + "/predict", json={"inputs": ["good", "a very good film"]})
        assert (failed.status_code, failed.json()) == (500, {"error": "the answer failed: IndexError"})
        assert httpx2.post(url + "/predict", json={"inputs": ["good"]}).status_code == 200
    assert "POST /predict failed: IndexError: a secret path" in capsys.readouterr().err


def test_metrics_count_what_was_done(zoo: Path) -> None:
    write_table(zoo, "mood")
    write_letters(zoo, "letters")
    with running(Settings(("mood", "letters"), port=0, grace_s=5)) as (url, _), httpx2.Client(base_url=url) as client:
        client.post("/predict", json={"inputs": ["good", "bad"]})
        usage = client.post("/v1/completions", json={"prompt": "ab", "temperature": 0}).json()["usage"]
        client.get("/nowhere/" + "x" * 50)
        page = client.get("/metrics")
        told = dict(line.rsplit(" ", 1) for line in page.text.splitlines() if not line.startswith("#"))
    assert page.headers["content-type"].startswith("text/plain; version=")
    assert told['zoosmith_answers_total{model="mood"}'] == "2.0"
    assert told['zoosmith_tokens_total{kind="read",model="letters"}'] == f"{usage['prompt_tokens']}.0"
    assert told['zoosmith_tokens_total{kind="written",model="letters"}'] == f"{usage['completion_tokens']}.0"
    assert told['zoosmith_requests_total{route="none",status="404"}'] == "1.0", "callers make no label"
    assert told['zoosmith_request_seconds_count{route="predict"}'] == "1.0"
    assert told["zoosmith_requests_open"] == "1.0"
    assert float(told["process_resident_memory_bytes"]) > 1e6
    assert any(name.startswith('zoosmith_model_info{model="mood",version="') for name in told)


def test_who_leaves_is_not_answered_any_further(zoo: Path) -> None:
    write_letters(zoo, "slow", sleep_ms=20, context=2000)
    with running(Settings(("slow",), port=0, grace_s=5)) as (url, _), httpx2.Client(base_url=url, timeout=20) as client:
        asked = {"prompt": "a", "max_tokens": 1000, "temperature": 0, "stream": True}
        with client.stream("POST", "/v1/completions", json=asked) as stream:
            next(stream.iter_lines())
        with pytest.raises(httpx2.ReadTimeout):
            client.post("/v1/completions", json=asked | {"stream": False}, timeout=0.3)
        begun = time.monotonic()
        assert client.post("/v1/completions", json={"prompt": "a", "max_tokens": 2}).status_code == 200
        assert time.monotonic() - begun < 5, "its turn came soon: 1,000 tokens would have taken 20 seconds"


def test_what_was_accepted_is_answered_and_new_requests_are_refused(zoo: Path) -> None:
    write_table(zoo, "slow", seconds=0.3)
    settings = Settings(("slow",), port=0, workers=1, grace_s=10)
    with running(settings) as (url, server), httpx2.Client(base_url=url, timeout=20) as client:
        assert client.get("/v2/health/ready").status_code == 200
        found: list[httpx2.Response] = []
        accepted = threading.Thread(target=lambda: found.extend(asked_at_once(url, 3, {"inputs": ["good"]})))
        accepted.start()
        while server.serving.gate.open < 3:
            time.sleep(0.005)
        server.stop()
        time.sleep(0.05)
        late = client.post("/predict", json={"inputs": ["good"]})
        assert (late.status_code, late.headers["retry-after"], late.headers["connection"]) == (503, "1", "close")
        assert "the server stops" in late.json()["error"]
        assert client.get("/v2/health/ready").status_code == 503
        assert client.get("/v2/health/live").status_code == 200
        accepted.join()
    assert [one.status_code for one in found] == [200] * 3


def test_a_stream_that_began_is_written_to_its_end(zoo: Path) -> None:
    write_letters(zoo, "slow", sleep_ms=20)
    asked = {"prompt": "a", "max_tokens": 40, "temperature": 0, "stream": True}
    with (
        running(Settings(("slow",), port=0, grace_s=10)) as (url, server),
        httpx2.stream("POST", url + "/v1/completions", json=asked, timeout=20) as stream,
    ):
        lines = [line for line in stream.iter_lines() if server.stop() is None and line]
    assert lines[-1] == "data: [DONE]"
    assert len(lines) > 10


def test_a_port_that_is_taken_is_told_before_anything_is_opened(zoo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(ZooError, match=rf"cannot serve on 127\.0\.0\.1, port {number}: .*in use; choose another"):
            serve(Settings(("no-such-name",), port=number))
    with pytest.raises(ZooError, match="choose another --host"):
        bound("no.such.host.invalid", 0)


def test_names_that_cannot_be_served_are_told(zoo: Path) -> None:
    write_table(zoo, "mood")
    with pytest.raises(ZooError, match=r"no artifact 'modo' in .*did you mean 'mood'"):
        serve(Settings(("modo",), port=0))
    with pytest.raises(ZooError, match="two artifacts would be served as 'mood'"):
        serve(Settings(("mood", str(zoo / "artifacts" / "mood")), port=0))


def started(zoo: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """The command in a process of its own, and its URL."""
    command = [sys.executable, "-m", "zoosmith.app.cli.main", "serve", "--port", "0", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ZOOSMITH_PROJECT": str(zoo)}
    process = subprocess.Popen(command, cwd=zoo, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(
        r"serving mood \(classifier, table fp32, tree [0-9a-f]{16}\) on (http://127\.0\.0\.1:[0-9]+);", line
    )
    assert found, line
    return process, found[1]


def test_sigterm_under_load_loses_no_accepted_request(zoo: Path) -> None:
    """Each caller gets whole answers until it is refused, by 503 or because nobody listens any more."""
    write_table(zoo, "mood", seconds=0.01)
    process, url = started(zoo, "mood", "--workers", "2")
    split = httpx2.URL(url)
    refused: list[int] = []
    answered: list[str] = []
    lost: list[Exception] = []

    def ask() -> None:
        connection = HTTPConnection(split.host, split.port or 0, timeout=20)
        while True:
            try:
                connection.request("POST", "/predict", b'{"inputs": ["a good film"]}')
                reply = connection.getresponse()
                whole = json.loads(reply.read())
            except (OSError, HTTPException, ValueError) as error:
                lost.append(error)
                return
            if reply.status != 200:
                refused.append(reply.status)
                return
            answered.append(whole["answers"][0]["label"])

    callers = [threading.Thread(target=ask) for _ in range(8)]
    for caller in callers:
        caller.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    for caller in callers:
        caller.join()
    assert process.wait(20) == 0
    assert (refused, lost) == ([503] * 8, [])
    assert len(answered) > 20
    assert set(answered) == {"positive"}
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_a_second_signal_ends_at_once(zoo: Path) -> None:
    write_table(zoo, "mood", seconds=0.0)
    process, url = started(zoo, "mood", "--read-s", "60")
    split = httpx2.URL(url)
    with socket.create_connection((split.host, split.port)) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{")  # and no more
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.6)
        assert process.poll() is None, "it waits for what it accepted"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_signal_before_the_first_request_ends_too(zoo: Path) -> None:
    write_table(zoo, "mood")

    def started(url: str, server: Server) -> None:
        server._loop = None  # as before it has begun
        server.handle_exit(signal.SIGTERM, None)

    begun = time.monotonic()
    serve(Settings(("mood",), port=0), started)
    assert time.monotonic() - begun < 10
