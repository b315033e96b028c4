"""A clean process that opens an artifact and answers from plain inputs; see `zoosmith.build.loadback`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from zoosmith.execution import watchdog as watchdog
from zoosmith.execution.failure import failure


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Write the responses to the request's inputs below its folder `out`; reply with the artifact's labels.

    Arrays go through files: a language model's are as wide as its vocabulary.
    """
    from zoosmith.execution.arrays import write_arrays
    from zoosmith.predictor import answers_on, open_artifact

    needs = {role: Path(folder) for role, folder in request["needs"].items()}
    folder, project = Path(request["folder"]), Path(request["project"])
    device = request["device"] if answers_on(folder, request["device"], project) else "cpu"
    opened = open_artifact(folder, project=project, threads=request["threads"], device=device, needs=needs)
    for i, value in enumerate(request["inputs"]):
        response = opened.scoring.respond(opened.session, opened.task, opened.task.unlabelled(value))
        write_arrays(Path(request["out"]) / f"{i}.npz", response)
    return {"labels": list(opened.labels)}


def reply(request: bytes, to: int) -> None:
    """Write the JSON reply to a JSON request to the descriptor `to`."""
    os.dup2(2, 1)  # what libraries print goes to the log
    try:
        found = answer(json.loads(request))
    except Exception as error:  # told to the parent, which fails the build with it
        found = {"error": failure(error)}
    with os.fdopen(to, "w") as out:
        json.dump(found, out)
    sys.stderr.flush()


def main() -> None:
    """One JSON request on standard input, one JSON reply on what was standard output."""
    request = watchdog.first_line(0)
    watchdog.watch(0)
    reply(request, os.dup(1))
    os._exit(0)


if __name__ == "__main__":
    main()
