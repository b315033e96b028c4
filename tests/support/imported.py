"""What a nursery imports in tests: heavy, it is to be hoped once. Each import adds a line to `imports` of the zoo."""

from __future__ import annotations

import os
from pathlib import Path

with Path("imports").open("a") as imports:
    imports.write(f"{os.getpid()}\n")
