"""Find how many queries a second an artifact sustains on this host under a limit of latency, and what machines cost.

One query is one whole answer of the task. Worker processes hold the artifact open; callers in a closed loop, then
Poisson arrivals at one rate after another, load them. Exit code 1 where even one caller at a time misses the limit.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.app.cli.commands._numbers import counted, positive, threads

if TYPE_CHECKING:
    from zoosmith.capacity.measure import Asked, Found
    from zoosmith.capacity.report import Report

TOKENS = 16
MINUTES = 2.0
INTERRUPTED = 130


def arguments(parser: argparse.ArgumentParser) -> None:
    """The artifact, what is wanted of it, and how it is measured."""
    parser.add_argument("name", help="artifact that was built or pulled, or a folder with a manifest.json")
    parser.add_argument("--qps", type=positive, required=True, metavar="X", help="queries a second to answer")
    parser.add_argument("--p95-ms", type=positive, required=True, metavar="MS", help="within which 95 %% are answered")
    parser.add_argument("--machines", type=Path, metavar="FILE", help="your machines and prices, YAML or CSV")
    parser.add_argument("--workers", type=counted, metavar="N", help="worker processes (default: what is best here)")
    parser.add_argument("--threads", type=threads, metavar="N", help="threads of each (default: what is best here)")
    parser.add_argument(
        "--minutes",
        type=positive,
        default=MINUTES,
        metavar="X",
        help=f"about how long it may take (default: {MINUTES:g})",
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="JSON lines to ask (default: the task's probes)")
    parser.add_argument(
        "--tokens",
        type=counted,
        metavar="N",
        help=f"tokens that a language model writes in each answer, whatever they are (default: {TOKENS})",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of arrivals and inputs (default: 0)")
    parser.add_argument("--json", action="store_true", help="one JSON object with every trial")


def more(given: argparse.Namespace, rest: Sequence[str]) -> None:
    """Raise ZooError for words that are no option, with the nearest that is one."""
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    ours = ("main", "more", "command", "name", "names")
    known = [f"--{name.replace('_', '-')}" for name in vars(given) if name not in ours]
    option = rest[0].partition("=")[0]
    raise ZooError(f"{option!r} is no option of {given.command}{nearest(option, known)}")


def main(given: argparse.Namespace) -> None:
    """Measure, and print the answer. Raises ZooError; leaves with 130 on Ctrl-C, its workers ended."""
    from zoosmith.common.text import show_error, show_json, show_lines

    try:
        report = measured(given)
    except KeyboardInterrupt:
        show_error("zoosmith", "interrupted; the workers are ended, nothing was kept")
        raise SystemExit(INTERRUPTED) from None
    if given.json:
        from zoosmith.capacity.report import as_json

        show_json(as_json(report))
    else:
        show_lines("\n".join(lines(report)))


def measured(given: argparse.Namespace) -> Report:
    """What is told. Everything that can be wrong with the files and options is found before anything is measured."""
    import os

    from zoosmith.bench.host import device, this_host
    from zoosmith.capacity import inputs, layouts, machines
    from zoosmith.capacity.measure import Asked
    from zoosmith.capacity.report import Report
    from zoosmith.contract.errors import ZooError
    from zoosmith.predictor import folder_of, needed
    from zoosmith.project import find_project

    folder, project, host, cpus = folder_of(given.name), find_project(), this_host(), sorted(os.sched_getaffinity(0))
    if given.machines is None:
        raise ZooError(f"--machines FILE is missing. {machines.example(host)}")
    prices = machines.read_machines(given.machines, host)
    task = inputs.task_of(folder, project)
    asked = inputs.inputs_of(task, given.data)
    tokens = inputs.tokens_of(task, given.tokens, TOKENS, project)
    opening = {
        "folder": str(folder),
        "project": str(project),
        "inputs": asked,
        "tokens": tokens or 0,
        "device": device(),
        "needs": {role: str(path) for role, path in needed(folder, project).items()},
    }
    plan = Asked(
        layouts.candidates(len(cpus), given.workers, given.threads), given.p95_ms, 60.0 * given.minutes, given.seed
    )
    found = loaded(given.name, opening, plan, cpus)
    rate = found.sustained.rate
    return Report(
        name=folder.resolve().name,
        host=host,
        found=found,
        limit_ms=given.p95_ms,
        qps=given.qps,
        inputs=f"{len(asked)} {f'rows of {given.data.name}' if given.data else f'probes of {task.spec.kind}'}",
        tokens=tokens,
        seed=given.seed,
        machines=prices,
        needed=tuple(machines.needed(one, prices, given.qps, rate, host) for one in prices.machines),
    )


def loaded(name: str, opening: dict[str, Any], plan: Asked, cpus: list[int]) -> Found:
    """What was measured; where the artifact does not answer, its files are looked at first. Raises ZooError."""
    from zoosmith.capacity.measure import measure
    from zoosmith.capacity.processes import Unanswered
    from zoosmith.publish.damage import looked_for

    try:
        return measure(opening, plan, cpus, progress)
    except Unanswered:
        with looked_for(name):
            raise


def progress(text: str) -> None:
    """A line on standard error."""
    import sys

    from zoosmith.common.text import show

    show(text, to=sys.stderr)
    sys.stderr.flush()


def lines(report: Report) -> list[str]:
    """The answer on the first line, then machines, then how it was measured, then every trial."""
    from zoosmith.capacity.report import headline, load_rows, machine_rows, remarks
    from zoosmith.common.text import aligned, bullet, inline

    told = [inline(headline(report)), aligned(machine_rows(report.needed), cell=None)]
    return [*told, *map(bullet, remarks(report)), aligned(load_rows(report.found), cell=None)]
