"""The graph of all recipes: names resolved, references checked, cycles refused.

Nodes are bases, data sets and artifacts, each addressed as `recipe/name`. Bases and artifacts of a recipe
share a namespace; data sets have their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from zoosmith.common.names import full_name, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import LIMITS_OF_MEASURES, LIMITS_OF_METRICS, Artifact, Base, Data, Recipe
from zoosmith.recipes.yaml import Location, RecipeError, line_of


@dataclass(frozen=True)
class Source:
    """The text that a recipe came from, for messages."""

    file: str
    text: str

    def error(self, path: Location, message: str) -> RecipeError:
        """A RecipeError at a location of this file."""
        where = ".".join(str(part) for part in path)
        return RecipeError(f"{self.file}:{line_of(self.text, path)}: {where}: {message}")

    @contextmanager
    def at(self, path: Location, message: str) -> Iterator[None]:
        """Errors that do not say so themselves get this location of the file, and a message before their own."""
        try:
            yield
        except RecipeError:
            raise
        except ZooError as error:
            raise self.error(path, f"{message}: {error}") from error


@dataclass(frozen=True)
class Ref:
    """Address of a base, data set or artifact: `recipe/name`."""

    recipe: str
    name: str

    def __str__(self) -> str:
        return f"{self.recipe}/{self.name}"


@dataclass
class Family:
    """One recipe with its id and source."""

    id: str
    recipe: Recipe
    source: Source
    parents: dict[str, dict[str, Ref]] = field(default_factory=dict)

    @property
    def reference(self) -> Ref:
        """The artifact that the others are compared with."""
        return Ref(self.id, self.recipe.reference)


class Zoo:
    """All families. Everything that needs no builder is checked here, in the constructor."""

    def __init__(self, families: Mapping[str, tuple[Recipe, Source]]) -> None:
        """Resolve references. Raises RecipeError for the first recipe with unknown names, cycles, clashes."""
        self.families = {id: Family(id, recipe, source) for id, (recipe, source) in families.items()}
        self.by_full_name: dict[str, Ref] = {}
        for family in self.families.values():
            self._check_names(family)
            self._check_references(family)
            self._check_limits(family)
        for family in self.families.values():
            family.parents = {name: self._resolve(family, name) for name in family.recipe.artifacts}
        self._refuse_cycles()

    def artifact(self, ref: Ref) -> Artifact:
        """The recipe's entry of an artifact."""
        return self.families[ref.recipe].recipe.artifacts[ref.name]

    def base(self, ref: Ref) -> Base | None:
        """The recipe's entry of a base, or None if `ref` is an artifact."""
        return self.families[ref.recipe].recipe.bases.get(ref.name)

    def data(self, ref: Ref) -> Data:
        """The recipe's entry of a data set."""
        return self.families[ref.recipe].recipe.data[ref.name]

    def parents(self, ref: Ref) -> dict[str, Ref]:
        """Parents of an artifact by role."""
        return self.families[ref.recipe].parents[ref.name]

    def artifacts(self) -> Iterator[Ref]:
        """Every artifact, in the order of the recipes."""
        for id, family in self.families.items():
            for name in family.recipe.artifacts:
                yield Ref(id, name)

    def find(self, name: str) -> Ref:
        """The artifact of a full name. Raises RecipeError with the nearest name."""
        if name not in self.by_full_name:
            raise RecipeError(f"no artifact is called {name!r}{nearest(name, self.by_full_name)}")
        return self.by_full_name[name]

    def lineage(self, ref: Ref) -> list[Ref]:
        """The artifact's ancestors, bases included, parents before children, without itself."""
        seen: dict[Ref, None] = {}

        def visit(current: Ref) -> None:
            for parent in self.parents(current).values():
                if parent not in seen:
                    if self.base(parent) is None:
                        visit(parent)
                    seen[parent] = None

        visit(ref)
        return list(seen)

    def _check_names(self, family: Family) -> None:
        for name in family.recipe.artifacts:
            if name in family.recipe.bases:
                raise family.source.error(
                    ("artifacts", name), f"{name!r} is a base of this recipe too; give one another name"
                )
            full = full_name(family.id, name)
            if full in self.by_full_name:
                other = self.by_full_name[full]
                raise family.source.error(
                    ("artifacts", name),
                    f"{full!r} is already made by {other} "
                    f"({self.families[other.recipe].source.file}); rename one of them",
                )
            self.by_full_name[full] = Ref(family.id, name)

    def _check_references(self, family: Family) -> None:
        recipe, error = family.recipe, family.source.error
        if recipe.reference not in recipe.artifacts:
            hint = nearest(recipe.reference, recipe.artifacts)
            raise error(("reference",), f"found {recipe.reference!r}, which is no artifact of this recipe{hint}")
        if recipe.task and recipe.task.data is not None and recipe.task.data not in recipe.data:
            hint = nearest(recipe.task.data, recipe.data)
            raise error(("task", "data"), f"found {recipe.task.data!r}, which is not under data{hint}")
        for id in recipe.evals:
            self._check_eval(family, id)
        for name in recipe.artifacts:
            if not recipe.evals_of(name):
                raise error(("artifacts", name), "no eval measures it: add it to the `artifacts` of one")

    def _check_eval(self, family: Family, id: str) -> None:
        recipe, error, eval_ = family.recipe, family.source.error, family.recipe.evals[id]
        if eval_.data not in recipe.data:
            hint = nearest(eval_.data, recipe.data)
            raise error(("evals", id, "data"), f"found {eval_.data!r}, which is not under data{hint}")
        data = recipe.data[eval_.data]
        if data.splits and eval_.split not in data.splits:
            hint = nearest(eval_.split, data.splits)
            raise error(("evals", id, "split"), f"found {eval_.split!r}, which {eval_.data} does not have{hint}")
        for at, name in enumerate(eval_.artifacts):
            if name not in recipe.artifacts:
                hint = nearest(name, recipe.artifacts)
                where = ("evals", id, "artifacts", at)
                raise error(where, f"found {name!r}, which is no artifact of this recipe{hint}")

    def _check_limits(self, family: Family) -> None:
        for name, artifact in family.recipe.artifacts.items():
            for metric, gate in artifact.gates.items():
                kind, takes = gate.limit[0], LIMITS_OF_MEASURES.get(metric, LIMITS_OF_METRICS)
                if kind not in takes:
                    where = ("artifacts", name, "gates", metric, kind)
                    raise family.source.error(where, f"{metric} is not compared in this way; use {', '.join(takes)}")

    def _resolve(self, family: Family, name: str) -> dict[str, Ref]:
        parents, given = {}, family.recipe.artifacts[name]
        for role, target in given.roles.items():
            recipe, slash, local = target.rpartition("/")
            owner = self.families.get(recipe if slash else family.id)
            known = [*owner.recipe.bases, *owner.recipe.artifacts] if owner else list(self.families)
            if owner is None or local not in known:
                hint = nearest(local if owner else recipe, known)
                where = ("artifacts", name, "from", *([] if isinstance(given.from_, str) else [role]))
                raise family.source.error(where, f"found {target!r}, which is unknown{hint}")
            parents[role] = Ref(owner.id, local)
        return parents

    def _refuse_cycles(self) -> None:
        done: set[Ref] = set()

        def visit(ref: Ref, trail: tuple[Ref, ...]) -> None:
            if ref in done or self.base(ref) is not None:
                return
            if ref in trail:
                loop = " -> ".join(str(step) for step in (*trail[trail.index(ref) :], ref))
                source = self.families[ref.recipe].source
                raise source.error(("artifacts", ref.name, "from"), f"a cycle: {loop}; break it at one `from`")
            for parent in self.parents(ref).values():
                visit(parent, (*trail, ref))
            done.add(ref)

        for ref in self.artifacts():
            visit(ref, ())
