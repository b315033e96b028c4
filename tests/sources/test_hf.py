"""The real huggingface_hub and datasets against a loopback hub, in processes with their own endpoint."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import Fault, Hub, serving
from tests.support.zoo import ROOT
from zoosmith.contract.errors import ZooError
from zoosmith.sources import hf

CALL = """
import json, sys, tempfile
from pathlib import Path
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Data
from zoosmith.sources import hf, tables

what, repo, revision, files = json.loads(sys.argv[1])
try:
    if what == "model":
        scratch, seen = Path("scratch"), []
        scratch.mkdir(exist_ok=True)
        folder = hf.snapshot(repo, revision, files, Path(tempfile.mkdtemp()), scratch, lambda *a, **k: seen.append(a))
        assert not any(path.is_symlink() for path in folder.rglob("*"))
        print(json.dumps({"files": sorted(p.name for p in folder.iterdir())}))
    else:
        columns = {"text": "text", "label": "label"}
        about = Data(repo=repo, revision=revision, splits={"train": "train"}, columns=columns)
        found = tables.from_hub(about, "train")
        print(json.dumps({"rows": [row for _, row in found.read()], "labels": found.labels}))
except ZooError as error:
    print(json.dumps({"error": str(error)}))
"""

FETCH = """
import sys
from pathlib import Path
from tests.support.step import make_step
from zoosmith.sources import fetch

fetch.LARGE = 100
base = {"repo": "org/tiny", "revision": sys.argv[1]}
step = make_step(Path(sys.argv[2]), {}, {"base": base, "name": "toy/model"})
fetch.run(step)
print(step.store.add_tree(step.out))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    model = tmp_path / "hub" / "models" / "org" / "tiny"
    data = tmp_path / "hub" / "datasets" / "org" / "rows"
    for folder in (model, data):
        folder.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_text("weights")
    (model / "pytorch_model.bin").write_text("a pickle")
    (model / "original").mkdir()
    (model / "original" / "consolidated.00.pth").write_text("a pickle")
    (model / "onnx").mkdir()
    for name in ("model.onnx", "model.onnx_data", "other.onnx.data"):
        (model / "onnx" / name).write_text("a graph, and what may lie beside it")
    (data / "train.csv").write_text("text,label\ngood,1\nbad,0\n")
    with serving(tmp_path / "hub") as server:
        yield server


def ask(hub: Hub, tmp_path: Path, *what: object, **environment: str) -> dict[str, object]:
    """Call our code in a process whose hub is the loopback one."""
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", CALL, json.dumps(what)],
        cwd=tmp_path, env=os.environ | settings | environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_a_model_at_its_commit_without_pickles(hub: Hub, tmp_path: Path) -> None:
    found = ask(hub, tmp_path, "model", "org/tiny", hub.commit("models", "org/tiny"), [])
    assert found == {"files": ["config.json", "model.safetensors"]}


def test_listed_files_come_from_the_cache_without_asking_again(hub: Hub, tmp_path: Path) -> None:
    arguments = ("model", "org/tiny", hub.commit("models", "org/tiny"), ["config.json"])
    assert ask(hub, tmp_path, *arguments) == {"files": ["config.json"]}
    hub.asked.clear()
    assert ask(hub, tmp_path, *arguments) == {"files": ["config.json"]}
    assert [line for line in hub.asked if "org/tiny" in line] == []


def test_a_cache_that_lacks_a_listed_file_asks_the_hub(hub: Hub, tmp_path: Path) -> None:
    commit = hub.commit("models", "org/tiny")
    ask(hub, tmp_path, "model", "org/tiny", commit, ["config.json"])
    found = ask(hub, tmp_path, "model", "org/tiny", commit, ["config.json", "model.safetensors"])
    assert found == {"files": ["config.json", "model.safetensors"]}


