"""From a registry to a folder: whole, right, resumed, reused, offline; and the commands around it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import serving as serving_hub
from tests.support.published import Fault, Server, publish, serving
from zoosmith import cli
from zoosmith.contract import ZooError
from zoosmith.engine.files import payload
from zoosmith.engine.store import Store
from zoosmith.hub import folders
from zoosmith.hub.cache import Cache
from zoosmith.hub.catalog import open_catalog
from zoosmith.hub.http import Patience
from zoosmith.hub.pull import Pulled, Puller

ROOT = Path(__file__).parents[2]
BIG = random.Random(1).randbytes(3 << 20)
TOKENIZER = b'{"version": "1.0"}'
FILES = {"model.onnx": BIG, "tokenizer.json": TOKENIZER, "vocab/words.txt": b"a\nb\n", "empty.txt": b""}


def at(path: str) -> str:
    """Where a published file lies: elsewhere than in the tree."""
    return "onnx/model_quantized.onnx" if path == "model.onnx" else path


class Silent:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.bytes = 0

    def begin(self, what: str, total: int) -> None:
        self.bytes = 0

    def won(self, count: int) -> None:
        self.bytes += count

    def say(self, text: str) -> None:
        self.said.append(text)


class User:
    """Somebody with a home, a cache and a registry."""

    def __init__(self, folder: Path) -> None:
        self.registry = folder / "registry"
        self.home = folder / "home"
        self.cache = Cache(folder / "cache")
        self.progress = Silent()
        self.stores: tuple[Store, ...] = ()
        self.patience = Patience(tries=3, first_s=0.01, timeout_s=2.0)

    def pull(self, wanted: str, url: str | None = None) -> list[Pulled]:
        catalog = open_catalog(url or str(self.registry), Path("/nowhere"), self.cache, self.patience)
        return Puller(catalog, self.home, self.cache, self.progress, self.patience, self.stores).pull(wanted)

    def holds(self, name: str, files: dict[str, bytes]) -> bool:
        """Whether home/name is exactly these files beside its manifest."""
        folder = self.home / name
        found = {path.as_posix(): (folder / path).read_bytes() for path in payload(folder)}
        found.pop("manifest.json")
        return found == files and not folders.faults(folder)

    def cache_is_right(self) -> bool:
        return all(
            hashlib.sha256(file.read_bytes()).hexdigest() == file.name for file in (self.cache.root / "files").iterdir()
        )


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    return someone


def visible(folder: Path) -> list[str]:
    """Names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def asked(server: Server, end: str) -> list[str | None]:
    """The Range headers of all requests for a file."""
    return [wanted for path, wanted in server.asked if path.endswith(end)]


def test_a_pull_gives_the_tree_from_a_folder_and_from_a_web_server(user: User) -> None:
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    other = User(user.home.parent / "other")
    with serving(user.registry) as server:
        (pulled,) = other.pull("toy-a@1", server.url)
    assert other.holds("toy-a", FILES)
    assert visible(other.home) == ["toy-a"]
    assert pulled.fetched == sum(map(len, FILES.values())) + len((other.home / "toy-a/manifest.json").read_bytes())
    assert user.progress.bytes == pulled.fetched


def test_what_is_there_is_not_fetched_again(user: User) -> None:
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        count = len(server.asked)
        (again,) = user.pull("toy-a", server.url)
        assert [path for path, _ in server.asked[count:]] == ["/registry.json"]
    assert again.unchanged


def test_a_familys_tokenizer_is_fetched_once(user: User) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"other", "tokenizer.json": TOKENIZER})
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        (pulled,) = user.pull("toy-b", server.url)
        assert asked(server, "v1/tokenizer.json") == [None]
    assert pulled.reused == len(TOKENIZER)
    assert user.holds("toy-b", {"model.onnx": b"other", "tokenizer.json": TOKENIZER})


