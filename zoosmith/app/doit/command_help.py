"""The command `doit help`."""

from __future__ import annotations

from typing import Any

from doit.cmd_help import Help as DoitHelp

from zoosmith.build.explain import COMMANDS
from zoosmith.common.text import show_lines, while_read

HEAD = """\
Zoosmith builds model zoos: `doit build:NAME`, or `zoosmith build NAME`.
"""
TAIL = """\
doit list           the families with their artifacts
doit help COMMAND   options of a command, such as run, plan or gc

`zoosmith --help` has what needs no zoo. Exit codes: docs/exit-codes.md."""


class Help(DoitHelp):  # type: ignore[misc]  # doit ships no types
    """`doit help`: what can be done with a zoo; of a command or a task, doit's own help."""

    def execute(self, params: Any, args: list[str]) -> int:
        """As the base class; a reader that has seen enough is no error."""
        return while_read(lambda: int(super(Help, self).execute(params, args) or 0))

    def print_usage(self, cmds: dict[str, Any]) -> None:
        """Our commands in place of all that doit has."""
        show_lines(f"{HEAD}\n{COMMANDS}{TAIL}")
