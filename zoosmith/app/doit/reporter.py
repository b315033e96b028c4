"""What doit says: little while all goes well, then where things are; the message and the next step where one fails."""

from __future__ import annotations

from typing import Any

from doit.reporter import ConsoleReporter

from zoosmith.app.doit.opened import OPENED
from zoosmith.app.doit.outputs import whereabouts
from zoosmith.app.doit.placed import bare
from zoosmith.common.safe import printable
from zoosmith.common.text import hushed

RECORDING = ("build", "bench")  # tasks that end with a card


class Reporter(ConsoleReporter):  # type: ignore[misc]  # doit ships no types
    """Failures as plain messages; up-to-date artifacts that were asked for by name are confirmed."""

    desc = "zoosmith's own"

    def initialize(self, tasks: dict[str, Any], selected_tasks: list[str]) -> None:
        """Remember what the user asked for."""
        wanted = set(selected_tasks)
        self.asked = wanted | {name for name, one in tasks.items() if one.subtask_of in wanted}
        self.built: list[str] = []

    def execute_task(self, task: Any) -> None:
        """The display shows running steps."""

    def add_success(self, task: Any) -> None:
        """Remember the artifacts that were asked for and are recorded now."""
        super().add_success(task)
        kind, _, name = task.name.partition(":")
        if task.name in self.asked and name and kind in RECORDING:
            self.built.append(bare(name))

    def skip_uptodate(self, task: Any) -> None:
        """Confirm only what was asked for."""
        if task.name in self.asked and task.actions and not hushed():
            self.write(f"{task.name} is up to date\n")

    def _write_failure(self, result: dict[str, Any], write_exception: bool = True) -> None:
        """The message of the failure, once, under the task's name."""
        message = printable(result["exception"].get_msg().strip())
        self.write(f"\nFAILED {result['task'].name}\n{message}\n")

    def complete_run(self) -> None:
        """Say where it all is, and how much failed."""
        if self.built and not hushed():
            self.write("".join(f"{line}\n" for line in whereabouts(OPENED["workspace"], self.built)))
        if self.failures:
            self.write(
                f"\n{len(self.failures)} failed. What is finished is kept; the same command goes on from there.\n"
            )
        for message in self.runtime_errors:
            self.write(f"{message}\n")
