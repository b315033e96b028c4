"""doit's commands for zoos under one roof: dodo.py opens its zoo here, and an installation may look for them here.

A command is imported when it is asked for: each reads other parts of the project, and a build needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoosmith.app.doit.opening import open_workspace

if TYPE_CHECKING:
    from zoosmith.app.doit.command_check import Check
    from zoosmith.app.doit.command_gc import Gc
    from zoosmith.app.doit.command_help import Help
    from zoosmith.app.doit.command_info import Info
    from zoosmith.app.doit.command_list import List
    from zoosmith.app.doit.command_plan import Plan, Why
    from zoosmith.app.doit.command_reproduce import Reproduce
    from zoosmith.app.doit.command_run import Run
    from zoosmith.app.doit.command_table import Table

__all__ = ["Check", "Gc", "Help", "Info", "List", "Plan", "Reproduce", "Run", "Table", "Why", "open_workspace"]
MODULES = {"Why": "plan"}  # of a command whose module is called after another one


def __getattr__(name: str) -> Any:
    """The command of a name. Raises AttributeError."""
    if name not in __all__:
        raise AttributeError(name)
    module = MODULES.get(name, name.lower())
    return getattr(import_module(f"zoosmith.app.doit.command_{module}"), name)