def test_the_store_of_the_zoo_is_looked_through(user: User, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging" / "m").write_bytes(BIG)
    store.add_tree(tmp_path / "staging")
    user.stores = (store,)
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        assert asked(server, "model_quantized.onnx") == []
    assert user.holds("toy-a", FILES)


def test_offline_from_the_cache(user: User) -> None:
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
    user.home = user.home.with_name("elsewhere")
    (pulled,) = user.pull("toy-a", server.url)
    assert user.holds("toy-a", FILES)
    assert pulled.fetched == 0


def test_damage_in_the_cache_is_noticed_and_mended(user: User) -> None:
    user.pull("toy-a")
    damaged = user.cache.file(hashlib.sha256(BIG).hexdigest())
    damaged.unlink()
    damaged.write_bytes(b"x" + BIG[1:])
    user.home = user.home.with_name("elsewhere")
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)
    assert user.cache_is_right()


def test_an_edited_artifact_spoils_no_later_pull(user: User) -> None:
    user.pull("toy-a")
    with (user.home / "toy-a" / "model.onnx").open("r+b") as file:
        file.write(b"edited")
    user.home = user.home.with_name("elsewhere")
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)


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
    user.patience = Patience(tries=1, timeout_s=2.0)
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
        (Fault("short", "onnx", times=9), "has 3145727 bytes there, the registry says 3145728"),
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
    ],
    ids=lambda value: value.kind + value.path if isinstance(value, Fault) else "",
)
def test_what_is_not_right_is_refused_and_nothing_appears(user: User, fault: Fault, said: str) -> None:
    user.patience = Patience(tries=3, first_s=0.01, timeout_s=0.3)
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


def change_pointer(user: User, change: Any) -> None:
    file = user.registry / "toy-a" / "v1" / "zoosmith.json"
    told = json.loads(file.read_text())
    change(told)
    file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.update(tree_digest="0" * 64), "holds another tree"),
        (lambda p: p["files"].pop(), "does not say where"),
        (lambda p: p["files"][0].update(at="../../../etc/passwd"), "is refused"),
        (lambda p: p["files"][0].update(at="/etc/passwd"), "is refused"),
        (lambda p: p["files"][0].update(at=p["files"][1]["at"]), "stands twice"),
        (lambda p: p["files"][0].update(at=7), "is damaged"),
        (lambda p: p.clear(), "is damaged"),
    ],
)
def test_a_pointer_is_not_trusted(user: User, change: Any, said: str) -> None:
    change_pointer(user, change)
    with pytest.raises(ZooError, match=said):
        user.pull("toy-a")
    assert not (user.home / "toy-a").exists()


def test_hashes_of_a_pointer_are_not_looked_at(user: User) -> None:
    change_pointer(user, lambda p: p["files"][0].update(sha256="0" * 64, size=-1))
    user.pull("toy-a")
    assert user.holds("toy-a", FILES)


def test_links_in_a_registry_folder_are_refused(user: User, tmp_path: Path) -> None:
    file = user.registry / "toy-a" / "v1" / "onnx" / "model_quantized.onnx"
    file.rename(tmp_path / "outside")
    file.symlink_to(tmp_path / "outside")
    with pytest.raises(ZooError, match="or is a link"):
        user.pull("toy-a")
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(ZooError, match="no regular file"):
        user.pull("toy-a")


def test_another_version_replaces_an_unchanged_one_and_nothing_else(user: User) -> None:
    user.pull("toy-a")
    newer = FILES | {"model.onnx": b"newer"}
    publish(user.registry, "toy-a", newer, at)
    user.pull("toy-a")
    assert user.holds("toy-a", newer)
    (user.home / "toy-a" / "notes.txt").write_text("my work")
    with pytest.raises(ZooError, match=r"no unchanged artifact; move it away, or use --into"):
        user.pull("toy-a@1")
    assert (user.home / "toy-a" / "notes.txt").read_text() == "my work"
    assert visible(user.home) == ["toy-a"]


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_a_target_that_is_no_folder_is_left_alone(user: User, tmp_path: Path, kind: str) -> None:
    user.home.mkdir()
    target, other = user.home / "toy-a", tmp_path / "other"
    if kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(other)
        if kind == "link":
            other.mkdir()
    with pytest.raises(ZooError, match="is no folder"):
        user.pull("toy-a")
    assert not other.exists() or visible(other) == []


def test_a_replacement_that_was_killed_half_way_is_undone(user: User) -> None:
    user.pull("toy-a")
    (user.home / "toy-a").rename(user.home / ".toy-a.pull-old")
    (pulled,) = user.pull("toy-a")
    assert pulled.unchanged
    assert user.holds("toy-a", FILES)


