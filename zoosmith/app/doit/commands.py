"""doit's commands for zoos under one roof: dodo.py opens its zoo here, and an installation may look for them here."""

from zoosmith.app.doit.command_check import Check
from zoosmith.app.doit.command_gc import Gc
from zoosmith.app.doit.command_help import Help
from zoosmith.app.doit.command_list import List
from zoosmith.app.doit.command_plan import Plan, Why
from zoosmith.app.doit.command_run import Run
from zoosmith.app.doit.command_table import Table
from zoosmith.app.doit.opening import open_workspace

__all__ = ["Check", "Gc", "Help", "List", "Plan", "Run", "Table", "Why", "open_workspace"]
