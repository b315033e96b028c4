"""An import that takes a minute, and says in the zoo's folder that it has begun."""

from __future__ import annotations

import time
from pathlib import Path

Path("importing").touch()
time.sleep(60)
