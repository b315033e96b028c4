"""Whether a family's recipe goes with the builders, tasks and runtimes that it names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from zoosmith import plugins
from zoosmith.build import foreign, invariant, items, lookup, prompts, sliced
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import accepts_of, data_of
from zoosmith.recipes.graph import Family, Ref, Source, Zoo
from zoosmith.recipes.schema import INVARIANCE, SPLITS_FOR_BUILDERS, Eval

TIMED = ("speed", "latency_p95_ms")
MEASURES = ("size", "speed", "latency_p95_ms", "memory_mb", "agreement")


def check_family(zoo: Zoo, id: str, project: Path) -> None:
    """Everything about one family's artifacts and evals. Raises RecipeError, also for what a plug-in raises."""
    source = zoo.families[id].source
    for name, artifact in zoo.families[id].recipe.artifacts.items():
        ref = Ref(id, name)
        file = Path(str(lookup.builder(zoo, ref, project).__file__))
        with source.at(("artifacts", name, "builder"), f"found {artifact.builder!r}"), foreign.told(file):
            check_artifact(zoo, ref, project)
    with source.at(("evals",), "cannot be checked"), foreign.told(Path(source.file)):
        _check_evals(zoo, id, project)
        if zoo.families[id].recipe.task is not None:
            prompts.check(zoo, id, lookup.task_part(zoo, id, None, "encoding", project), project)


def check_artifact(zoo: Zoo, ref: Ref, project: Path) -> None:
    """Parameters, parents' formats, splits and gates of one artifact. Raises RecipeError."""
    module, source = lookup.builder(zoo, ref, project), zoo.families[ref.recipe].source
    validated = lookup.params(zoo, ref, project)
    _check_splits(zoo, ref, module, data_of(module, validated), source)
    parents, accepts = zoo.parents(ref), accepts_of(module, validated)
    where = ("artifacts", ref.name, "from")
    if parents.keys() != accepts.keys():
        raise source.error(where, f"found {_listed(parents)}; {module.__name__} takes {_listed(accepts)}")
    for role, parent in parents.items():
        found = lookup.output(zoo, parent, project).format
        if found not in accepts[role]:
            wanted = " or ".join(accepts[role])
            raise source.error(where, f"{parent} has the format {found!r}; {module.__name__} takes {wanted}")
    _check_gates(zoo, ref, project)


def _listed(roles: Any) -> str:
    return ", ".join(f"{role!r}" for role in sorted(roles))


def _check_splits(zoo: Zoo, ref: Ref, module: ModuleType, needed: tuple[str, ...], source: Source) -> None:
    for split in needed:
        if split not in SPLITS_FOR_BUILDERS:
            raise ZooError(f"{module.__file__}: DATA names {split!r}; builders may read {SPLITS_FOR_BUILDERS}")
    task = zoo.families[ref.recipe].recipe.task
    if needed and (task is None or task.data is None):
        message = f"{module.__name__} reads {', '.join(needed)}, but the recipe's task names no data"
        raise source.error(("artifacts", ref.name, "builder"), message)
    if needed and task is not None and task.data is not None:
        splits = zoo.data(Ref(ref.recipe, task.data)).splits
        for split in needed if splits else ():
            if split not in splits:
                raise source.error(("data", task.data, "splits"), f"{split!r} is missing; {module.__name__} reads it")


def _check_gates(zoo: Zoo, ref: Ref, project: Path) -> None:
    family = zoo.families[ref.recipe]
    asked = family.recipe.evals_of(ref.name)
    known = [f"{id}.{metric}" for id in asked for metric in _metrics(zoo, ref.recipe, id, project)]
    for name, gate in zoo.artifact(ref).gates.items():
        if name in TIMED and not gate.hosts:
            hint = "speed differs between hosts: name those that it is for, such as hosts: ['amd-*']"
            raise family.source.error(("artifacts", ref.name, "gates", name), hint)
        if name in (*known, *MEASURES):
            continue
        if (eval_ := name.partition(".")[0]) in family.recipe.evals.keys() - asked.keys():
            hint = f"the eval {eval_!r} does not measure it: add {ref.name!r} to its `artifacts`"
            raise family.source.error(("artifacts", ref.name, "gates", name), hint)
        if message := sliced.unknown_gate(zoo, ref.recipe, name, known if "[" in name else (*known, *MEASURES)):
            raise family.source.error(("artifacts", ref.name, "gates", name), message)


