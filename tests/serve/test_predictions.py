"""POST /predict, and what it refuses."""

from __future__ import annotations

import re
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from zoosmith import load


def test_answers_are_those_of_the_predictor(client: httpx2.Client, zoo: Any) -> None:
    texts = ["a lovely film", "an awful plot", "", "the"]
    found = client.post("/predict", json={"model": "mood", "inputs": texts})
    assert found.status_code == 200, found.text
    expected = [answer._asdict() for answer in load(zoo / "artifacts" / "mood").predict(texts)]
    assert found.json()["answers"] == expected
    assert [answer["label"] for answer in expected[:2]] == ["positive", "negative"]


def test_pairs_are_lists_or_objects(client: httpx2.Client) -> None:
    asked = {"model": "match", "inputs": [["the film", "a good plot"], {"second": "a good plot", "first": "the film"}]}
    one, two = client.post("/predict", json=asked).json()["answers"]
    assert one == two
    assert one["label"] == "yes"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b"\xff\xfe", 400, "no JSON"),
        (b'{"inputs": ["\\ud800"], "model": "mood"}', 400, "no JSON"),
        (b"[" * 10_000, 400, "no JSON"),
        (b'{"inputs": NaN}', 400, "no JSON"),
        (b'{"inputs": ' + b"1" * 5_000 + b"}", 400, "no JSON"),
        (b'{"model": "mood", "inputs": ' + b"1" * 4_000 + b"}", 400, "should be a list of text; found 111"),
        (b'{"model": "mood", "inputs": [1e999]}', 400, "input 1"),
        (b"[]", 400, "a JSON object; found a list"),
        (b"3", 400, "a JSON object; found a number"),
        (b'{"model": "mood"}', 400, "`inputs` should be a list of text; found nothing"),
        (b'{"model": "mood", "inputs": "a"}', 400, "`inputs` should be a list of text; found 'a'"),
        (b'{"model": "mood", "inputs": []}', 422, "at least one"),
        (b'{"model": "mood", "inputs": [3]}', 400, "input 1: expected a text"),
        (b'{"model": "mood", "inputs": ["a", null]}', 400, "input 2: expected a text"),
        (b'{"model": "mood", "inputs": [["a", "b"]]}', 400, "takes 1 text"),
        (b'{"model": "mood", "inputs": ["1","2","3","4","5","6","7","8","9"]}', 422, "found 9 inputs.*--max-inputs"),
        (b'{"model": "mood", "inputs": ["' + b"a" * 301 + b'"]}', 422, "input 1 has 301 characters.*--max-chars"),
        (b'{"model": "mood", "input": ["a"]}', 400, "unknown key 'input'; did you mean 'inputs'"),
        (b'{"model": "modo", "inputs": ["a"]}', 404, "no model 'modo'.*did you mean 'mood'"),
        (b'{"model": 3, "inputs": ["a"]}', 400, "`model` should be a name"),
        (b'{"inputs": ["a"]}', 400, "several models are served"),
        (b'{"model": "letters", "inputs": ["a"]}', 400, "letters is a language model: ask it at /v1"),
    ],
)
def test_what_cannot_be_answered_is_told(client: httpx2.Client, body: bytes, status: int, said: str) -> None:
    found = client.post("/predict", content=body)
    assert found.status_code == status, found.text
    message = found.json()["error"]
    assert re.search(said, message), message
    assert len(message) < 500


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: httpx2.Client) -> None:
    found = client.post("/predict", content=b" " * 20_001)
    assert found.status_code == 413
    assert "20000 bytes" in found.json()["error"]
    assert found.headers["connection"] == "close"


def test_a_body_without_a_length_is_cut_off_where_it_is_too_large(client: httpx2.Client) -> None:
    found = client.post("/predict", content=(b" " * 5_000 for _ in range(10)))
    assert found.status_code == 413


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n{", b"HTTP/1.1 408"),
        (b"POST /predict HTTP/1.1\r\nhost:", b""),
        (b"", b""),
        (b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET /v2 HTTP/1.1\r\nx: " + b"a" * 5_000, b"HTTP/1.1 431"),
    ],
)
def test_a_caller_who_dawdles_or_never_ends_is_let_go(url: str, sent: bytes, answer: bytes) -> None:
    """The connection is closed in time, whatever was sent of a request."""
    split = urlsplit(url)
    begun = time.monotonic()
    with socket.create_connection((split.hostname, split.port), timeout=10) as connection:
        connection.sendall(sent)
        got = b""
        while part := connection.recv(4096):
            got += part
    assert got.startswith(answer) and bool(got) == bool(answer)
    assert time.monotonic() - begun < 5


def test_a_head_without_end_is_cut_off_also_behind_a_request_that_takes_long(url: str) -> None:
    """While an answer is computed, what follows on the connection is not timed: its size must be bounded."""
    split = urlsplit(url)
    body = b'{"prompt": "a", "max_tokens": 60, "temperature": 0}'
    head = b"POST /v1/completions HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(body)
    with socket.create_connection((split.hostname, split.port), timeout=10) as connection:
        connection.sendall(head + body + b"GET /v2 HTTP/1.1\r\n")
        sent = 0
        with pytest.raises(OSError):
            while sent < 64 << 20:
                sent += connection.send(b"x: " + b"a" * 5_000 + b"\r\n")
    assert sent < 16 << 20, "no more than what buffers on the way hold"


def test_paths_and_methods_that_there_are_not(client: httpx2.Client) -> None:
    missing = client.get("/v3")
    assert (missing.status_code, "there is no /v3" in missing.json()["error"]) == (404, True)
    wrong = client.get("/predict")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.json()["error"] == "/predict answers to POST; found GET"
