"""Publishing to a hub: the real huggingface_hub, in processes of its own, against a hub that fails on demand."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.hub import Fault, Hub, serving
from zoosmith.cards.links import relative
from zoosmith.publish.push_hf import explain
from zoosmith.records.layout import Pointer
from zoosmith.records.registry import Row, parse

NAME = "family0-a0"
REPO = f"org/{NAME}"
CANARY = "hf_canaryCanaryCanary0123456789"
Start = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with serving(tmp_path / "hub") as server:
        server.token = CANARY
        server.lfs_from = 100
        yield server


@pytest.fixture
def start(hub: Hub, tmp_path: Path) -> Start:
    """Begins `zoosmith push` in a zoo."""
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": CANARY}
    arguments = [sys.executable, "-m", "zoosmith.app.cli.main", "push", NAME, "--to", "hf://org"]

    def begin(zoo: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            arguments, cwd=zoo, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return begin


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and all output; no traceback, and never the token."""
    output = "".join(process.communicate(timeout=60))
    assert "Traceback" not in output
    assert CANARY not in output
    return process.returncode, output


def row(zoo: Path) -> Row:
    file = zoo / "registry.json"
    return parse(file.read_text(), str(file)).artifacts[NAME].versions["1"]


def large(zoo: Path) -> int:
    """How many files of the version the hub takes as LFS objects."""
    return sum(file.size >= 100 for file in row(zoo).files) + 3  # the pointer and two plots


def stored(hub: Hub, zoo: Path) -> int:
    """How many of the version's LFS objects the hub has taken whole."""
    return sum(hub.object(file.sha256).is_file() for file in row(zoo).files)


def commits(hub: Hub) -> int:
    """How many there are after the one that made the repository."""
    return len(hub.repo("models", REPO).commits) - 1


def complete(hub: Hub, zoo: Path) -> None:
    """One commit, tagged, with every byte of the row, and the zoo knows where."""
    repo, recorded = hub.repo("models", REPO), row(zoo)
    assert commits(hub) == 1
    files = hub.files("models", REPO, "v1")
    plots = {f"plots/{NAME}/{plot}.svg" for plot in ("pareto", "confusion-toy")}
    names = {file.path for file in recorded.files} | {".gitattributes", "README.md", "zoosmith.json"}
    assert files.keys() == names | plots
    assert {file.sha256 for file in recorded.files} <= {hashlib.sha256(data).hexdigest() for data in files.values()}
    assert all(files[plot] == (zoo / "model_cards" / plot).read_bytes() for plot in plots)
    assert {*relative(files["README.md"].decode())} == plots
    assert Pointer.model_validate_json(files["zoosmith.json"]).tree_digest == recorded.tree_digest
    assert recorded.locations == (f"hf://{REPO}@{repo.tags['v1']}",)


def test_a_push_makes_one_tagged_commit_with_card_and_pointer(hub: Hub, start: Start, zoo: Path) -> None:
    code, said = finish(start(zoo))
    assert (code, said) == (0, f"published {NAME} v1 at {row(zoo).locations[0]}\n")
    complete(hub, zoo)
    assert hub.count("PUT /lfs/") == large(zoo)
    assert hub.tokens >= {CANARY}


def test_twice_the_same_sends_nothing(hub: Hub, start: Start, zoo: Path) -> None:
    finish(start(zoo))
    hub.asked.clear()
    code, said = finish(start(zoo))
    assert (code, said) == (0, f"already published: {NAME} v1 is at {row(zoo).locations[0]}\n")
    assert [line for line in hub.asked if line.startswith(("POST", "PUT"))] == []
    complete(hub, zoo)


