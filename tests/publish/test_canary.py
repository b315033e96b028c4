"""A token or a key never reaches what a build or a command leaves or prints, whatever the hub answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.carried import registry
from tests.support.hub import Fault, serving
from tests.support.keys import key_pair
from tests.support.sst2 import COMMITS, FINETUNED, SST2
from tests.support.zoo import doit, write_project

CANARY = "hf_canaryCanaryCanary0123456789"
PASSWORD = "canary of a password"


def holding(folder: Path) -> list[Path]:
    """Files below `folder` with the token in them."""
    return [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("artifact:distilbert-sst2-fp32", status) for status in (400, 401, 403, 500)]
    + [("_source:data:distilbert-sst2/sst2", status) for status in (400, 403)],  # 500 is asked again for long
)
def test_a_build_that_the_hub_refuses_tells_no_token(tmp_path: Path, status: int, wanted: str) -> None:
    project, root = write_project(tmp_path / "zoo"), tmp_path / "hub"
    for kind, repo in (("models", FINETUNED), ("datasets", SST2)):
        (root / kind / repo).mkdir(parents=True)
        (root / kind / repo / "config.json").write_text("{}")
    with serving(root, COMMITS) as hub:
        hub.faults.append(Fault(".*", status, times=1000))
        settings = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home"), "HF_TOKEN": CANARY}
        done = doit(project, wanted, HF_ENDPOINT=hub.url, **settings)
        assert CANARY in hub.tokens, "the token is sent, or this shows nothing"
    assert done.returncode != 0
    assert CANARY not in done.stdout + done.stderr
    assert list((project / "artifacts" / ".store" / "logs").iterdir())
    assert holding(project) == []


def processes() -> set[str]:
    """Command lines of all processes of this machine."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.add(file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def test_what_is_bundled_exported_and_signed_tells_neither_token_nor_key(tmp_path: Path) -> None:
    """From a hub that asks for the token, with a key that has a password; also while the commands run."""
    user = registry(tmp_path / "made")
    shutil.copytree(user.registry, tmp_path / "hub" / "models" / "org" / "zoo")
    key, _ = key_pair(tmp_path, "key", password=PASSWORD)
    secret = key.read_bytes().splitlines()[1]
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    seen: set[str] = set()
    told = ""
    with serving(tmp_path / "hub") as hub:
        settings = own | {"HF_ENDPOINT": hub.url, "HF_TOKEN": CANARY, "HF_HOME": str(tmp_path / "home"),
                          "ZOOSMITH_KEY_PASSWORD": PASSWORD, "HF_HUB_DISABLE_XET": "1"}  # fmt: skip
        for words in (
            ["bundle", "toy-a", "-o", "zoo.zoosmith", "--registry", "hf://org/zoo"],
            ["export", "toy-a", "--oci", "image", "--registry", "hf://org/zoo"],
            ["sign", "toy-a", "--key", str(key), "--registry", str(user.registry)],
            ["sign", "toy-base", "--key", str(key), "--registry", "nowhere"],
        ):
            with subprocess.Popen(
                [sys.executable, "-m", "zoosmith.app.cli.main", *words], cwd=tmp_path, text=True,
                env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as running:  # fmt: skip
                while running.poll() is None:
                    seen |= processes()
                    time.sleep(0.1)
                assert running.stdout is not None
                told += running.stdout.read()
        assert CANARY in hub.tokens, "the token is sent, or this shows nothing"
    assert "zoo.zoosmith: toy-a@1, toy-base@1" in told
    assert "is signed by key" in told
    assert any("zoosmith.app.cli.main" in line for line in seen)
    for canary in (CANARY, PASSWORD, secret.decode()):
        assert canary not in told
        assert not [line for line in seen if canary in line]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".key", ".locked")]
    assert len(left) > 20
    assert not [path for path in left if any(word.encode() in path.read_bytes() for word in (CANARY, PASSWORD))]
    assert not [path for path in left if secret in path.read_bytes()]
