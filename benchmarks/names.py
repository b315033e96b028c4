"""Whether `minilm-names` matches names: by kind, swapped, identical, and on real pairs beside measures of strings.

    python -m benchmarks.names --mirror FOLDER --json benchmarks/results/names.json

FOLDER holds data sets as the hub lays them out (datasets/OWNER/NAME/data/*.parquet); of them `vietexob/name-matching`
and `carltonnorthern/nicknames` are read, which serve to check and are no part of the project. Without --mirror only
the generated eval split is asked about. From what score on a real pair counts as yes is fitted on the real pairs'
`train`, of the measures of strings and of an artifact's score of "yes" alike; what an artifact answers without that is
told too. Goals:
macro F1 of 0.90 and no kind below 0.75; swapped names change under 2 % of answers; identical ones are "yes" in over
99.5 %; INT8 within a point on the worst kind; on real pairs better than each baseline by an interval that excludes 0.
Exit code 1 where one is missed. The artifacts must be built: `doit build:minilm-names-fp32` and so on.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._name_pairs import BASELINES, YES, Pair, nicknames, real, right, similarities, threshold
from benchmarks._report import options, report
from zoosmith.build.workspace import Workspace
from zoosmith.builtin import person_names
from zoosmith.predictor import Predictor, open_artifact
from zoosmith.recipes.graph import Ref
from zoosmith.stats import classification, f1_intervals, intervals
from zoosmith.stats.intervals import Estimate

FAMILY = "minilm-names"
REFERENCE = "fp32"
GOALS = {"macro_f1": 0.90, "worst_kind": 0.75, "swapped": 0.02, "identical": 0.995, "int8_drop": 0.01}


def answers(model: Predictor, pairs: Sequence[Sequence[str]]) -> list[str]:
    """The label of each pair."""
    return [prediction.label for prediction in model.predict([(pair[0], pair[1]) for pair in pairs])]


def of(estimate: Estimate) -> dict[str, Any]:
    """An estimate for the record."""
    return {name: round(getattr(estimate, name), 4) for name in ("value", "low", "high")} | {"n": estimate.n}


def by_kind(rows: Sequence[dict[str, str]], found: Sequence[str]) -> dict[str, Any]:
    """Accuracy of each kind, and macro F1 over all rows."""
    right = Counter(row["kind"] for row, label in zip(rows, found, strict=True) if row["label"] == label)
    count = Counter(row["kind"] for row in rows)
    kinds = {kind: of(intervals.proportion(right[kind], count[kind])) for kind in sorted(count)}
    matrix = classification.confusion([row["label"] for row in rows], found, person_names.LABELS)
    return {"macro_f1": of(f1_intervals.f1_interval(matrix)), "kinds": kinds}


def invariances(model: Predictor, rows: Sequence[dict[str, str]], found: Sequence[str], count: int) -> dict[str, Any]:
    """The share of answers that swapping changes, and of `count` names paired with themselves that are yes."""
    swapped = answers(model, [(row["name2"], row["name1"]) for row in rows])
    changed = sum(a != b for a, b in zip(found, swapped, strict=True))
    names = sorted({row[column] for row in rows for column in ("name1", "name2")})
    names = random.Random(0).sample(names, min(count, len(names)))
    same = sum(label == YES for label in answers(model, [(name, name) for name in names]))
    return {
        "swapped": of(intervals.proportion(changed, len(rows))),
        "identical": of(intervals.proportion(same, len(names))),
    }


def on_real_pairs(model: Predictor, train: Sequence[Pair], test: Sequence[Pair]) -> dict[str, Any]:
    """Accuracy of yes against not yes on `test`, and what it is above each baseline, in pairs.

    Both once with thresholds fitted on `train` and once as the artifact answers (`unfitted`).
    """
    labels, scores = answers(model, test), scores_of_yes(model, test)
    cut = threshold(scores_of_yes(model, train), train)
    fitted = right(scores, cut, test)
    unfitted = [(label == YES) == (pair.label == YES) for pair, label in zip(test, labels, strict=True)]
    found: dict[str, Any] = {"accuracy": of(intervals.proportion(sum(fitted), len(fitted))), "threshold": round(cut, 4)}
    found["unfitted"] = {"accuracy": of(intervals.proportion(sum(unfitted), len(unfitted)))}
    for name, similarity in BASELINES.items():
        cut = threshold(similarities(similarity, train), train)
        theirs = right(similarities(similarity, test), cut, test)
        accuracy = of(intervals.proportion(sum(theirs), len(theirs)))
        found[name] = {"accuracy": accuracy, "above": above(fitted, theirs)}
        found["unfitted"][name] = {"above": above(unfitted, theirs)}
    return found


def scores_of_yes(model: Predictor, pairs: Sequence[Pair]) -> list[float]:
    """The artifact's score of "yes" for each pair."""
    return [prediction.scores[YES] for prediction in model.predict([(pair.first, pair.second) for pair in pairs])]


