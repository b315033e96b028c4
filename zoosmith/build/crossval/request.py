"""Which artifact is folded how: the recipe's `crossval`, what the command line says, and whether that can be done."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from zoosmith.build import lookup
from zoosmith.common.names import full_name, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import data_of
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.schema import Folding

LEARNT = ("train", "dev")  # splits whose rows are folded; a builder that names neither `dev` nor more folds one


class Asked(NamedTuple):
    """What the command line says; None where it says nothing."""

    folds: int | None = None
    rows: int | None = None


NOTHING = Asked()


def folding(zoo: Zoo, ref: Ref, project: Path, asked: Asked = NOTHING) -> Folding:
    """How an artifact's rows are folded. Raises ZooError where it is not trained, and for impossible numbers."""
    _refuse_untrained(zoo, ref, project)
    section = zoo.families[ref.recipe].recipe.crossval or Folding()
    name = full_name(ref.recipe, ref.name)
    if asked.folds is not None and asked.folds < 2:
        raise ZooError(f"--folds {asked.folds} holds nothing out; take 2 or more: `doit crossval:{name} --folds 5`")
    if asked.rows is not None and asked.rows < 1:
        raise ZooError(f"--rows {asked.rows} is no number of rows; `doit crossval:{name} --rows 1000`")
    found = section.model_copy(update={key: value for key, value in asked._asdict().items() if value is not None})
    if found.column and found.rows:
        raise ZooError(
            f"crossval.column {found.column!r} says which fold each row is in, so `rows` chooses none; leave one of "
            f"both out: `doit crossval:{name}`"
        )
    return found


def trains(zoo: Zoo, ref: Ref, project: Path) -> bool:
    """Whether an artifact's builder reads `train`."""
    return "train" in splits_of(zoo, ref, project)


def splits_of(zoo: Zoo, ref: Ref, project: Path) -> tuple[str, ...]:
    """The splits that an artifact's builder reads."""
    return data_of(lookup.builder(zoo, ref, project), lookup.params(zoo, ref, project))


def learnt_before(zoo: Zoo, ref: Ref, project: Path) -> list[str]:
    """Full names of the artifacts that this one is made from and whose builder reads `train` of the same data."""
    before = [node for node in zoo.lineage(ref) if zoo.base(node) is None]
    same = [node for node in before if _data(zoo, node) == _data(zoo, ref) and trains(zoo, node, project)]
    return [full_name(node.recipe, node.name) for node in same]


def _data(zoo: Zoo, ref: Ref) -> object:
    task = zoo.families[ref.recipe].recipe.task
    return zoo.data(Ref(ref.recipe, task.data)) if task and task.data else None


def _refuse_untrained(zoo: Zoo, ref: Ref, project: Path) -> None:
    if trains(zoo, ref, project):
        return
    name, builder = full_name(ref.recipe, ref.name), zoo.artifact(ref).builder
    family = [node for node in zoo.artifacts() if node.recipe == ref.recipe]
    parents = [node for node in reversed(zoo.lineage(ref)) if zoo.base(node) is None]
    trained = [full_name(n.recipe, n.name) for n in (*parents, *family) if trains(zoo, n, project)]
    hint = f"`doit crossval:{trained[0]}` folds what is" if trained else "no artifact of its family is"
    raise ZooError(f"{name} is not trained: its builder {builder} reads no rows of `train`; {hint}")


def require_columns(names: tuple[str, ...], known: tuple[str, ...], where: str) -> None:
    """Raise ZooError for a column of `crossval` that the rows lack."""
    for name in names:
        if name not in known:
            raise ZooError(
                f"{where}: crossval names the column {name!r}, which its rows lack{nearest(name, known)}; "
                "map it under the data's `columns`"
            )
