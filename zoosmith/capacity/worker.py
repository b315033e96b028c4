"""A process that holds one artifact open and answers queries, each as a number on a line of its standard input.

The first line says in JSON what to open. It leaves as soon as its standard input closes, whatever it works at.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from zoosmith.contract.errors import ZooError


def main() -> None:
    """Open, answer each input once, say so; then answer what is asked."""
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print goes to the log
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True, name="questions").start()
    try:
        ask = opened(**json.loads(lines.get()))
        ask(0)
        _say(out, {"memory_mb": _resident_mb()})
        while True:
            ask(int(lines.get()))
            os.write(out, b"{}\n")
    except Exception as error:  # told to the parent, which ends the load with it
        _say(out, {"error": str(error) if isinstance(error, ZooError) else f"{type(error).__name__}: {error}"})
    os._exit(1)


def opened(
    folder: str, project: str, threads: int, inputs: list[Any], tokens: int, needs: dict[str, str], device: str
) -> Callable[[int], object]:
    """A function that answers input i, counted round and round: a whole answer of the task.

    tokens: how many a language model writes, the end token being one like any other; needs: folders by role.
    """
    from zoosmith.predictor import open_artifact

    roles = {role: Path(path) for role, path in needs.items()}
    predictor = open_artifact(Path(folder), project=Path(project), threads=threads, device=device, needs=roles)
    if writes(predictor.scoring):
        return _writing(predictor.session, inputs, tokens)
    return lambda i: predictor.predict([inputs[i % len(inputs)]])


def writes(scoring: Any) -> bool:
    """Whether an answer of the task is text that a model writes, token by token."""
    return getattr(scoring, "LATENCY_OF", "call") == "token"


def _writing(session: Any, inputs: list[Any], tokens: int) -> Callable[[int], object]:
    """Read the prompt, then write `tokens` tokens greedily, whatever they are: each answer is as much work."""
    decoder = session.decoder()

    def ask(i: int) -> object:
        decoder.reset()
        decoder.prompt(session.tokenize(str(inputs[i % len(inputs)])))
        return session.detokenize([decoder.step() for _ in range(tokens)])

    return ask


def _read(lines: SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)


def _say(out: int, told: dict[str, Any]) -> None:
    os.write(out, json.dumps(told).encode() + b"\n")


def _resident_mb() -> int:
    """VmRSS of this process in MiB. Source: proc_pid_status(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    main()
