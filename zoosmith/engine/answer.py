"""A clean process that opens an artifact and answers from text; see `zoosmith.engine.loadback`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from zoosmith.engine import leash
from zoosmith.engine.worker import failure


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Labels and logits (texts, classes), each text on its own."""
    from zoosmith.predictor import answers_on, open_artifact

    needs = {role: Path(folder) for role, folder in request["needs"].items()}
    folder, project = Path(request["folder"]), Path(request["project"])
    device = request["device"] if answers_on(folder, request["device"], project) else "cpu"
    predictor = open_artifact(folder, project=project, threads=request["threads"], device=device, needs=needs)
    task = predictor.task
    rows = [
        predictor.session.logits(task.encode([task.unlabelled(tuple(texts))]))[0].tolist() for texts in request["texts"]
    ]
    return {"labels": list(predictor.labels), "logits": rows}


def main() -> None:
    """One JSON request on standard input, one JSON reply on what was standard output."""
    request = json.loads(leash.first_line(0))
    leash.watch(0)
    reply_to = os.dup(1)
    os.dup2(2, 1)  # what libraries print goes to the log
    try:
        reply = answer(request)
    except Exception as error:  # told to the parent, which fails the build with it
        reply = {"error": failure(error)}
    with os.fdopen(reply_to, "w") as out:
        json.dump(reply, out)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
