"""What `zoosmith` can do: one module a command; the file name is the command.

Each has a docstring whose first line is its help, `arguments(parser)` and `main(given)`; where the name of an option
depends on what there is to choose from, also `more(given, rest)` for the words that argparse does not know. Nothing
heavy is imported at the top of any.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType


def all_commands() -> dict[str, ModuleType]:
    """Modules by name, sorted."""
    names = sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py"))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