@pytest.mark.parametrize(
    ("where", "what", "said"),
    [
        ("POST /api/repos/create", 401, "knows no such token; set HF_TOKEN to one that may write to org"),
        ("POST .*/preupload", 404, "status 404"),
        ("PUT /lfs/", 400, "status 400); what is uploaded is kept; run the same command again"),
        ("POST .*/commit/", 403, "this token may not write to org/family0-a0"),
        ("POST .*/commit/", 412, "somebody else has published to org/family0-a0 meanwhile"),
        ("POST .*/commit/", 429, "asks to slow down; wait 7 s, then run the same command again"),
        ("POST .*/commit/", 500, "status 500"),
        ("POST .*/commit/", "lost", "run the same command again"),
        ("POST .*/tag/", 500, "status 500"),
    ],
)
def test_a_push_that_fails_says_why_and_goes_on(
    hub: Hub, start: Start, zoo: Path, where: str, what: int, said: str
) -> None:
    hub.faults.append(Fault(where, what, headers=(("Retry-After", "7"),)))
    code, output = finish(start(zoo))
    assert code == 1
    assert said in output
    assert output.count("\n") == 1
    assert row(zoo).locations == ()
    sent = hub.count("PUT /lfs/")
    code, output = finish(start(zoo))
    assert (code, output) == (0, output) and f"{NAME} v1" in output
    complete(hub, zoo)
    if "commit" in where or "tag" in where:
        assert hub.count("PUT /lfs/") == sent


@pytest.mark.parametrize(("what", "headers"), [("cut", ()), (500, ()), (429, (("Retry-After", "1"),))])
def test_a_short_trouble_of_an_upload_is_ridden_out(
    hub: Hub, start: Start, zoo: Path, what: int, headers: tuple[tuple[str, str], ...]
) -> None:
    hub.faults.append(Fault("PUT /lfs/", what, headers=headers))
    assert finish(start(zoo))[0] == 0
    complete(hub, zoo)


