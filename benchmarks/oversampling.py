"""What oversampling before the split leaks: the same rows, model and training, scored both ways side by side.

    python -m benchmarks.oversampling --encoder FOLDER [--rows 420] [--repeats 6] [--json FILE]

Unbalanced pairs of `person_names` are either repeated to equal classes and then split, so that copies of a row stand
on both sides, or split and then repeated among what is learnt from alone (`oversample: true` of a training). Each model
is scored on its validation split and on pairs that nobody has seen; what the first says more than the second is the
leak. The score is the mean recall of the classes: unlike F1 it does not depend on how often a class occurs, which
differs between the splits. Repeats draw other splits; intervals are Student's over them.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import options, report
from zoosmith.builtin import person_names
from zoosmith.contract.job import Job, Parent
from zoosmith.contract.manifest import Manifest, TaskSpec
from zoosmith.stats import classification
from zoosmith.stats.student import student_quantile
from zoosmith.tasks.text_pair_classification.encoding import bind
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.train import Hyperparameters, fit
from zoosmith.toolkit.training.training_rows import balanced

SHARES = {"no": 0.7, "yes": 0.2, "partial": 0.1}
HELD_OUT = 0.2
TRAINING = {"epochs": 4, "learning_rate": 2e-4, "head_learning_rate": 1e-3, "dropout": 0.0}
WAYS = ("before", "inside")


def unbalanced(rows: Sequence[dict[str, str]], count: int) -> list[dict[str, str]]:
    """About `count` rows whose labels have SHARES."""
    left = {label: round(count * share) for label, share in SHARES.items()}
    found = []
    for row in rows:
        if left[row["label"]] > 0:
            left[row["label"]] -= 1
            found.append(row)
    return found


def split(examples: Sequence[Any], targets: Any, seed: int, way: str) -> tuple[list[Any], list[Any]]:
    """Examples to learn from and to validate on; oversampled before the split, or inside what is learnt from."""
    pool = list(examples)
    random.Random(seed).shuffle(pool)
    if way == "before":
        pool = balanced(pool, targets(pool))
        random.Random(seed).shuffle(pool)
    cut = round(len(pool) * (1 - HELD_OUT))
    train, validation = pool[:cut], pool[cut:]
    return (train if way == "before" else balanced(train, targets(train))), validation


def mean_recall(session: TorchForward, task: Any, examples: Sequence[Any]) -> float:
    """Mean recall of the classes that occur."""
    predicted: list[int] = []
    for start in range(0, len(examples), 64):
        predicted += session.classify(task.encode(examples[start : start + 64])).argmax(axis=1).tolist()
    matrix = classification.confusion(task.targets(examples).tolist(), predicted, range(len(task.spec.labels)))
    recalls = [row[i] / sum(row) for i, row in enumerate(matrix) if sum(row)]
    return sum(recalls) / len(recalls)


def trained(task: Any, encoder: Path, train: Sequence[Any], seed: int) -> TorchForward:
    """The encoder after a training on `train`, with nothing chosen by anything."""
    with tempfile.TemporaryDirectory() as scratch:
        parent = Parent(encoder, Manifest(format="source", precision="source"), "", "encoder")
        silent: Any = lambda *_, **__: None  # noqa: E731
        job = Job(
            parents={"from": parent}, rows=lambda _: (), task=task, out=Path(scratch), scratch=Path(scratch),
            params=None, seed=seed, device="cpu", threads=1, progress=silent, fact=silent, note=silent, labels=silent,
        )  # fmt: skip
        model = checkpoint.load_model(job, encoder, new_head=True)
        fit(job, model, train, [], Hyperparameters(**TRAINING))
    return TorchForward(model)


def measured(
    task: Any, encoder: Path, rows: Sequence[Any], fresh: Sequence[Any], seed: int, way: str
) -> dict[str, float]:
    """Scores of one split, and the share of its validation rows that are learnt from too."""
    train, validation = split(rows, task.targets, seed, way)
    session, known = trained(task, encoder, train, seed), set(train)
    told, true = mean_recall(session, task, validation), mean_recall(session, task, fresh)
    copies = sum(example in known for example in validation) / len(validation)
    return {"validation": told, "fresh": true, "leak": told - true, "validation_rows_learnt": copies}


def interval(values: Sequence[float]) -> dict[str, float]:
    """Mean and its 95 % interval by Student's t."""
    mean = sum(values) / len(values)
    spread = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    half = student_quantile(0.95, len(values) - 1) * spread / len(values) ** 0.5
    return {"mean": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def main() -> None:
    """Train both ways on every split, and tell each score and the leak."""
    parser = options(__doc__ or "", rows=420, repeats=6, fresh=900)
    parser.add_argument("--encoder", type=Path, required=True, help="folder with what `minilm-names` fetches")
    asked = parser.parse_args()
    drawn = person_names.generate(person_names.Params(train=asked.rows * 4, dev=300, eval=asked.fresh))
    spec = TaskSpec(
        kind="text-pair-classification", inputs=("first", "second"), labels=person_names.LABELS, max_length=64
    )
    task = bind(spec, asked.encoder)
    named = [
        [task.example({"first": row["name1"], "second": row["name2"], "label": row["label"]}) for row in rows]
        for rows in (unbalanced(drawn["train"], asked.rows), drawn["eval"])
    ]
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for seed in range(asked.repeats):
        for way in WAYS:
            found[way].append(measured(task, asked.encoder, *named, seed, way))
            print(seed, way, found[way][-1], flush=True)
    labels = Counter(task.spec.labels[example.target] for example in named[0])
    leaks = [[one["leak"] for one in found[way]] for way in WAYS]
    figures = {
        "settings": {"rows": labels, "fresh": len(named[1]), "repeats": asked.repeats, **TRAINING},
        "ways": {way: {key: interval([one[key] for one in ones]) for key in ones[0]} for way, ones in found.items()},
        "difference_of_leaks": interval([before - inside for before, inside in zip(*leaks, strict=True)]),
    }
    report(figures, asked.json)


if __name__ == "__main__":
    main()
