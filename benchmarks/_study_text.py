"""What the parts of studies.md share: paragraphs, and the records of benchmarks."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.common.text import WIDTH


def wrapped(text: str) -> str:
    """A paragraph in lines of the page's width, whatever lines it came in."""
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def versions(packages: Mapping[str, str]) -> str:
    """Packages and their versions in words."""
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def recorded(file: Path) -> dict[str, Any] | None:
    """What a benchmark wrote to `file`, None where it has not run."""
    if not file.is_file():
        return None
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told