def test_killed_in_mid_upload_the_same_command_goes_on(hub: Hub, start: Start, zoo: Path) -> None:
    hub.faults.append(Fault("PUT /lfs/", "slow", skip=1, seconds=60))
    process = start(zoo)
    deadline = time.monotonic() + 30
    while not (hub.count("PUT /lfs/") >= 2 and stored(hub, zoo)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert commits(hub) == 0
    hub.asked.clear()
    assert finish(start(zoo))[0] == 0
    complete(hub, zoo)
    assert 0 < hub.count("PUT /lfs/") < large(zoo)


def test_two_at_once_make_one_commit_and_the_other_is_told(hub: Hub, start: Start, zoo: Path, tmp_path: Path) -> None:
    hub.create("models", REPO)
    hub.faults.append(Fault("POST .*/commit/", "slow", times=2, seconds=2.0))
    zoos = [zoo, Path(shutil.copytree(zoo, tmp_path / "copy"))]
    results = [finish(process) for process in [start(folder) for folder in zoos]]
    assert sorted(code for code, _ in results) == [0, 1]
    loser = [code for code, _ in results].index(1)
    assert "somebody else has published to org/family0-a0 meanwhile" in results[loser][1]
    assert "already published" in finish(start(zoos[loser]))[1]
    for folder in zoos:
        complete(hub, folder)


def test_a_repository_that_somebody_made_meanwhile_is_used(hub: Hub, start: Start, zoo: Path) -> None:
    hub.create("models", REPO)
    hub.faults.append(Fault("GET .*/refs", 404, headers=(("X-Error-Code", "RepoNotFound"),)))
    assert finish(start(zoo))[0] == 0
    assert hub.count("POST /api/repos/create") == 1
    complete(hub, zoo)


def test_a_version_never_changes(hub: Hub, start: Start, zoo: Path, other_zoo: Path) -> None:
    finish(start(zoo))
    code, said = finish(start(other_zoo))
    assert code == 1
    assert f"{REPO} holds another {NAME} as v1, and what is published never changes; v2 is next there" in said
    complete(hub, zoo)


def test_a_version_whose_tag_is_still_missing_never_changes(hub: Hub, start: Start, zoo: Path, other_zoo: Path) -> None:
    hub.faults.append(Fault("POST .*/tag/", 500))
    finish(start(zoo))
    code, said = finish(start(other_zoo))
    assert code == 1
    assert "never changes; v2 is next" in said
    assert finish(start(zoo))[0] == 0
    complete(hub, zoo)


def test_a_tag_that_another_push_set_first_is_taken_over(hub: Hub, start: Start, zoo: Path, tmp_path: Path) -> None:
    hub.faults.append(Fault("POST .*/tag/", "slow", seconds=3.0))
    slow = start(zoo)
    while not hub.count(f"POST /api/models/{REPO}/tag/"):
        time.sleep(0.02)
    copy = Path(shutil.copytree(zoo, tmp_path / "copy"))
    assert finish(start(copy))[0] == 0
    assert finish(slow)[0] == 0
    complete(hub, zoo)
    complete(hub, copy)


def test_a_second_version_leaves_the_first_where_it_is(hub: Hub, start: Start, zoo: Path, second_zoo: Path) -> None:
    finish(start(zoo))
    repo, first = hub.repo("models", REPO), hub.files("models", REPO, "v1")
    old = repo.commits[repo.branches["main"]]
    pointer = json.loads(first["zoosmith.json"])
    pointer["files"].append({"path": "old.json", "at": "old.json", "size": 2, "sha256": "0" * 64})
    pointer["beside"].append({"path": f"plots/{NAME}/old.svg", "size": 2, "sha256": "0" * 64})
    gone = {name: hub.keep(b"{}") for name in ("old.json", f"plots/{NAME}/old.svg")}
    gone |= {"zoosmith.json": hub.keep(json.dumps(pointer).encode())}
    hub.change(repo, "main", None, {**old, **gone, "LICENSE": hub.keep(b"the owner's own")}, [])
    assert "published family0-a0 v2" in finish(start(second_zoo))[1]
    assert hub.files("models", REPO, "v1") == first
    second = hub.files("models", REPO, "v2")
    together = f"plots/{NAME}/pareto.svg"  # its siblings were measured against the reference of before
    assert second.keys() == (first.keys() | {"LICENSE"}) - {together}
    assert second["table.json"] != first["table.json"]
    assert hub.repo("models", REPO).tags.keys() == {"v1", "v2"}


def test_an_older_version_does_not_hide_a_later_one(hub: Hub, start: Start, zoo: Path, second_zoo: Path) -> None:
    finish(start(second_zoo))
    code, said = finish(start(zoo))
    assert code == 1
    assert f"{REPO} is at v2; v1 is older, was never published there and would hide it" in said
    assert hub.files("models", REPO) == hub.files("models", REPO, "v2")


def test_a_repository_of_somebody_else_is_left_alone(hub: Hub, start: Start, zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hub" / "models" / "org" / NAME
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_text("theirs")
    code, said = finish(start(zoo))
    assert code == 1
    assert f"{REPO} holds files that zoosmith did not publish" in said
    assert hub.files("models", REPO) == {"model.safetensors": b"theirs"}


def test_no_network_is_told_at_once(hub: Hub, start: Start, zoo: Path) -> None:
    hub.server.server_close()
    code, said = finish(start(zoo))
    assert code == 1
    assert "cannot be reached" in said


def test_a_wrong_token_is_told(hub: Hub, start: Start, zoo: Path) -> None:
    hub.token = "another"
    code, said = finish(start(zoo))
    assert code == 1
    assert f"set HF_TOKEN to one that may write to org ({hub.url}/settings/tokens)" in said


def test_the_token_is_in_no_file(hub: Hub, start: Start, zoo: Path, tmp_path: Path) -> None:
    hub.faults += [Fault("POST .*/preupload", 403), Fault("PUT /lfs/", 400), Fault("POST .*/commit/", 500)]
    codes = [finish(start(zoo))[0] for _ in range(4)]
    assert codes == [1, 1, 1, 0]
    assert CANARY in hub.tokens
    files = [path for path in tmp_path.rglob("*") if path.is_file()] + list(hub.written.iterdir())
    assert len(files) > 30
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []


def test_what_the_library_says_is_shown_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", CANARY)
    said = explain(REPO, ValueError(f"bad header\n  Bearer {CANARY} in it"))
    assert "(ValueError: bad header Bearer *** in it); what is uploaded is kept; run the same command again" in said
