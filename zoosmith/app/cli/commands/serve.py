"""Serve artifacts over HTTP: the Open Inference Protocol v2, OpenAI's API, and a plain POST /predict.

Classifiers answer at /predict and /v2/models/NAME/infer, language models at /v1/completions and /v1/chat/completions.
/v2/health/live, /v2/health/ready and /metrics tell how it is. SIGTERM and Ctrl-C answer what was accepted first.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.app.cli.commands._numbers import counted, positive, threads
from zoosmith.app.cli.commands._registry import registry_argument
from zoosmith.app.cli.commands.capacity import more as of_options

if TYPE_CHECKING:
    from zoosmith.serve.start import Settings

NEEDS = ("starlette", "uvicorn", "httptools", "prometheus_client")
MORE_THAN_ENOUGH = 65_535


def arguments(parser: argparse.ArgumentParser) -> None:
    """Artifacts, where to listen, how much is computed at once, and what is refused."""
    named = "artifact that was built or pulled, its folder, or NAME@N or NAME:ALIAS of a registry, which is followed"
    parser.add_argument("names", nargs="+", metavar="NAME", help=named)
    parser.add_argument("--port", type=port, default=8000, metavar="N", help="0 takes a free one (default: 8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this host alone)"
    )
    number: dict[str, Any] = {"type": counted, "metavar": "N"}
    few: dict[str, Any] = {"type": threads, "metavar": "N"}
    parser.add_argument("--threads", default=1, help="that one answer computes with (default: 1)", **few)
    workers = "answers of classifiers that are computed at once (default: one for each core)"
    parser.add_argument("--workers", help=workers, **few)
    parallel = "answers of a language model that are written at once, each with a cache of its own (default: 1)"
    parser.add_argument("--parallel", default=1, help=parallel, **few)
    parser.add_argument("--batch", default=8, help="inputs that a worker takes at once, at most (default: 8)", **number)
    wait = "how long a batch that is not full waits for more (default: 0, not at all)"
    parser.add_argument("--batch-ms", type=from_zero, default=0.0, metavar="MS", help=wait)
    parser.add_argument("--queue", default=256, help="inputs that wait, before 429 (default: 256)", **number)
    parser.add_argument("--max-body", default=1 << 20, help="bytes of a request (default: 1048576)", **number)
    parser.add_argument("--max-inputs", default=64, help="inputs of a request (default: 64)", **number)
    parser.add_argument("--max-chars", default=20_000, help="characters of a text (default: 20000)", **number)
    parser.add_argument("--max-tokens", default=1024, help="tokens of an answer (default: 1024)", **number)
    parser.add_argument(
        "--read-s", type=positive, default=10.0, metavar="S", help="for a request to come (default: 10)"
    )
    poll = "how often it is looked whether a name stands for another tree (default: 2)"
    parser.add_argument("--poll-s", type=positive, default=2.0, metavar="S", help=poll)
    grace = "how long accepted requests may take after SIGTERM (default: 30)"
    parser.add_argument("--grace-s", type=positive, default=30.0, metavar="S", help=grace)
    registry_argument(parser)


def port(text: str) -> int:
    """A port. Raises ArgumentTypeError, which argparse tells."""
    if not (text.isascii() and text.isdigit() and int(text) <= MORE_THAN_ENOUGH):
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {MORE_THAN_ENOUGH}, found {text!r}")
    return int(text)


def from_zero(text: str) -> float:
    """A finite number, 0 or above. Raises ArgumentTypeError, which argparse tells."""
    return 0.0 if text in ("0", "0.0") else positive(text)


def more(given: argparse.Namespace, rest: list[str]) -> None:
    """Raise ZooError for words that are no option, with the nearest that is one."""
    of_options(given, rest)


def main(given: argparse.Namespace) -> None:
    """Serve until it is stopped. Raises ZooError where the extra is missing, or an artifact cannot be opened."""
    from importlib.util import find_spec

    from zoosmith.contract.errors import ZooError

    if missing := [name for name in NEEDS if find_spec(name) is None]:
        raise ZooError(f"serving needs {', '.join(missing)}: run `pip install 'zoosmith[serve]'`")
    from zoosmith.serve.start import serve

    serve(settings(given))


def settings(given: argparse.Namespace) -> Settings:
    """What the options say."""
    import os

    from zoosmith.serve.limits import Limits
    from zoosmith.serve.start import Settings

    limits = Limits(
        body_bytes=given.max_body, inputs=given.max_inputs, characters=given.max_chars, tokens=given.max_tokens,
        waiting=given.queue, read_s=given.read_s,
    )  # fmt: skip
    cores = max(1, len(os.sched_getaffinity(0)) // given.threads)
    return Settings(
        given.names, given.host, given.port, given.threads, given.workers or cores, given.parallel, given.batch,
        given.batch_ms / 1000, given.poll_s, given.grace_s, limits, where_of(given),
    )  # fmt: skip


def where_of(given: argparse.Namespace) -> Callable[[str], Path]:
    """The folder that a name stands for now: here, or a registry's version, fetched if need be.

    That a version was yanked is said once, however often it is looked up.
    """
    said = set[str]()

    def where(wanted: str) -> Path:
        from zoosmith.app.cli.commands._progress import Progress
        from zoosmith.common.text import show_error
        from zoosmith.project import find_project
        from zoosmith.publish.local import found

        progress = Progress()
        try:
            one = found(wanted, given.registry, find_project(), progress)
        finally:
            progress.close()
        if one.warning and one.warning not in said:
            said.add(one.warning)
            show_error("zoosmith", one.warning)
        return one.folder

    return where
