"""The zoo on disk: the project's recipes and the shipped ones, checked against builders, tasks and runtimes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from zoosmith import plugins
from zoosmith.build import checked, foreign, invariant, items, prompts, sliced
from zoosmith.build.parsed import KeptRecipes
from zoosmith.common.names import IDENTIFIER, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Output, accepts_of, data_of, output_of
from zoosmith.contract.params import Params
from zoosmith.recipes.graph import Family, Ref, Source, Zoo
from zoosmith.recipes.schema import INVARIANCE, SPLITS_FOR_BUILDERS, Eval, Recipe
from zoosmith.recipes.yaml import RecipeError, explain, parse

TIMED = ("speed", "latency_p95_ms")
MEASURES = ("size", "speed", "latency_p95_ms", "memory_mb", "agreement")


def recipe_files(project: Path) -> dict[str, Path]:
    """Recipe files by id; the project's win over shipped ones of the same id."""
    files: dict[str, Path] = {}
    for folder in (plugins.shipped("recipes"), project / "recipes"):
        files |= _recipes_in(folder)
    return files


def own_families(project: Path) -> set[str]:
    """Ids of the zoo's own recipes; what is shipped beside them is known to every zoo."""
    return set(_recipes_in(project / "recipes"))


def _recipes_in(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() not in (".yaml", ".yml") or path.name.startswith("."):
            continue
        if not IDENTIFIER.fullmatch(path.stem):
            raise RecipeError(f"{path}: a recipe's file name is its id: lower-case letters, digits, '-'")
        if path.stem in files:
            raise RecipeError(f"{path} and {files[path.stem].name} are both the recipe {path.stem!r}; keep one")
        files[path.stem] = path
    return files


def load_zoo(project: Path) -> Zoo:
    """Read every recipe, and check all of them unless that was done. Raises RecipeError for the first that is wrong."""
    read, broken = _read(project)
    for error in broken.values():
        raise error
    zoo = Zoo(read)
    mark = checked.fingerprint(project, {family.source.file: family.source.text for family in zoo.families.values()})
    if not checked.is_known(project, mark):
        for id in zoo.families:
            _check_family(zoo, id, project)
        checked.remember(project, mark)
    return zoo


def load_what_holds(project: Path) -> tuple[Zoo, dict[str, ZooError]]:
    """The families that are right, and by id what is wrong with each other one. Raises ZooError for a fault of none."""
    read, broken = _read(project)
    while True:
        try:
            zoo = Zoo(read)
        except ZooError as error:
            faults = {id: error for id, (_, source) in read.items() if str(error).startswith(f"{source.file}:")}
            if not faults:
                raise
        else:
            faults = {id: fault for id in zoo.families if (fault := _fault(zoo, id, project))}
        if not faults:
            return zoo, broken
        broken |= faults
        read = {id: family for id, family in read.items() if id not in broken}


def _fault(zoo: Zoo, id: str, project: Path) -> ZooError | None:
    try:
        _check_family(zoo, id, project)
    except ZooError as error:
        return error
    return None


def _check_family(zoo: Zoo, id: str, project: Path) -> None:
    """Everything about one family's artifacts and evals. Raises RecipeError, also for what a plug-in raises."""
    source = zoo.families[id].source
    for name, artifact in zoo.families[id].recipe.artifacts.items():
        ref = Ref(id, name)
        file = Path(str(builder(zoo, ref, project).__file__))
        with source.at(("artifacts", name, "builder"), f"found {artifact.builder!r}"), foreign.told(file):
            check_artifact(zoo, ref, project)
    with source.at(("evals",), "cannot be checked"), foreign.told(Path(source.file)):
        _check_evals(zoo, id, project)
        if zoo.families[id].recipe.task is not None:
            prompts.check(zoo, id, task_part(zoo, id, None, "encoding", project), project)


def _read(project: Path) -> tuple[dict[str, tuple[Recipe, Source]], dict[str, ZooError]]:
    """Parsed recipes by id, and what is wrong with each of those that cannot be parsed."""
    families: dict[str, tuple[Recipe, Source]] = {}
    broken: dict[str, ZooError] = {}
    kept = KeptRecipes(project / "artifacts" / ".store")
    for id, path in recipe_files(project).items():
        shown = str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
        try:
            text = _text(path, shown)
            families[id] = (_parsed(kept, text, shown), Source(shown, text))
        except ZooError as error:
            broken[id] = error
    kept.save()
    return families, broken


def _parsed(kept: KeptRecipes, text: str, shown: str) -> Recipe:
    recipe = kept.get(text)
    if recipe is None:
        recipe = parse(text, shown)
        kept.put(text, recipe)
    return recipe


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{shown}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise RecipeError(f"{shown}: cannot be read: {error.strerror}") from None


def builder(zoo: Zoo, ref: Ref, project: Path) -> ModuleType:
    """The module that builds an artifact. Raises RecipeError where the recipe names none that exists."""
    name = zoo.artifact(ref).builder
    try:
        with foreign.told(plugins.find("builders", name, project)):
            module = plugins.load("builders", name, project)
        foreign.check_builder(module)
        return module
    except ZooError as error:
        source = zoo.families[ref.recipe].source
        raise source.error(("artifacts", ref.name, "builder"), f"found {name!r}: {error}") from None


def params(zoo: Zoo, ref: Ref, project: Path) -> Params:
    """The artifact's validated parameters."""
    module = builder(zoo, ref, project)
    given = zoo.artifact(ref).params
    try:
        validated: Params = module.Params(**given)
        return validated
    except ValidationError as error:
        source = zoo.families[ref.recipe].source
        where = ("artifacts", ref.name, "params")
        raise RecipeError(explain(error, source.text, source.file, where, module.Params)) from None


def output(zoo: Zoo, ref: Ref, project: Path) -> Output:
    """What an artifact will be; format and precision of a base are ("source", "source")."""
    if zoo.base(ref) is not None:
        return Output("source", "source")
    return output_of(builder(zoo, ref, project), params(zoo, ref, project))


def check_artifact(zoo: Zoo, ref: Ref, project: Path) -> None:
    """Parameters, parents' formats, splits and gates of one artifact. Raises RecipeError."""
    module, source = builder(zoo, ref, project), zoo.families[ref.recipe].source
    validated = params(zoo, ref, project)
    _check_splits(zoo, ref, module, data_of(module, validated), source)
    parents, accepts = zoo.parents(ref), accepts_of(module, validated)
    where = ("artifacts", ref.name, "from")
    if parents.keys() != accepts.keys():
        raise source.error(where, f"found {_listed(parents)}; {module.__name__} takes {_listed(accepts)}")
    for role, parent in parents.items():
        found = output(zoo, parent, project).format
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
    known = [f"{id}.{metric}" for id in family.recipe.evals for metric in _metrics(zoo, ref.recipe, id, project)]
    for name, gate in zoo.artifact(ref).gates.items():
        if name in TIMED and not gate.hosts:
            hint = "speed differs between hosts: name those that it is for, such as hosts: ['amd-*']"
            raise family.source.error(("artifacts", ref.name, "gates", name), hint)
        if name in (*known, *MEASURES):
            continue
        if message := sliced.unknown_gate(zoo, ref.recipe, name, known if "[" in name else (*known, *MEASURES)):
            raise family.source.error(("artifacts", ref.name, "gates", name), message)


def _metrics(zoo: Zoo, recipe: str, eval_: str, project: Path) -> tuple[str, ...]:
    chosen = zoo.families[recipe].recipe.evals[eval_].changes
    return tuple(chosen or task_part(zoo, recipe, eval_, "scoring", project).METRICS)


def task_part(zoo: Zoo, recipe: str, eval_: str | None, part: str, project: Path) -> ModuleType:
    """A part of an eval's kind, or of the recipe's task. Raises RecipeError if the kind does not exist."""
    family = zoo.families[recipe]
    section = family.recipe.evals[eval_] if eval_ else family.recipe.task
    if section is None:
        raise family.source.error(("task",), "is missing; say what the artifacts answer")
    try:
        with foreign.told(plugins.part_file("tasks", section.kind, part, project)):
            return plugins.load_part("tasks", section.kind, part, project)
    except ZooError as error:
        where = ("evals", eval_, "kind") if eval_ else ("task", "kind")
        raise family.source.error(where, f"found {section.kind!r}: {error}") from None


def _check_evals(zoo: Zoo, recipe: str, project: Path) -> None:
    """Whether every artifact that an eval measures can be asked what it asks."""
    from zoosmith.build import baselines

    family = zoo.families[recipe]
    offers = tuple(task_part(zoo, recipe, None, "encoding", project).OFFERS) if family.recipe.task else None
    for id, eval_ in family.recipe.evals.items():
        needed = _needed(zoo, recipe, id, project)
        metrics = _metrics(zoo, recipe, id, project)
        sliced.check_eval(zoo, recipe, id, metrics, _builtin(zoo, recipe, eval_, project))
        asked = task_part(zoo, recipe, None, "encoding", project) if family.recipe.task else None
        baselines.check(zoo, recipe, id, asked, metrics, project)
        if offers is not None and needed not in offers:
            kind = family.recipe.task.kind if family.recipe.task else ""
            raise family.source.error(
                ("evals", id), f"needs {needed!r}; models of the task {kind!r} offer {_listed(offers)}"
            )
        _check_eval_split(family, id, project)
        items.check(zoo, recipe, id, task_part(zoo, recipe, id, "encoding", project), project)
        for name in eval_.measures(family.recipe.artifacts):
            format = output(zoo, Ref(recipe, name), project).format
            if needed not in _capabilities(format, project):
                message = f"needs {needed!r}, which the format {format!r} of {name!r} does not offer; "
                raise family.source.error(("evals", id), message + "`artifacts:` names those that it measures")


def _needed(zoo: Zoo, recipe: str, id: str, project: Path) -> str:
    """The capability that an eval asks for. Raises RecipeError for checks over a task that they cannot be of."""
    family = zoo.families[recipe]
    if family.recipe.evals[id].kind == INVARIANCE:
        invariant.check(zoo, recipe, id, _task_parts(zoo, recipe, project) if family.recipe.task else None)
        return str(task_part(zoo, recipe, None, "scoring", project).CAPABILITY)
    return str(task_part(zoo, recipe, id, "scoring", project).CAPABILITY)


def _task_parts(zoo: Zoo, recipe: str, project: Path) -> tuple[ModuleType, ModuleType]:
    encoding, scoring = (task_part(zoo, recipe, None, part, project) for part in ("encoding", "scoring"))
    return encoding, scoring


def asking(zoo: Zoo, recipe: str, kind: str) -> list[str]:
    """The kinds of task whose code answers an eval: its own, and the recipe's task where that is asked by it."""
    task = zoo.families[recipe].recipe.task
    return [kind, task.kind] if kind == INVARIANCE and task else [kind]


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