def above(ours: Sequence[bool], theirs: Sequence[bool]) -> dict[str, Any]:
    """Our accuracy less theirs, paired."""
    joint = Counter(zip(theirs, ours, strict=True))
    return of(
        intervals.paired_proportions(joint[True, True], joint[True, False], joint[False, True], joint[False, False])
    )


def measured(
    model: Predictor, rows: Sequence[dict[str, str]], mirror: Path | None, count: int, most: int | None = None
) -> dict[str, Any]:
    """All figures of one artifact; `count` names are paired with themselves, and as many nicknames asked about.

    most: real pairs of each split that are asked about, the first; None for all.
    """
    found = answers(model, [(row["name1"], row["name2"]) for row in rows])
    figures = by_kind(rows, found) | invariances(model, rows, found, count)
    if mirror:
        figures["real"] = on_real_pairs(model, real(mirror, "train")[:most], real(mirror, "test")[:most])
        short = nicknames(mirror, count)
        figures["unlisted_nicknames"] = of(
            intervals.proportion(sum(label == YES for label in answers(model, short)), len(short))
        )
    return figures


def worst(figures: dict[str, Any]) -> tuple[float, str]:
    """The lowest accuracy of a kind, and which."""
    return min((value["value"], kind) for kind, value in figures["kinds"].items())


def missed(all_figures: dict[str, dict[str, Any]]) -> list[str]:
    """Goals that the figures do not reach, in words."""
    lowest, kind = worst(all_figures[REFERENCE])
    told = []
    for name, figures in all_figures.items():
        limits = (
            ("macro_f1", figures["macro_f1"]["value"] >= GOALS["macro_f1"], figures["macro_f1"]["value"]),
            ("worst_kind", worst(figures)[0] >= GOALS["worst_kind"], worst(figures)),
            ("swapped", figures["swapped"]["value"] < GOALS["swapped"], figures["swapped"]["value"]),
            ("identical", figures["identical"]["value"] > GOALS["identical"], figures["identical"]["value"]),
            ("int8_drop", figures["kinds"][kind]["value"] >= lowest - GOALS["int8_drop"], figures["kinds"][kind]),
        )
        told += [f"{name}: {goal} is {value}, the goal {GOALS[goal]}" for goal, met, value in limits if not met]
        for side in BASELINES:
            change = figures.get("real", {}).get(side, {}).get("above")
            if change and change["low"] <= 0:
                told.append(f"{name}: not above {side} on real pairs: {change}")
    return told


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__ or "", names=1000)
    parser.add_argument("--mirror", type=Path, help="a folder with data sets as the hub lays them out")
    parser.add_argument(
        "--family", default=FAMILY, help=f"default: {FAMILY}; goals are its own, of another none is held"
    )
    parser.add_argument("--artifacts", nargs="+", default=[REFERENCE, "torch-int8", "onnx-int8"])
    parser.add_argument("--rows", type=int, help="rows of the eval split that are asked about, the first; default: all")
    parser.add_argument("--real-rows", type=int, help="real pairs of each split, the first; default: all")
    given = parser.parse_args()
    workspace = Workspace(Path.cwd())
    params = workspace.zoo.data(Ref(given.family, "names")).params
    rows = person_names.generate(person_names.Params.model_validate(params))["eval"][: given.rows]
    found = {}
    for name in given.artifacts:
        print(f"{given.family}-{name}", file=sys.stderr, flush=True)
        model = open_artifact(workspace.home(Ref(given.family, name)), project=Path.cwd())
        found[name] = measured(model, rows, given.mirror, given.names, given.real_rows)
    goals = GOALS if given.family == FAMILY else {}
    report({"family": given.family, "rows": len(rows), "artifacts": found, "goals": goals}, given.json)
    told = missed(found) if goals else []
    print("\n".join(told), file=sys.stderr)
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
