"""Another tree under a name takes the place of the old one, and no request fails."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.served import running, write_letters, write_table, write_zoo
from zoosmith.serve.start import Settings

FAILED = 'zoosmith_swaps_total{model="mood",outcome="failed"} 1.0'
ASKED = {"inputs": ["a lovely film"], "model": "mood"}


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(tmp_path))
    write_letters(write_zoo(tmp_path), "letters")
    write_table(tmp_path, "mood", seconds=0.005)
    return tmp_path


@pytest.fixture
def client(zoo: Path) -> Iterator[httpx2.Client]:
    settings = Settings(("mood", "letters"), port=0, workers=2, poll_s=0.05, grace_s=5)
    with running(settings) as (url, _), httpx2.Client(base_url=url, timeout=20) as found:
        yield found


def replaced(zoo: Path, sign: float, name: str = "mood") -> None:
    """As a pull does: the whole folder at once."""
    new = write_table(zoo, "new", sign=sign, seconds=0.005)
    (zoo / "artifacts" / name).rename(zoo / "artifacts" / f".{sign}")
    new.rename(zoo / "artifacts" / name)


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.02)


def version(client: httpx2.Client) -> str:
    return str(client.get("/v2/models/mood").json()["versions"][0])


def until_version_is_not(client: httpx2.Client, before: str) -> str:
    until(lambda: version(client) != before)
    return version(client)


def test_callers_notice_nothing_but_the_new_answers(client: httpx2.Client, zoo: Path) -> None:
    before = version(client)
    seen: list[tuple[int, str, str]] = []
    enough = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=client.base_url, timeout=20) as own:
            while not enough.is_set():
                found = own.post("/predict", json=ASKED)
                told = found.json()
                seen.append((found.status_code, told["version"], told["answers"][0]["label"]))

    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    until(lambda: len(seen) > 8)
    replaced(zoo, sign=-1.0)
    after = until_version_is_not(client, before)
    asked = len(seen)
    until(lambda: len(seen) > asked + 8)
    enough.set()
    for caller in callers:
        caller.join()
    assert {status for status, _, _ in seen} == {200}
    assert {(version, label) for _, version, label in seen} == {(before, "positive"), (after, "negative")}
    assert 'zoosmith_swaps_total{model="mood",outcome="done"} 1.0' in client.get("/metrics").text


def test_a_tree_that_does_not_open_changes_nothing(
    client: httpx2.Client, zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = client.post("/predict", json=ASKED).json()
    broken = write_table(zoo, "broken", sign=2.0)
    (broken / "table.json").write_text("{")
    (zoo / "artifacts" / "mood").rename(zoo / "artifacts" / ".old")
    broken.rename(zoo / "artifacts" / "mood")
    until(lambda: FAILED in client.get("/metrics").text)
    time.sleep(0.3)  # several looks later it is told once
    assert FAILED in client.get("/metrics").text
    assert client.post("/predict", json=ASKED).json() == before
    assert capsys.readouterr().err.count("for the new one failed") == 1, "between the two renames a look finds none"
    replaced(zoo, sign=-1.0)
    until_version_is_not(client, before["version"])
    assert client.post("/predict", json=ASKED).json()["answers"][0]["label"] == "negative"


def test_a_classifier_does_not_become_a_language_model(client: httpx2.Client, zoo: Path) -> None:
    other = write_letters(zoo, "other", seed=9)
    (zoo / "artifacts" / "mood").rename(zoo / "artifacts" / ".old")
    other.rename(zoo / "artifacts" / "mood")
    until(lambda: FAILED in client.get("/metrics").text)
    assert client.post("/predict", json=ASKED).json()["answers"][0]["label"] == "positive"


def test_a_name_that_cannot_be_looked_up_is_told_once_and_answers_on(
    client: httpx2.Client, zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (zoo / "artifacts" / "mood").rename(zoo / "artifacts" / ".gone")
    time.sleep(0.5)
    assert client.post("/predict", json=ASKED).json()["answers"][0]["label"] == "positive"
    assert capsys.readouterr().err.count("what mood stands for cannot be looked up (no artifact 'mood'") == 1


def test_an_alias_that_moves_to_another_folder_is_followed(zoo: Path) -> None:
    """As of a registry, whose versions lie in folders of their own."""
    stable = [write_table(zoo, "mood-1"), write_table(zoo, "mood-2", sign=-1.0)]
    settings = Settings(("mood:stable",), port=0, poll_s=0.05, grace_s=5, where=lambda wanted: stable[0])
    with running(settings) as (url, server), httpx2.Client(base_url=url, timeout=20) as client:
        old = weakref.ref(server.serving.models["mood"].current)
        assert client.post("/predict", json=ASKED).json()["answers"][0]["label"] == "positive"
        before = version(client)
        del stable[0]
        until_version_is_not(client, before)
        assert client.post("/predict", json=ASKED).json()["answers"][0]["label"] == "negative"
        until(lambda: old() is None)  # or every swap would leave a model in memory


def test_what_is_being_written_goes_on_with_the_tree_that_it_began_with(zoo: Path) -> None:
    write_letters(zoo, "slow", sleep_ms=10)
    with (
        running(Settings(("slow",), port=0, poll_s=0.05, grace_s=5)) as (url, _),
        httpx2.Client(base_url=url) as client,
    ):
        asked = {"prompt": "Once", "temperature": 0, "max_tokens": 60}
        whole = client.post("/v1/completions", json=asked).json()
        with client.stream("POST", "/v1/completions", json=asked | {"stream": True}) as stream:
            lines = stream.iter_lines()
            first = next(lines)
            new = write_letters(zoo, "new", sleep_ms=10, seed=1)
            (zoo / "artifacts" / "slow").rename(zoo / "artifacts" / ".old")
            new.rename(zoo / "artifacts" / "slow")
            text = "".join([first, *lines])
        assert text.count(whole["system_fingerprint"]) == text.count('"id"')
        few = asked | {"max_tokens": 1}
        before = whole["system_fingerprint"]
        until(lambda: client.post("/v1/completions", json=few).json()["system_fingerprint"] != before)
        later = client.post("/v1/completions", json=asked).json()
        assert later["choices"][0]["text"] != whole["choices"][0]["text"]
