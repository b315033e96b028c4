"""Conditions of `zoosmith canary --rollback-if`: a verdict, or a figure with a limit; several joined by `or`.

loss                        a loss is shown (with labels), or too little agreement
undecided                   what was asked decides nothing
accuracy_change<-0.01       a figure of the canary with a limit
agreement<0.95 or errors>0
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.canary import Canary

SAYS = {"loss": "hold", "undecided": "undecided"}
ALWAYS = ("n", "agreement", "errors", "p50_ms", "p95_ms", "p50_ms_ratio", "p95_ms_ratio")
LABELLED = ("accuracy", "accuracy_change", "macro_f1_change", "weighted_f1_change")
SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
FIGURE = re.compile(r"(?P<name>\w+) *(?P<sign><=|>=|<|>) *(?P<limit>[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?)", re.A)


class Condition(NamedTuple):
    """One condition as it was given, and whether it holds."""

    text: str
    holds: Callable[[Canary], bool]


def conditions(text: str, *, labelled: bool) -> list[Condition]:
    """The conditions of a text. Raises ZooError for one that is none, or that needs labels where there are none."""
    return [_one(part.strip(), labelled) for part in text.split(" or ")]


def _one(text: str, labelled: bool) -> Condition:
    if text in SAYS:
        return Condition(text, lambda found: found.says == SAYS[text])
    match = FIGURE.fullmatch(text)
    if match is None:
        word = re.match(r"\w*", text)
        hint = nearest(word[0] if word else text, (*SAYS, *ALWAYS, *LABELLED))
        raise ZooError(
            f"--rollback-if {text!r} is no condition: expected {', '.join(SAYS)}, or a figure with a limit such as "
            f"'accuracy_change<-0.01'{hint}"
        )
    name, sign, limit = match["name"], SIGNS[match["sign"]], float(match["limit"])
    if name not in (*ALWAYS, *LABELLED):
        raise ZooError(f"--rollback-if {text!r}: there is no figure {name!r}{nearest(name, (*ALWAYS, *LABELLED))}")
    if name in LABELLED and not labelled:
        raise ZooError(f"--rollback-if {text!r} needs labels, and the data has none; `--label COLUMN` names them")
    return Condition(text, lambda found: sign(found.figures[name], limit))
