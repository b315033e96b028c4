"""What is published is what is pulled: folder, web server and hub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.hub import serving
from zoosmith.store.files import payload

NAME = "family0-a0"


def zoosmith(cwd: Path, *arguments: str, **environment: str) -> str:
    """Standard output of a command that succeeds."""
    done = subprocess.run(
        [sys.executable, "-m", "zoosmith.app.cli.main", *arguments], cwd=cwd, env=os.environ | environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.as_posix(): (folder / path).read_bytes() for path in payload(folder) if path.name[0] != "."}


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """`python -m http.server` over a folder, on a port that is free."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().rpartition("(")[2].strip(") .\n")
        finally:
            server.terminate()


def test_a_published_folder_is_a_registry_as_files_and_on_the_web(zoo: Path, tmp_path: Path) -> None:
    zoosmith(zoo, "push", NAME, "--to", f"file://{tmp_path / 'out'}")
    original = contents(zoo / "artifacts" / NAME)
    with web_server(tmp_path / "out") as url:
        for place, registry in (("a", str(tmp_path / "out")), ("b", url)):
            (tmp_path / place).mkdir()
            settings = {"XDG_CACHE_HOME": str(tmp_path / place / "cache"), "HOME": str(tmp_path / place)}
            assert f"{NAME}@1" in zoosmith(tmp_path / place, "pull", NAME, "--registry", registry, **settings)
            pulled = contents(tmp_path / place / NAME)
            assert {path: data for path, data in pulled.items() if path in original} == original
            answer = zoosmith(tmp_path / place, "run", str(tmp_path / place / NAME), "a lovely film",
                              ZOOSMITH_PROJECT=str(zoo))  # fmt: skip
            assert answer.startswith("positive\t")


def test_a_version_on_a_hub_is_pulled_by_the_zoos_own_registry(zoo: Path, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    with serving(tmp_path / "hub") as hub:
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HOME": str(tmp_path / "away"),
                    "XDG_CACHE_HOME": str(tmp_path / "cache")}  # fmt: skip
        zoosmith(zoo, "push", NAME, "--to", "hf://org", **settings)
        registry = tmp_path / "registry"
        registry.mkdir()
        shutil.copyfile(zoo / "registry.json", registry / "registry.json")
        zoosmith(tmp_path / "away", "pull", NAME, "--registry", str(registry), **settings)
    original = contents(zoo / "artifacts" / NAME)
    pulled = contents(tmp_path / "away" / NAME)
    assert {path: data for path, data in pulled.items() if path in original} == original