def test_a_manifest_that_lists_other_files_is_refused(user: User) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"x", "manifest.json": b'{"format": "onnx", "precision": "fp32"}'})
    with pytest.raises(ZooError, match="lists other files than the registry"):
        user.pull("toy-b")
    assert not (user.home / "toy-b").exists()


def test_needed_trees_come_along(user: User) -> None:
    base = publish(user.registry, "toy-base", {"model.safetensors": b"base"})
    needs = {"from": base.tree_digest, "teacher": "f" * 64}
    publish(user.registry, "toy-adapter", {"adapter.safetensors": b"adapter"}, needs=needs)
    pulled = user.pull("toy-adapter")
    assert [str(each.version) for each in pulled] == ["toy-adapter@1", "toy-base@1"]
    assert user.holds("toy-base", {"model.safetensors": b"base"})
    assert user.progress.said == [f"toy-adapter@1 needs teacher {'f' * 12}..., which this registry does not have"]


def test_a_full_disk_is_told_before_anything_is_fetched(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1_000_000

    monkeypatch.setattr("zoosmith.hub.pull.shutil.disk_usage", lambda path: Usage)
    with serving(user.registry) as server:
        with pytest.raises(ZooError, match=r"3 MB are to be fetched and .* has 1 MB free"):
            user.pull("toy-a", server.url)
        assert asked(server, "onnx") == []


def test_two_pulls_at_once_fetch_once(user: User) -> None:
    results: list[list[Pulled]] = []
    with serving(user.registry, Fault("slow", "onnx", seconds=0.3)) as server:
        threads = [threading.Thread(target=lambda: results.append(user.pull("toy-a", server.url))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked(server, ".onnx")) == 1
    assert len(results) == 3
    assert user.holds("toy-a", FILES)


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


def test_a_token_is_not_sent_on_to_another_origin(user: User) -> None:
    from zoosmith.hub import http

    with serving(user.registry) as other, serving(user.registry, Fault("redirect", target="/registry.json")) as first:
        first.faults.append(Fault("redirect", target=other.url + "registry.json"))
        for _ in range(2):
            http.get(first.url + "registry.json", {"Authorization": "Bearer hf_canary"}, 2.0).close()
    assert [h.get("Authorization") for h in first.headers] == ["Bearer hf_canary"] * 3
    assert [h.get("Authorization") for h in other.headers] == [None]


def zoosmith(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    told = {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / ".cache")}
    return subprocess.run(
        [sys.executable, "-m", "zoosmith.cli", *words],
        cwd=folder, env=os.environ | told | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


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
        assert pulled.stdout.startswith("toy-a@1 in toy-a (fetched 3.15 MB, 0 MB were on this machine)"), pulled.stderr
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


def test_a_manifest_names_no_python_file_to_run(user: User) -> None:
    """A runtime's id that is a path would run a file that came with the artifact."""
    files = {"model.onnx": b"x", "evil.py": b"raise SystemExit('ran')"}
    from tests.support.published import manifest

    home = user.home
    bad = manifest(files, format="../artifacts/toy-evil/evil")
    publish(user.registry, "toy-evil", files | {"manifest.json": bad})
    user.home = home / "artifacts"
    user.pull("toy-evil")
    (home / "dodo.py").touch()
    done = zoosmith(home, "run", "toy-evil", "text")
    assert done.returncode == 1
    assert "no runtime is called" in done.stderr


def test_text_of_a_registry_steers_no_terminal(user: User, tmp_path: Path) -> None:
    publish(user.registry, "toy-x", {"model.onnx": b"x"}, license="\x1b[2Jgone", task="\x07")
    shown = zoosmith(tmp_path, "show", "toy-x", "--registry", str(user.registry))
    assert shown.returncode == 0
    assert "gone" in shown.stdout
    assert "\x1b" not in shown.stdout + zoosmith(tmp_path, "search", "--registry", str(user.registry)).stdout


def test_a_killed_pull_leaves_nothing_visible_and_the_next_one_goes_on(user: User, tmp_path: Path) -> None:
    with serving(user.registry, Fault("slow", ".onnx", seconds=30)) as server:
        command = [sys.executable, "-m", "zoosmith.cli", "pull", "toy-a", "--registry", server.url]
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
