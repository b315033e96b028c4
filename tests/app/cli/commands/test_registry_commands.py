"""`zoosmith pull`, `search`, `show`, `verify` and `run` as a user types them."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.hub import serving as serving_hub
from tests.support.published import Fault, manifest, publish, serving
from tests.support.user import BIG, FILES, User, asked, at, zoosmith
from zoosmith.app.cli import main as cli
from zoosmith.contract.errors import ZooError
from zoosmith.publish import folders

ROOT = Path(__file__).parents[4]


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    return someone


def test_a_hub_commit_is_a_location_and_the_token_is_nowhere_to_be_seen(user: User, tmp_path: Path) -> None:
    repo = tmp_path / "hub" / "models" / "org" / "toy-a"
    repo.parent.mkdir(parents=True)
    (user.registry / "toy-a" / "v1").rename(repo)
    file = user.registry / "registry.json"
    told = json.loads(file.read_text())
    work = tmp_path / "work"
    work.mkdir()
    with serving_hub(tmp_path / "hub") as hub:
        commit = hub.commit("models", "org/toy-a")
        told["artifacts"]["toy-a"]["versions"]["1"]["locations"] = [f"hf://org/toy-a@{commit}"]
        file.write_text(json.dumps(told))
        environment = {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_canary"}
        offline = zoosmith(work, "pull", "toy-a", "--registry", str(user.registry), HF_HUB_OFFLINE="1", **environment)
        hub.gated.add("org/toy-a")
        gated = zoosmith(work, "pull", "toy-a", "--registry", str(user.registry), **environment)
        hub.gated.clear()
        done = zoosmith(work, "pull", "toy-a", "--registry", str(user.registry), **environment)
    assert "HF_HUB_OFFLINE is set" in offline.stderr
    assert "accept its terms" in gated.stderr
    assert done.returncode == 0, done.stderr
    assert (work / "toy-a" / "model.onnx").read_bytes() == BIG
    said = "".join(each.stdout + each.stderr for each in (offline, gated, done))
    assert "hf_canary" not in said
    for path in work.rglob("*"):
        assert not path.is_file() or b"hf_canary" not in path.read_bytes()


def test_the_commands_from_search_to_verify(user: User, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with serving(user.registry) as server:
        found = zoosmith(work, "search", "TOY", "--task", "text-classification", "--registry", server.url)
        assert found.stdout.startswith("toy-a@1  onnx  int8  text-classification")
        assert "nothing in" in zoosmith(work, "search", "nope", "--registry", server.url).stderr
        shown = zoosmith(work, "show", "toy-a", "--registry", server.url).stdout
        assert hashlib.sha256(BIG).hexdigest() in shown
        pulled = zoosmith(work, "pull", "toy-a", "--registry", server.url)
        assert pulled.stdout.startswith("toy-a@1 in toy-a (fetched 3.1 MB, 0.0 MB were on this machine)"), pulled.stderr
        verified = zoosmith(work, "verify", "toy-a", "--registry", server.url)
        assert "it is toy-a@1 of http://127.0.0.1" in verified.stdout
        misspelt = zoosmith(work, "pull", "toy-b", "--registry", server.url)
    assert misspelt.returncode == 1
    assert "did you mean 'toy-a'" in misspelt.stderr
    with (work / "toy-a" / "model.onnx").open("ab") as file:
        file.write(b"x")
    damaged = zoosmith(work, "verify", "toy-a")
    assert damaged.returncode == 1
    assert "model.onnx has SHA-256" in damaged.stderr
    assert "Traceback" not in damaged.stderr


def test_in_a_zoo_it_lands_below_artifacts(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = tmp_path / "zoo"
    (zoo / "notes").mkdir(parents=True)
    (zoo / "dodo.py").touch()
    monkeypatch.chdir(zoo / "notes")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cli.main(["pull", "toy-a", "--registry", str(user.registry)]) == 0
    assert (zoo / "artifacts" / "toy-a" / "model.onnx").read_bytes() == BIG
    assert cli.main(["verify", "toy-a"]) == 0


def test_verify_tells_a_changed_manifest_where_the_registry_knows_better(user: User, tmp_path: Path) -> None:
    user.pull("toy-a")
    folder = user.home / "toy-a"
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["empty.txt"]
    (folder / "empty.txt").unlink()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    done = zoosmith(user.home, "verify", "toy-a", "--registry", str(user.registry))
    assert done.returncode == 1
    assert "none of its versions" in done.stderr


def test_verify_refuses_what_leads_outside_though_every_hash_is_right(user: User) -> None:
    files = {"model.safetensors.index.json": b'{"weight_map": {"a": "../../outside.safetensors"}}'}
    folder = user.home / "toy-b"
    for path, data in (files | {"manifest.json": manifest(files, format="torch")}).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    done = zoosmith(user.home, "verify", "toy-b")
    assert done.returncode == 1
    assert "weight_map: the path '../../outside.safetensors' is refused" in done.stderr
    assert "as its manifest says" not in done.stdout


def test_a_manifest_names_no_python_file_to_run(user: User) -> None:
    """A runtime's id that is a path would run a file that came with the artifact."""
    files = {"model.onnx": b"x", "code.py": b"raise SystemExit('ran')"}
    bad = manifest(files, format="../artifacts/evil/code")
    publish(user.registry, "evil", files | {"manifest.json": bad})
    zoo = user.home
    (zoo / "runtimes").mkdir(parents=True)
    (zoo / "dodo.py").touch()
    user.home = zoo / "artifacts"
    with pytest.raises(ZooError, match=r"evil@1 holds 'code\.py', which is code: refused"):
        user.pull("evil")
    (user.home / "evil").mkdir(parents=True)
    for name, data in (files | {"manifest.json": bad}).items():  # somebody unpacked it by hand
        (user.home / "evil" / name).write_bytes(data)
    done = zoosmith(zoo, "run", "evil", "text")
    assert done.returncode == 1
    assert "cannot be the name of a runtime" in done.stderr