def test_offline_uses_the_cache_and_says_when_it_has_nothing(hub: Hub, tmp_path: Path) -> None:
    commit = hub.commit("models", "org/tiny")
    missing = ask(hub, tmp_path, "model", "org/tiny", commit, [], HF_HUB_OFFLINE="1")
    assert "is not in the cache, and HF_HUB_OFFLINE is set" in str(missing["error"])
    ask(hub, tmp_path, "model", "org/tiny", commit, [])
    assert ask(hub, tmp_path, "model", "org/tiny", commit, [], HF_HUB_OFFLINE="1")["files"]


@pytest.mark.parametrize(
    ("repo", "revision", "said"),
    [("org/none", "a" * 40, "does not exist, or needs HF_TOKEN"), ("org/tiny", "0" * 40, "has no commit 000")],
)
def test_what_is_not_there_is_told_with_the_next_step(
    hub: Hub, tmp_path: Path, repo: str, revision: str, said: str
) -> None:
    assert said in str(ask(hub, tmp_path, "model", repo, revision, [])["error"])


def test_a_gated_repo_gives_the_page_and_the_token(hub: Hub, tmp_path: Path) -> None:
    commit = hub.commit("models", "org/tiny")
    hub.gated.add("org/tiny")
    said = str(ask(hub, tmp_path, "model", "org/tiny", commit, [])["error"])
    assert f"accept its terms at {hub.url}/org/tiny" in said
    assert "HF_TOKEN" in said


def test_a_download_that_was_cut_off_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    """In the same process where the line comes back, in the next one where it does not."""
    weights = hub.root / "models" / "org" / "tiny" / "model.safetensors"
    weights.write_bytes(bytes(range(256)) * (24 << 12))
    commit, resolve = hub.commit("models", "org/tiny"), "GET /org/tiny/resolve/.*safetensors"
    hub.faults += [Fault(resolve, "cut", times=2), Fault(resolve, 404)]
    lost = ask(hub, tmp_path, "model", "org/tiny", commit, [])
    assert "answered 404" in str(lost["error"])
    assert list((tmp_path / "home" / "hub").glob("models--org--tiny/blobs/*")) == []
    assert ask(hub, tmp_path, "model", "org/tiny", commit, [])["files"] == ["config.json", "model.safetensors"]
    starts = ["", *(f"bytes={start << 20}-" for start in (12, 18))]
    assert [wanted for path, wanted in hub.ranges if path == "model.safetensors"] == starts
    blobs = {blob.name: blob for blob in (tmp_path / "home" / "hub" / "models--org--tiny" / "blobs").iterdir()}
    assert blobs[hub.sha256(weights)].read_bytes() == weights.read_bytes()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_fetched_base_lies_once_in_cache_and_store(hub: Hub, tmp_path: Path) -> None:
    """The same file of the disk under both names; another fetch of it in another zoo adds a name, no bytes."""
    weights = hub.root / "models" / "org" / "tiny" / "model.safetensors"
    weights.write_bytes(b"w" * 200)
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home")}
    settings["PYTHONPATH"] = str(ROOT)
    for zoo in ("one", "other"):
        command = [sys.executable, "-c", FETCH, hub.commit("models", "org/tiny"), str(tmp_path / zoo)]
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    named = [file for file in tmp_path.rglob("*") if file.is_file() and not file.is_symlink()]
    copies = {file.stat().st_ino for file in named if file.stat().st_size == 200 and hub.root not in file.parents}
    assert len(copies) == 1
    assert sum(file.stat().st_ino in copies for file in named) == 3, "the cache's blob and two stores' files"


def test_bytes_that_are_not_the_hubs_never_enter_the_cache(hub: Hub, tmp_path: Path) -> None:
    weights = hub.root / "models" / "org" / "tiny" / "model.safetensors"
    weights.write_bytes(bytes(range(256)) * (11 << 12))
    hub.faults.append(Fault("GET /org/tiny/resolve/.*safetensors", "wrong"))
    refused = ask(hub, tmp_path, "model", "org/tiny", hub.commit("models", "org/tiny"), [])
    assert "SHA-256 differs" in str(refused["error"])
    assert list((tmp_path / "home" / "hub").glob("models--org--tiny/blobs/*")) == []