def _metrics(zoo: Zoo, recipe: str, eval_: str, project: Path) -> tuple[str, ...]:
    chosen = zoo.families[recipe].recipe.evals[eval_].changes
    return tuple(chosen or lookup.task_part(zoo, recipe, eval_, "scoring", project).METRICS)


def _check_evals(zoo: Zoo, recipe: str, project: Path) -> None:
    """Whether every artifact that an eval measures can be asked what it asks."""
    from zoosmith.build import baselines

    family = zoo.families[recipe]
    offers = tuple(lookup.task_part(zoo, recipe, None, "encoding", project).OFFERS) if family.recipe.task else None
    for id, eval_ in family.recipe.evals.items():
        needed = _needed(zoo, recipe, id, project)
        metrics = _metrics(zoo, recipe, id, project)
        sliced.check_eval(zoo, recipe, id, metrics, _builtin(zoo, recipe, eval_, project))
        asked = lookup.task_part(zoo, recipe, None, "encoding", project) if family.recipe.task else None
        baselines.check(zoo, recipe, id, asked, metrics, project)
        if offers is not None and needed not in offers:
            kind = family.recipe.task.kind if family.recipe.task else ""
            raise family.source.error(
                ("evals", id), f"needs {needed!r}; models of the task {kind!r} offer {_listed(offers)}"
            )
        _check_eval_split(family, id, project)
        items.check(zoo, recipe, id, lookup.task_part(zoo, recipe, id, "encoding", project), project)
        for name in family.recipe.artifacts:
            format = lookup.output(zoo, Ref(recipe, name), project).format
            if id in family.recipe.evals_of(name) and needed not in _capabilities(format, project):
                is_reference = name == family.recipe.reference
                hint = "every eval asks the reference" if is_reference else "`artifacts:` names those that it measures"
                message = f"needs {needed!r}, which the format {format!r} of {name!r} does not offer; {hint}"
                raise family.source.error(("evals", id), message)


def _needed(zoo: Zoo, recipe: str, id: str, project: Path) -> str:
    """The capability that an eval asks for. Raises RecipeError for checks over a task that they cannot be of."""
    family = zoo.families[recipe]
    if family.recipe.evals[id].kind == INVARIANCE:
        invariant.check(zoo, recipe, id, _task_parts(zoo, recipe, project) if family.recipe.task else None)
        return str(lookup.task_part(zoo, recipe, None, "scoring", project).CAPABILITY)
    return str(lookup.task_part(zoo, recipe, id, "scoring", project).CAPABILITY)


def _task_parts(zoo: Zoo, recipe: str, project: Path) -> tuple[ModuleType, ModuleType]:
    encoding, scoring = (lookup.task_part(zoo, recipe, None, part, project) for part in ("encoding", "scoring"))
    return encoding, scoring


def _check_eval_split(family: Family, id: str, project: Path) -> None:
    """Whether a builtin data set, whose recipe need not name its splits, has the one that an eval measures on."""
    eval_ = family.recipe.evals[id]
    data = family.recipe.data[eval_.data]
    splits = _splits_of(data.builtin, project) if data.builtin and not data.splits else ()
    if splits and eval_.split not in splits:
        has = f"which {data.builtin} does not have: it has {', '.join(splits)}"
        raise family.source.error(("evals", id, "split"), f"found {eval_.split!r}, {has}{nearest(eval_.split, splits)}")


def _splits_of(builtin: str, project: Path) -> tuple[str, ...]:
    """Names of the splits that a builtin data set says it has; none where it does not say."""
    return tuple(getattr(plugins.load("builtin", builtin, project), "SPLITS", ()))


def _builtin(zoo: Zoo, recipe: str, eval_: Eval, project: Path) -> ModuleType | None:
    """The built-in data set that an eval measures on; None where its rows come from elsewhere, or need no columns."""
    name = zoo.data(Ref(recipe, eval_.data)).builtin
    return plugins.load("builtin", name, project) if name and eval_.slices else None


@cache
def _capabilities(format: str, project: Path) -> tuple[str, ...]:
    with foreign.told(plugins.find("runtimes", format, project)):
        module = plugins.load("runtimes", format, project)
    foreign.check_names(module, foreign.RUNTIME)
    return tuple(module.CAPABILITIES)
