"""What HTTP costs: an artifact behind `zoosmith serve` beside the same artifact in a process, on the same cores.

    python -m benchmarks.serve [--artifact minilm-sst2-onnx-int8] [--json benchmarks/results/serve.json]

Callers ask for one answer after the other, one text a request, four at once: as threads that call the predictor, and
over HTTP; both with as many workers as there are cores, of one thread each. The two sides take turns (ABBA) in blocks
of `--seconds`; the ratio of answers a second is that of neighbouring blocks, its interval over pairs of blocks. The
callers run on the same cores as what they ask. After that one request in four means harm, at no more than `--rate` a
second, for a minute and `--soak-s` more: the resident memory of the server at the end beside what it was after the
minute.

Goals: at least 0.85 of the throughput in a process; memory within 5 %; no answer but those that are due (200, and 4xx
to what means harm). Exit code 1 where one is missed. It takes two minutes and wants an idle host; for an hour of soak:
`--soak-s 3540`.
"""

from __future__ import annotations

import itertools
import math
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._report import options, report
from benchmarks._serve_load import Load, closed_loop, once, request
from zoosmith.bench.usage import Others
from zoosmith.execution.action import public_versions
from zoosmith.predictor import Predictor, folder_of, load
from zoosmith.stats.dependent import quantile
from zoosmith.stats.intervals import ratio_from_logs

CALLERS = 4
WARM_S = 1.0
GOALS = {"ratio": 0.85, "memory": 0.05}
PACKAGES = ("starlette", "uvicorn", "httptools", "uvloop", "onnxruntime")


@contextmanager
def served(artifact: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server in a process of its own, and its URL; it must end with 0 when it is told to."""
    command = [sys.executable, "-m", "zoosmith.app.cli.main", "serve", artifact, "--port", "0", "--read-s", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r" on (http://\S+);", line)
    if found is None:
        raise SystemExit(line + process.stderr.read())
    try:
        yield process, found[1]
    finally:
        process.terminate()
        if process.wait(60) != 0:
            raise SystemExit(f"the server ended with {process.returncode}: {process.stderr.read()}")


def in_process(model: Predictor, inputs: Sequence[Any], seconds: float) -> float:
    """Answers a second to four threads."""
    counts, begun = [0] * CALLERS, time.perf_counter()
    turns = itertools.count()

    def ask(caller: int) -> None:
        while time.perf_counter() - begun < seconds:
            model.predict([inputs[next(turns) % len(inputs)]])
            counts[caller] += 1

    callers = [threading.Thread(target=ask, args=(caller,)) for caller in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return sum(counts) / (time.perf_counter() - begun)


def turns(model: Predictor, url: str, inputs: Sequence[Any], given: Any) -> tuple[list[float], list[Load]]:
    """Answers a second in a process, and what came over HTTP, block by block."""
    asked = [request("/predict", {"inputs": [value]}) for value in inputs]
    in_process(model, inputs, WARM_S)
    closed_loop(url, asked, CALLERS, WARM_S)
    own: list[float] = []
    over: list[Load] = []
    for block in range(given.blocks):
        for side in ("own", "http") if block % 2 == 0 else ("http", "own"):
            if side == "own":
                own.append(in_process(model, inputs, given.seconds))
            else:
                over.append(closed_loop(url, asked, CALLERS, given.seconds))
    return own, over


def harmful(artifact: str) -> list[tuple[bytes, bool]]:
    """Requests that mean harm, and whether the caller waits for the answer."""
    infer = f"/v2/models/{artifact}/infer"
    tensor = {"name": "text", "datatype": "FP32", "shape": [1], "data": ["a"]}
    return [
        (request("/predict", b"{"), True),
        (request("/predict", b"[" * 50_000), True),
        (request("/predict", b'{"inputs": ["' + b"a" * 200_000 + b'"]}'), True),
        (request("/predict", {"inputs": [None] * 1000}), True),
        (request("/predict", {"model": "nobody", "inputs": ["a"]}), True),
        (request(infer, {"inputs": [tensor]}), True),
        (b"POST /predict HTTP/1.1\r\ncontent-length: 9999999999\r\n\r\n", True),
        (b"\x16\x03\x01" * 100, True),
        (b"GET /" + b"a" * 60_000, True),
        (b"POST /predict HTTP/1.1\r\ncontent-length: 500\r\n\r\n{", False),
        (request("/predict", {"inputs": ["who does not wait"]}), False),
    ]


def soak(process: subprocess.Popen[str], url: str, artifact: str, inputs: Sequence[Any], given: Any) -> dict[str, Any]:
    """Memory after a minute and at the end, MiB, and how many requests got which answer."""
    good, bad, draw = (
        [request("/predict", {"inputs": [value]}) for value in inputs],
        harmful(artifact),
        random.Random(0),
    )
    begun, statuses, level, asked = time.perf_counter(), {}, 0.0, 0
    ends = given.level_s + given.soak_s
    while (now := time.perf_counter() - begun) < ends:
        means_harm = draw.random() < 0.25
        data, wait = draw.choice(bad) if means_harm else (draw.choice(good), True)
        status = once(url, data, wait=wait)
        key = f"{'harm' if means_harm else 'good'} {status}"
        statuses[key] = statuses.get(key, 0) + 1
        asked += 1
        if not level and now >= given.level_s:
            level = resident_mb(process.pid)
        time.sleep(max(0.0, asked / given.rate - (time.perf_counter() - begun)))
    return {
        "level_mb": level,
        "end_mb": resident_mb(process.pid),
        "requests": asked,
        "statuses": dict(sorted(statuses.items())),
    }


def resident_mb(pid: int) -> float:
    """MiB. Source: proc_pid_status(5), VmRSS."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def worked_s(pid: int) -> float:
    """Processor seconds of this process and of another one. Source: proc_pid_stat(5), utime and stime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(os.times()[:2]) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def figures(own: Sequence[float], over: Sequence[Load], kept: dict[str, Any]) -> dict[str, Any]:
    """The ratio with its interval, percentiles, and the growth of memory as a share."""
    ratio = ratio_from_logs([math.log(two.per_second / one) for one, two in zip(own, over, strict=True)])
    took = [ms for load_ in over for ms in load_.ms]
    return {
        "in_process_per_s": round(sum(own) / len(own), 1),
        "http_per_s": round(sum(one.per_second for one in over) / len(over), 1),
        "ratio": {name: round(getattr(ratio, name), 3) for name in ("value", "low", "high")} | {"n": ratio.n},
        "ms": {name: round(quantile(took, share), 2) for name, share in (("p50", 0.5), ("p99", 0.99))}
        | {"n": len(took)},
        "not_200": sum(count for one in over for status, count in one.statuses.items() if status != 200),
        "soak": kept | {"growth": round(kept["end_mb"] / kept["level_mb"] - 1, 4)},
    }


def missed(found: dict[str, Any]) -> list[str]:
    """Goals that the figures do not reach, in words."""
    told = []
    if found["ratio"]["value"] < GOALS["ratio"]:
        told.append(f"over HTTP {found['ratio']['value']} of the throughput in a process; the goal is {GOALS['ratio']}")
    if abs(found["soak"]["growth"]) > GOALS["memory"]:
        told.append(f"memory went by {found['soak']['growth']:+.1%} after a minute; at most {GOALS['memory']:.0%}")
    wrong = [key for key in found["soak"]["statuses"] if not re.fullmatch("good 200|harm (200|4..|None)", key)]
    if found["not_200"] or wrong:
        told.append(f"answers that were not due: {found['not_200']} under load, {', '.join(wrong) or 'none'} after it")
    return told


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, blocks=6, seconds=2, rate=200, level_s=60, soak_s=20)
    parser.add_argument("--artifact", default="minilm-sst2-onnx-int8")
    given = parser.parse_args()
    folder = folder_of(given.artifact).resolve()
    model = load(folder)
    inputs = [value if len(value) > 1 else value[0] for value in map(model.task.value, model.task.probes())]
    others = Others(sorted(os.sched_getaffinity(0)))
    with served(str(folder)) as (process, url):
        before, start, worked = others.busy(), time.monotonic(), worked_s(process.pid)
        own, over = turns(model, url, inputs, given)
        others.block(before, worked_s(process.pid) - worked, time.monotonic() - start)
        kept = soak(process, url, folder.name, inputs, given)
    found = figures(own, over, kept)
    settings = {"artifact": folder.name, "callers": CALLERS, "blocks": given.blocks, "seconds": given.seconds}
    settings |= {"cores": len(os.sched_getaffinity(0)), "packages": public_versions(PACKAGES)}
    report({"settings": settings, "others_share": round(others.share, 4), **found, "goals": GOALS}, given.json)
    told = missed(found)
    print("\n".join(told), file=sys.stderr)
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