def test_no_network_is_told_at_once(tmp_path: Path, hub: Hub) -> None:
    hub.server.server_close()
    found = ask(hub, tmp_path, "model", "org/tiny", "a" * 40, ["config.json"])
    assert "cannot be reached" in str(found["error"])


def test_a_data_set_at_its_commit(hub: Hub, tmp_path: Path) -> None:
    found = ask(hub, tmp_path, "data", "org/rows", hub.commit("datasets", "org/rows"), [])
    assert found["rows"] == [{"text": "good", "label": 1}, {"text": "bad", "label": 0}]


def test_a_data_set_that_is_not_there(hub: Hub, tmp_path: Path) -> None:
    assert "org/none" in str(ask(hub, tmp_path, "data", "org/none", "a" * 40, [])["error"])


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_repo_of_large_files_gives_the_page_too(hub: Hub, tmp_path: Path, status: int) -> None:
    """The hub tells everybody which files it has, and refuses them one by one: 401 without a token, 403 with one."""
    weights = hub.root / "models" / "org" / "tiny" / "model.safetensors"
    weights.write_bytes(bytes(11 << 20))
    code = (("X-Error-Code", "GatedRepo"),)
    hub.faults.append(Fault("(HEAD|GET) /org/tiny/resolve/.*safetensors", status, times=99, headers=code))
    said = str(ask(hub, tmp_path, "model", "org/tiny", hub.commit("models", "org/tiny"), [])["error"])
    assert f"accept its terms at {hub.url}/org/tiny" in said
    assert "HF_TOKEN" in said


@pytest.mark.parametrize(
    ("status", "wanted"), [(401, "set HF_TOKEN to one of an account"), (403, "ask for access at {hub}/org/tiny")]
)
def test_large_files_that_a_token_may_not_read_say_what_to_do(
    hub: Hub, tmp_path: Path, status: int, wanted: str
) -> None:
    weights = hub.root / "models" / "org" / "tiny" / "model.safetensors"
    weights.write_bytes(bytes(11 << 20))
    hub.faults.append(Fault("(HEAD|GET) /org/tiny/resolve/.*safetensors", status, times=99))
    said = str(ask(hub, tmp_path, "model", "org/tiny", hub.commit("models", "org/tiny"), [])["error"])
    assert wanted.format(hub=hub.url) in said


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """An endpoint where nothing listens, without proxies."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return endpoint


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_behind_a_proxy_the_hub_is_not_probed_directly(nobody: str, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://proxy.example:3128")
    hf.require_answer("org/tiny")


@pytest.mark.parametrize(
    "settings", [{}, {"https_proxy": "http://p:1"}, {"http_proxy": "http://p:1", "no_proxy": "127.0.0.1"}]
)
def test_where_no_proxy_is_for_this_hub_it_is_probed(
    nobody: str, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ZooError, match=f"{nobody} cannot be reached"):
        hf.require_answer("org/tiny")


@pytest.mark.parametrize(
    "endpoint", ["hub.example.org", "localhost:8080", "//hub.example.org", "ftp://hub.example.org"]
)
def test_an_endpoint_that_is_no_url_is_named_with_the_right_form(hub: Hub, tmp_path: Path, endpoint: str) -> None:
    said = str(ask(hub, tmp_path, "model", "org/tiny", "a" * 40, [], HF_ENDPOINT=endpoint)["error"])
    assert f"HF_ENDPOINT is {endpoint!r}" in said
    assert "expected https://HOST" in said


def test_a_signed_url_in_an_error_of_the_library_is_told_without_its_signature() -> None:
    error = ValueError("Server error '503' for url 'https://cdn.example/a/b?Signature=canary&Key=canary' (try again?)")
    said = hf.explain("org/tiny", "a" * 40, error)
    assert "ValueError: Server error '503' for url 'https://cdn.example/a/b' (try again?)" in said
    assert "canary" not in said
