"""Virtual environments for builders whose library cannot share ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from zoosmith import __version__
from zoosmith.contract import ZooError
from zoosmith.core.canonical import digest
from zoosmith.engine.locks import flock
from zoosmith.engine.store import Store
from zoosmith.plugins import CHECKOUT

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
    subprocess.run([default, "-m", "venv", str(home)], check=True)
    ours = ("-e", str(CHECKOUT)) if (CHECKOUT / "pyproject.toml").is_file() else (f"zoosmith=={__version__}",)
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *ours, *WORKER_NEEDS, *requirements]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise ZooError(f"cannot install {', '.join(requirements)} for a builder's environment:\n{tail}")
    (home / "ready").touch()
