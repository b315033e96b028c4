"""An action arrives as it was sent, by way of plain JSON."""

import json

from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.sent import packed, unpacked


def test_it_arrives_as_it_was_sent() -> None:
    action = Action(
        "f/x",
        "build f-x",
        "m:f",
        {"seed": 1},
        {"device": "cpu"},
        Resources(2, 300, 40),
        60.0,
        ("a==1",),
        ("torch",),
        True,
        host="epyc-2c",
        made_for="small",
    )
    arrived = unpacked(json.loads(json.dumps(packed(action))))
    assert arrived == action
    assert arrived.key == action.key
