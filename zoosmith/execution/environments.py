"""Virtual environments for builders whose library cannot share ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from zoosmith import __version__
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.plugins import CHECKOUT
from zoosmith.store.locks import flock
from zoosmith.store.store import Store

WORKER_NEEDS = ("numpy", "tokenizers")


def python_for(requirements: tuple[str, ...], store: Store, default: str) -> str:
    """Interpreter with `requirements` installed: `default` for none, else a cached environment.

    Raises ZooError with pip's last lines when they cannot be installed.
    """
    if not requirements:
        return default
    home = store.folder("envs") / digest([default, *requirements])[:16]
    with flock(home.with_suffix(".lock")):
        if not (home / "ready").exists():
            _create(home, requirements, default)
    return str(home / "bin" / "python")


def _create(home: Path, requirements: tuple[str, ...], default: str) -> None:
    shutil.rmtree(home, ignore_errors=True)
    _watched([default, "-m", "zoosmith.execution.watchdog", "venv", str(home)])
    ours = ("-e", str(CHECKOUT)) if (CHECKOUT / "pyproject.toml").is_file() else (f"zoosmith=={__version__}",)
    python = str(home / "bin" / "python")
    pip = [default, "-m", "zoosmith.execution.watchdog", "pip", "--python", python, "install", "--quiet"]
    output = _watched([*pip, *ours, *WORKER_NEEDS, *requirements])
    if output is not None:
        raise ZooError(f"cannot install {', '.join(requirements)} for a builder's environment:\n{output}")
    (home / "ready").touch()


def _watched(command: list[str]) -> str | None:
    """Run a command that ends with this process; None, or the last lines of what it said when it failed."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,  # the terminal's Ctrl-C is ours to tell, not a failure of pip
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    output = process.stdout.read()
    status = process.wait()
    process.stdin.close()
    return "\n".join(output.strip().splitlines()[-5:]) if status else None
