"""How a benchmark tells what it found: printed, and written where it is kept."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoosmith.bench.host import this_host


def options(about: str, **defaults: int) -> argparse.ArgumentParser:
    """A parser with `--json` and an integer option for each default."""
    made = argparse.ArgumentParser(description=about.splitlines()[0])
    for name, default in defaults.items():
        made.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, help=f"default: {default}")
    made.add_argument("--json", type=Path, help="write the result here")
    return made


def report(figures: dict[str, Any], file: Path | None) -> None:
    """Print the figures as JSON; with host and date they go into `file`."""
    print(json.dumps(figures, indent=2))
    keep(figures, file)


def keep(figures: dict[str, Any], file: Path | None) -> None:
    """Write the figures, with host and date, into `file`: all of them, or those that are known so far."""
    if file:
        about = {"host": this_host().model_dump(mode="json"), "date": datetime.now(UTC).date().isoformat()}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(about | figures, indent=2) + "\n", encoding="utf-8")
