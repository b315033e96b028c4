"""README's section "Publish and pull", its commands run as they stand: in a shell, a new environment, over HTTP.

Only the port is another one, and `~` is a folder of the test. The wheel is made in the tree, the rest of the first
block is run in a zoo of the test.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publish.conftest import record
from tests.publish.test_round_trip import web_server
from tests.support.graphs import write_graph_zoo
from tests.test_readme import README, ROOT

NAMES = ("names-demo-onnx-int8", "names-demo-onnx-fp32")
HEAVY = ("torch", "transformers", "onnxruntime", "numpy", "datasets")


def blocks() -> list[str]:
    """The section's shell commands: publish, pull, open."""
    section = README.split("\n## Publish and pull\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, flags=re.S)


def shell(commands: str, home: Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run commands as a user does; the first one that fails ends it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZOOSMITH", "PYTHON", "XDG"))}
    about = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
    }
    return subprocess.run(
        ["bash", "-e", "-c", commands], cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
        env=kept | about | environment,
    )  # fmt: skip


def require_index(home: Path) -> None:
    """Skip where pip can get no package: without one there is no new environment to walk through."""
    asked = shell("python3 -m pip download -q --retries 0 --timeout 10 --no-deps -d probe hatchling", home, home)
    if asked.returncode:
        pytest.skip(f"no package index answers: {asked.stderr.strip().splitlines()[-1:]}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home, with a zoo that has recorded both artifacts."""
    home = tmp_path_factory.mktemp("walk")
    require_index(home)
    record(write_graph_zoo(home / "work", "names-demo", "onnx-fp32", "onnx-int8"), *NAMES)
    return home


@pytest.fixture(scope="module")
def port(home: Path) -> Iterator[str]:
    """What the first block publishes, served by its last line while the test runs; gives the port."""
    *pushes, wheel, server = blocks()[0].splitlines()
    assert server == "python3 -m http.server 8000 --bind 127.0.0.1 --directory ~/zoo"
    made = shell(wheel, home, ROOT)
    assert made.returncode == 0, made.stderr
    done = shell("\n".join(pushes), home, home / "work", PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == list(NAMES)
    with web_server(home / "zoo") as url:
        yield url.rpartition(":")[2].rstrip("/")


def test_publish_pull_and_ask_in_a_new_environment(home: Path, port: str) -> None:
    (away := home / "away").mkdir()
    first, second = (block.replace(":8000", f":{port}") for block in blocks()[1:])
    pulled = shell(first, home, away)
    said, error = pulled.stdout, pulled.stderr
    assert pulled.returncode == 1, said + error
    assert "needs onnxruntime, tokenizers, numpy: run `pip install 'zoosmith[onnx]'`" in error
    for name in NAMES:
        assert (away / name / "model.onnx").is_file()
        assert f"{name}@1 in {name} (fetched" in said
        assert f"{name}@1  onnx" in said  # search
    assert re.search(rf"{NAMES[1]}@1 in \S+ \(fetched [^,]+, [1-9]\d*\.\d [kM]B were on this machine", said)
    assert f"it is {NAMES[0]}@1 of http://127.0.0.1:{port}/" in said
    assert "sha256 " in said  # show
    found = {path.name.partition("-")[0].lower() for path in (away / "env").glob("lib/python3*/site-packages/*")}
    assert not found & {*HEAVY}
    resume = "\n".join(line for line in first.splitlines() if line.startswith((". ", "export ")))
    asked = shell(f"{resume}\n{second}python -c 'import torch' || echo no torch", home, away)
    assert asked.returncode == 0, asked.stderr
    assert re.search(r"\n(negative|positive)\t[01]\.\d{3}\nno torch\n\Z", asked.stdout)
