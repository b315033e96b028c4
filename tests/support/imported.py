"""What a fork server imports in tests, hopefully once. Each import adds a line to `imports` of the zoo."""

from __future__ import annotations

import os
from pathlib import Path

with Path("imports").open("a") as imports:
    imports.write(f"{os.getpid()}\n")
