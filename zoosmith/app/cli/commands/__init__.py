"""What `zoosmith` can do: one module a command; the file name is the command.

Each has a docstring whose first line is its help, `arguments(parser)` and `main(given)`; where the name of an option
depends on what there is to choose from, also `more(given, rest)` for the words that argparse does not know. Nothing
heavy is imported at the top of any.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

QUIET = ("-q", "--quiet")  # may stand before the command


def commands(words: Sequence[str] = ()) -> dict[str, ModuleType]:
    """Modules by name, sorted: that which the words of a command line begin with, as all take a while; else all."""
    names = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))
    first = next((word for word in words if word not in QUIET), None)
    return {name: importlib.import_module(f"{__name__}.{name}") for name in ([first] if first in names else names)}
