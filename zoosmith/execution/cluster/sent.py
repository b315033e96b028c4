"""An action on its way to another machine, as plain values."""

from __future__ import annotations

from typing import Any

from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action


def packed(action: Action) -> dict[str, Any]:
    """Plain values, which another machine makes the same action of."""
    return {
        "name": action.name, "title": action.title, "entry": action.entry, "inputs": action.inputs, "run": action.run,
        "resources": list(action.resources), "timeout_s": action.timeout_s, "environment": list(action.environment),
        "imports": list(action.imports), "exclusive": action.exclusive, "host": action.host,
        "made_for": action.made_for,
    }  # fmt: skip


def unpacked(sent: dict[str, Any]) -> Action:
    """The action that was packed."""
    tuples = {"environment": tuple(sent["environment"]), "imports": tuple(sent["imports"])}
    return Action(**sent | tuples | {"resources": Resources(*sent["resources"])})
