"""The command `doit reproduce`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.app.doit.command import ZooCommand, chosen
from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show_lines

if TYPE_CHECKING:
    from zoosmith.build.reproduce import Claims
    from zoosmith.records.figures import Figures


class Reproduce(ZooCommand):
    """`doit reproduce NAME`: measure again, and say which claims of the card hold."""

    doc_purpose = "measure what lies in artifacts/NAME again and say which claims of its card hold here"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        {
            "name": "suite",
            "long": "suite",
            "short": "",
            "type": str,
            "choices": (("quick", "at most half a minute"), ("full", "all examples, longer")),
            "default": "",
            "help": "which claims, and how to measure; else those that the card shows, by their suite",
        },
        {
            "name": "registry",
            "long": "registry",
            "short": "",
            "type": str,
            "default": "",
            "help": "folder or URL whose rows are the claims, instead of the zoo's own record",
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Exit code 1 where a claim does not hold."""
        from zoosmith.build.reproduce import reproduce, text

        asked = claims_of(workspace, params["registry"] or None)
        holds = True
        for ref in chosen(workspace, names):
            found = reproduce(workspace, ref, asked, params["suite"] or None)
            show_lines(text(found))
            holds = holds and found.holds
        return 0 if holds else 1


def claims_of(workspace: Workspace, registry: str | None = None) -> Claims:
    """What is claimed of an artifact: by the zoo's own record; if it says nothing, or one is named, by a registry."""
    from zoosmith.build.reproduce import recorded_claims
    from zoosmith.publish.claims import published_claims

    def ask(name: str, tree: str) -> Sequence[Figures]:
        own = recorded_claims(workspace, name) if registry is None else []
        return own or published_claims(registry, workspace.project, name, tree)

    return ask
