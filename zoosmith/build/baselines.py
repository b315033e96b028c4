"""Baselines of an eval: a step of their own, known by rows, labels, code and package, kept like any other result."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.build import beside
from zoosmith.build.codehash import closure_key, code_digests
from zoosmith.build.prompts import inputs
from zoosmith.common.canonical import pretty
from zoosmith.common.names import index_of, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action, public_versions
from zoosmith.plugins import PACKAGE
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.schema import WITHOUT_MODEL, Eval, Recipe

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from zoosmith.build.resolve import Resolver
    from zoosmith.execution.worker import Step
    from zoosmith.toolkit.baselines.answers import Rows

FILE = "baselines.json"
FITTED_TO = ("train", "dev")  # the first that the data has; never what is measured
CODE = PACKAGE / "toolkit" / "baselines" / "answers.py"


def check(zoo: Zoo, recipe: str, id: str, encoding: ModuleType | None, metrics: Sequence[str], project: Path) -> None:
    """Raise RecipeError where an eval's baselines cannot answer, or can be fitted to nothing.

    encoding: of the recipe's task, None where it names none; metrics: those of the eval's kind.
    """
    family = zoo.families[recipe]
    eval_, where = family.recipe.evals[id], ("evals", id, "baselines")
    if not eval_.baselines:
        return
    from zoosmith.toolkit.baselines.answers import BY_SIMILARITY

    task = family.recipe.task
    if encoding is None or task is None or "accuracy" not in metrics:
        raise family.source.error(where, "baselines answer with one class; the recipe's task, or this eval, does not")
    asks = [name for name in eval_.baselines if name in BY_SIMILARITY]
    if asks and len(read := inputs(encoding, task)) != 2:
        raise family.source.error(where, f"{asks[0]} compares two texts; the task takes {', '.join(read)}")
    beside.check(zoo, recipe, id, project)
    data = family.recipe.data[_data(family.recipe, id)]
    if _fitted(eval_) and data.splits and not set(FITTED_TO) & data.splits.keys():
        message = f"they are fitted to train or dev, and {_data(family.recipe, id)} has {', '.join(data.splits)}"
        raise family.source.error(where, message)


def action(resolver: Resolver, ref: Ref) -> Action:
    """The answers of the baselines of the eval `ref.name`. Raises Unresolved while rows or artifacts are missing."""
    from zoosmith.build import asking
    from zoosmith.toolkit.baselines.answers import BY_SIMILARITY, REQUIRES

    recipe = resolver.zoo.families[ref.recipe].recipe
    eval_, task = recipe.evals[ref.name], resolver.task(ref.recipe)
    assert task is not None  # checked when the recipe was read
    names = (_data(recipe, ref.name), eval_.data)
    fit_tree, asked_tree = (resolver.tree("data", Ref(ref.recipe, name)) for name in names)
    splits = resolver.data_info(fit_tree)["splits"]
    fit = _fit(ref, splits) if _fitted(eval_) else None
    named, others = resolver.code(CODE), beside.refs(resolver.zoo, ref.recipe, ref.name)
    return Action(
        name=f"{ref.recipe}/baselines/{ref.name}",
        title=f"baselines {ref}",
        entry="zoosmith.build.baselines:run",
        inputs={
            "schema": 1,
            "kind": "baselines",
            "names": list(eval_.baselines),
            "fit": splits[fit]["sha256"] if fit else None,
            "asked": [resolver.data_info(asked_tree)["splits"][eval_.split]["sha256"], eval_.rows],
            "task": {name: task[name] for name in ("inputs", "labels")},
            "code": closure_key(named),
            "packages": public_versions(REQUIRES) if {*BY_SIMILARITY} & {*eval_.baselines} else {},
            **(asking.inputs(resolver, others) if others else {}),
        },
        run={"code": named, "fit": [fit_tree, fit], "asked": [asked_tree, eval_.split], "rows": eval_.rows},
        resources=Resources(cpus=resolver.threads, memory_mb=2048) if others else Resources(cpus=1, memory_mb=512),
    )


def _fitted(eval_: Eval) -> bool:
    """Whether any of the baselines is fitted to rows: artifacts are not."""
    return bool({*WITHOUT_MODEL} & {*eval_.baselines})


def _fit(ref: Ref, splits: Collection[str]) -> str:
    """The split that baselines are fitted to. Raises ZooError."""
    fit = next((name for name in FITTED_TO if name in splits), None)
    if fit is None:
        raise ZooError(f"the baselines of {ref} are fitted to train or dev; the data has {', '.join(splits)}")
    return fit


def run(step: Step) -> None:
    """Write the answers of each baseline to every row that is asked. Raises ZooError for rows that none can answer."""
    from zoosmith.build import asking

    if closure_key(code_digests(CODE)) != step.inputs["code"]:
        raise ZooError("the code of baselines changed while this run was going; run the same command again")
    others = step.inputs.get("artifacts", {})
    if others:
        asking.check_code(step)
    asked = _rows(step, "asked")
    plain = _answers(step, asked, [name for name in step.inputs["names"] if name not in others])
    found = {
        name: asking.answered(step, name, asked) if name in others else plain[name] for name in step.inputs["names"]
    }
    (step.out / FILE).write_text(
        pretty({"labels": step.inputs["task"]["labels"], "baselines": found}), encoding="utf-8"
    )


def _answers(step: Step, asked: Rows, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What baselines without a model answer, and in words what was fitted to which rows."""
    from zoosmith.toolkit.baselines.answers import answered

    if not names:
        return {}
    fit, split, labels = _rows(step, "fit"), step.run["fit"][1], step.inputs["task"]["labels"]
    found = {name: answered(name, fit, asked.texts, labels) for name in names}
    rows = f"{split}, {len(fit.targets)} rows"
    return {name: {"predicted": one.predicted, "fit": f"{one.fit} ({rows})"} for name, one in found.items()}


def _data(recipe: Recipe, id: str) -> str:
    """The data that the baselines of an eval are fitted to: what the task learns from, else the eval's own."""
    return recipe.task.data if recipe.task and recipe.task.data else recipe.evals[id].data


def _rows(step: Step, which: str) -> Rows:
    from zoosmith.toolkit.baselines.answers import Rows

    tree, split = step.run[which]
    folder = step.parent(tree, f"rows-{which}", only=(f"{split}.jsonl",))
    lines = (folder / f"{split}.jsonl").read_bytes().splitlines()
    rows = [json.loads(line) for line in lines[: step.run["rows"] if which == "asked" else None]]
    columns, labels = step.inputs["task"]["inputs"], step.inputs["task"]["labels"]
    return Rows([_texts(row, columns) for row in rows], [_target(row, labels) for row in rows])


def _texts(row: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    if missing := [name for name in columns if not isinstance(row.get(name), str)]:
        raise ZooError(f"row {dict(row)}: column {missing[0]!r} should be text")
    return tuple(row[name] for name in columns)


def _target(row: Mapping[str, Any], labels: Sequence[str]) -> int:
    found = index_of(str(row.get("label")), labels)
    if found is None:
        label = row.get("label")
        raise ZooError(f"row {dict(row)}: label {label!r} is outside the set{nearest(str(label), labels)}")
    return found
