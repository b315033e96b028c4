"""Servers that fail while an artifact is pulled: waited out and resumed, or refused."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from tests.support.published import Fault, publish, serving
from tests.support.user import BIG, FILES, User, asked, at, visible
from zoosmith.contract.errors import ZooError
from zoosmith.transfer.retry import RetryPolicy


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    return someone


@pytest.mark.parametrize(
    "faults",
    [
        [Fault("cut", "onnx")],
        [Fault("cut", "onnx"), Fault("ignore-range", "onnx")],
        [Fault("cut", "onnx"), Fault("cut", "tokenizer.json"), Fault("cut", "zoosmith.json")],
        [Fault("status", "onnx", status=500, times=2)],
        [Fault("status", "onnx", status=429, headers={"Retry-After": "0"})],
        [Fault("status", "zoosmith.json", status=503)],
        [Fault("garbage", "onnx")],
        [Fault("slow", "onnx", seconds=0.1)],
        [Fault("cut", "onnx"), Fault("status", "onnx", status=416)],
    ],
    ids=lambda faults: "-".join(fault.kind for fault in faults),
)
def test_faults_that_pass_are_waited_out(user: User, faults: list[Fault]) -> None:
    with serving(user.registry, *faults) as server:
        user.pull("toy-a", server.url)
    assert user.holds("toy-a", FILES)
    assert user.cache_is_right()


def test_a_lost_connection_goes_on_where_it_stopped(user: User) -> None:
    with serving(user.registry, Fault("cut", "onnx")) as server:
        user.pull("toy-a", server.url)
        assert asked(server, ".onnx") == [None, f"bytes={len(BIG) // 2}-"]
        assert server.sent["/toy-a/v1/onnx/model_quantized.onnx"] == len(BIG)


def test_a_later_pull_goes_on_where_an_earlier_one_gave_up(user: User) -> None:
    user.retry = RetryPolicy(tries=1, timeout_s=2.0)
    with serving(user.registry, Fault("cut", "onnx")) as server:
        with pytest.raises(ZooError, match=r"model\.onnx was cut off after \d+ of 3145728 bytes"):
            user.pull("toy-a", server.url)
        assert not (user.home / "toy-a").exists()
        user.pull("toy-a", server.url)
        assert asked(server, ".onnx")[-1] == f"bytes={len(BIG) // 2}-"
    assert user.holds("toy-a", FILES)


def test_wrong_bytes_left_by_an_earlier_pull_are_fetched_anew(user: User) -> None:
    parts = user.home / ".toy-a.pull" / "parts"
    parts.mkdir(parents=True)
    (parts / hashlib.sha256(BIG).hexdigest()).write_bytes(b"wrong")
    (parts / "of another version").write_bytes(b"x")
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        assert asked(server, ".onnx") == ["bytes=5-", None]
    assert user.holds("toy-a", FILES)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("wrong", "onnx", times=9), "SHA-256 differs"),
        (Fault("short", "onnx", times=9), "has 3145727 bytes there instead of 3145728"),
        (Fault("long", "onnx", times=9), "has 3145735 bytes there"),
        (Fault("endless", "onnx", times=9), "SHA-256 differs"),
        (Fault("endless", "zoosmith.json", times=9), "longer than 8 MiB"),
        (Fault("cut", "zoosmith.json", times=9), "cut off"),
        (Fault("status", "onnx", status=404), "answered 404"),
        (Fault("status", "onnx", status=401), "set HF_TOKEN"),
        (Fault("status", "onnx", times=9), "answered 500; gave up after 3 tries"),
        (Fault("redirect", "onnx", target="file:///etc/passwd"), "redirects"),
        (Fault("redirect", "onnx", target="ftp://127.0.0.1/x"), "redirects"),
        (Fault("slow", "onnx", times=9, seconds=3.0), "connection was lost"),
        (Fault("drip", "onnx", times=9, seconds=0.02), r"given up: \d+ bytes came in 0\.\d+ s; gave up after 3 tries"),
        (Fault("drip", "zoosmith.json", times=9, seconds=0.02), r"given up: \d+ bytes came"),
        (Fault("crawl", "onnx", times=9, seconds=0.02), r"127\.0\.0\.1:\d+: the connection was given up"),
    ],
    ids=lambda value: value.kind + value.path if isinstance(value, Fault) else "",
)
def test_what_is_not_right_is_refused_and_nothing_appears(user: User, fault: Fault, said: str) -> None:
    user.retry = RetryPolicy(tries=3, first_s=0.01, timeout_s=0.3)
    with serving(user.registry, fault) as server, pytest.raises(ZooError, match=said) as told:
        user.pull("toy-a", server.url)
    assert "\n" not in str(told.value)
    assert visible(user.home) == [".toy-a.pull"]
    assert user.cache_is_right()
    assert server.sent["endless"] < 32 << 20


def test_a_second_location_is_tried(user: User) -> None:
    file = user.registry / "registry.json"
    told = json.loads(file.read_text())
    told["artifacts"]["toy-a"]["versions"]["1"]["locations"] = ["toy-a/v9/", "toy-a/v1/"]
    file.write_text(json.dumps(told))
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)


@pytest.mark.parametrize("at", ["onnx", "zoosmith.json", "registry.json"])
@pytest.mark.parametrize("kind", ["interim", "padded", "trailers"])
def test_what_http_allows_around_a_file_keeps_no_connection_alive(user: User, kind: str, at: str) -> None:
    user.retry = RetryPolicy(tries=2, first_s=0.01, timeout_s=0.3)
    started = time.monotonic()
    fault = Fault(kind, at, times=9, seconds=0.01)
    with serving(user.registry, fault) as server, pytest.raises(ZooError, match="was given up"):
        user.pull("toy-a", server.url)
    assert time.monotonic() - started < 2 * 3 * 0.3 + 2
    assert not (user.home / "toy-a").exists()
    assert user.cache_is_right()


def test_a_proxy_that_cuts_every_answer_at_the_same_place_is_given_up(user: User) -> None:
    """Each answer brings over a MiB, and none a byte that was not there before."""
    fault = Fault("cap-whole", "onnx", times=99, size=2 << 20)
    with serving(user.registry, fault) as server:
        with pytest.raises(ZooError, match=r"cut off after 2097152 of 3145728 bytes; gave up after 3 tries"):
            user.pull("toy-a", server.url)
        assert len(asked(server, ".onnx")) == 3


def test_a_proxy_that_cuts_every_answer_but_lets_it_go_on_is_no_hindrance(user: User) -> None:
    user.retry = RetryPolicy(tries=2, first_s=0.01, timeout_s=2.0)
    with serving(user.registry, Fault("cap", "onnx", times=99, size=1 << 20)) as server:
        user.pull("toy-a", server.url)
        assert asked(server, ".onnx") == [None, "bytes=1048576-", "bytes=2097152-"]
    assert user.holds("toy-a", FILES)
