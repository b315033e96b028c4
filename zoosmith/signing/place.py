"""Where the user's trust is kept; to look whether there is any takes no more than this."""

from __future__ import annotations

import os
from pathlib import Path


def trust_file() -> Path:
    """Where the user's trust is kept."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "zoosmith" / "trust.json"
