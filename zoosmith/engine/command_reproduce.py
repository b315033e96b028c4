"""The command `doit reproduce`."""

from __future__ import annotations

from typing import Any

from zoosmith.engine.commands import ZooCommand, chosen
from zoosmith.engine.graph import Workshop


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

    def look(self, shop: Workshop, params: Any, names: list[str]) -> int:
        """Exit code 1 where a claim does not hold."""
        from zoosmith.engine.reproduce import reproduce, text

        holds = True
        for ref in chosen(shop, names):
            found = reproduce(shop, ref, params["suite"] or None, params["registry"] or None)
            print(text(found))
            holds = holds and found.holds
        return 0 if holds else 1
