"""Where somebody types commands: a folder, a cache, a configuration and trust of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.zoo import ROOT

COMMAND = (sys.executable, "-m", "zoosmith.app.cli.main")


class Desk:
    """Types commands, whose exit code must be the one that is expected."""

    def __init__(self, folder: Path, registry: Path | str, zoo: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, own = folder, folder / ".own"
        told = {"XDG_CACHE_HOME": str(own), "XDG_CONFIG_HOME": str(own), "ZOOSMITH_CONFIG": str(own / "config.yaml")}
        self.environment = os.environ | told | {"PYTHONPATH": str(ROOT), "ZOOSMITH_REGISTRY": str(registry)}
        self.zoo = zoo  # whose runtime opens its artifacts

    def __call__(self, line: str, code: int = 0, trusted: bool = False) -> str:
        environment = self.environment | ({"ZOOSMITH_PROJECT": str(self.zoo)} if trusted else {})
        done = subprocess.run(
            [*COMMAND, *line.split()], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=400,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr
