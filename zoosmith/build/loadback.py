"""Load-back and parity: an artifact that loads but computes something else fails here.

Load-back: a clean process opens the finished tree from nothing but its files, starts from text, and must
reproduce the logits of the builder's in-memory model. Parity: where a technique claims to preserve its
parent's answers, the parent is opened the same way and both are compared by label name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent
from zoosmith.contract.output import Tolerance
from zoosmith.tasks import BoundTask, Example, single

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import Logits
    from zoosmith.execution.clean import CleanProcess
    from zoosmith.execution.worker import Step

ABSOLUTE = 1e-4
RELATIVE = 1e-3


def check_artifact(
    step: Step,
    task: BoundTask,
    logits: Logits,
    probes: Sequence[Example],
    tolerance: Tolerance | None,
    parent: Parent | None,
) -> None:
    """Raise BuildError unless the tree in `step.out` answers as the builder's model, and as its parent may."""
    import numpy as np

    expected = np.concatenate([logits(encoded) for encoded in single(task, probes)])
    _finite(expected, probes, "the builder's model")
    texts = [list(probe.texts) for probe in probes]
    found, labels = _asked(step, step.out, texts)
    _reproduces(expected, found, probes)
    if tolerance is not None and parent is not None and parent.manifest.task is not None:
        theirs, names = _asked(step, parent.path, texts)
        _preserves(theirs[:, _order(names, labels)], found, tolerance, step)


def _asked(step: Step, folder: Path, texts: list[list[str]]) -> tuple[NDArray[np.float32], list[str]]:
    run = step.run
    return ask(folder, step.project, run["threads"], texts, step.needs(folder), run["device"], step.clean)


def ask(
    folder: Path, project: Path, threads: int, texts: list[list[str]], needs: dict[str, str], device: str = "cpu",
    clean: CleanProcess | None = None,
) -> tuple[NDArray[np.float32], list[str]]:  # fmt: skip
    """Logits (texts, classes) and labels of the artifact in `folder`, from `clean` or a process started for it.

    The latter runs in the zoo's own environment, also where the builder had one of its own. On `device`, or on the CPU
    where the artifact's runtime knows nothing else.
    """
    import numpy as np

    request = {"folder": str(folder), "project": str(project), "threads": threads, "texts": texts, "needs": needs}
    request["device"] = device
    status, raw = clean.ask(request) if clean else _started(request)
    if status or not raw:
        raise BuildError(f"the process that opened the finished tree died (exit status {status})")
    reply = json.loads(raw)
    if "error" in reply:
        raise BuildError(f"the finished tree does not open in a clean process: {reply['error']}")
    return np.array(reply["logits"], dtype=np.float32), reply["labels"]


def _started(request: dict[str, Any]) -> tuple[int, bytes]:
    """Exit status and reply of a process started for this request."""
    process = subprocess.Popen(
        [os.environ.get("ZOOSMITH_PYTHON", sys.executable), "-m", "zoosmith.execution.answer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):  # it died at once; its empty answer tells so
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    raw = process.stdout.read()
    status = process.wait()
    with suppress(BrokenPipeError):
        process.stdin.close()
    return status, raw


def _finite(logits: NDArray[np.float32], probes: Sequence[Example], who: str) -> None:
    import numpy as np

    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        text = probes[int(bad.argmax())].texts
        raise BuildError(f"{who} gives NaN or infinite logits for {int(bad.sum())} of {len(probes)} probes, as {text}")


def _reproduces(expected: NDArray[np.float32], found: NDArray[np.float32], probes: Sequence[Example]) -> None:
    import numpy as np

    if expected.shape != found.shape:
        raise BuildError(f"load-back: {found.shape[1]} classes, where the builder's model has {expected.shape[1]}")
    _finite(found, probes, "the finished tree")
    gap = np.abs(expected - found)
    allowed = ABSOLUTE + RELATIVE * np.abs(expected)
    if (gap > allowed).any():
        row = int(gap.max(axis=1).argmax())
        raise BuildError(
            f"load-back: opened from its files and given text, the artifact computes something else than the "
            f"builder's model: logits {found[row].tolist()} instead of {expected[row].tolist()} for "
            f"{probes[row].texts}. Compare what is written with what is kept: weights, tokenizer, labels, config"
        )


def _order(names: list[str], labels: list[str]) -> list[int]:
    """Columns of the parent's logits in the artifact's label order."""
    lower = [name.casefold() for name in names]
    wanted = [label.casefold() for label in labels]
    if sorted(lower) != sorted(wanted):
        raise BuildError(f"parity: the labels are {labels}, those of the parent {names}")
    return [lower.index(label) for label in wanted]


def _preserves(theirs: NDArray[np.float32], mine: NDArray[np.float32], tolerance: Tolerance, step: Step) -> None:
    agreement = float((theirs.argmax(axis=1) == mine.argmax(axis=1)).mean())
    gap = float(abs(theirs - mine).max())
    step.note("parity", {"probes": len(mine), "agreement": agreement, "max_abs_logit_diff": gap})
    limit = tolerance.max_abs_logit_diff
    if agreement < tolerance.agreement or (limit is not None and gap > limit):
        bound = f" and max |logit difference| <= {limit:g}" if limit is not None else ""
        raise BuildError(
            f"parity: {agreement:.1%} of {len(mine)} probes get the parent's label, max |logit difference| {gap:.3g}; "
            f"this technique claims agreement >= {tolerance.agreement:.0%}{bound}. "
            "The weights, the label order or the parent are not what they should be"
        )