def test_text_of_a_registry_steers_no_terminal(user: User, tmp_path: Path) -> None:
    publish(user.registry, "toy-x", {"model.onnx": b"x"}, license="\x1b[2Jgone", task="\x07")
    shown = zoosmith(tmp_path, "show", "toy-x", "--registry", str(user.registry))
    assert shown.returncode == 0
    assert "gone" in shown.stdout
    assert "\x1b" not in shown.stdout + zoosmith(tmp_path, "search", "--registry", str(user.registry)).stdout


def test_a_killed_pull_leaves_nothing_visible_and_the_next_one_goes_on(user: User, tmp_path: Path) -> None:
    with serving(user.registry, Fault("slow", ".onnx", seconds=30)) as server:
        command = [sys.executable, "-m", "zoosmith.app.cli.main", "pull", "toy-a", "--registry", server.url]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "xdg")}
        running = subprocess.Popen(command, cwd=tmp_path, env=environment)
        part = tmp_path / ".toy-a.pull" / "parts" / hashlib.sha256(BIG).hexdigest()
        deadline = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size >= 1 << 20) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert not (tmp_path / "toy-a").exists()
        had = part.stat().st_size
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert asked(server, ".onnx")[-1] == f"bytes={had}-"
    assert folders.faults(tmp_path / "toy-a") == []


def test_verify_fails_where_the_registry_that_was_named_does_not_know_it(user: User) -> None:
    user.pull("toy-a")
    (user.home / "toy-a").rename(user.home / "toy-aa")
    publish(user.registry.parent / "other", "toy-ab", {"model.onnx": b"other"})
    other = str(user.registry.parent / "other")
    for done in (
        zoosmith(user.home, "verify", "toy-aa", "--registry", other),
        zoosmith(user.home, "verify", "toy-aa", ZOOSMITH_REGISTRY=other),
    ):
        assert done.returncode == 1
        assert "does not know toy-aa; did you mean 'toy-ab'?" in " ".join(done.stderr.split())
    assert zoosmith(user.home, "verify", "toy-aa").returncode == 0
    assert zoosmith(user.home, "verify", "toy-aa", "--registry", str(user.registry)).returncode == 0
    (user.registry.parent / "other" / "dodo.py").touch()
    inside = zoosmith(user.registry.parent / "other", "verify", str(user.home / "toy-aa"))
    assert inside.returncode == 0
    assert "does not know it" in inside.stdout
