"""From a budget to types: what is known before anything is measured, what is tried, and what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import placement
from zoosmith.toolkit.gguf.header import Tensor
from zoosmith.toolkit.mixed import budget, choice, measured
from zoosmith.toolkit.mixed.choice import Option
from zoosmith.toolkit.mixed.measured import Measured

Groups = Mapping[str, tuple[Sequence[Tensor], Sequence[str]]]
"""Tensors of each group, and the types that all of them fit."""
MIXED = "mixed"


class Plan(NamedTuple):
    """tensors: of the whole source. plain: the type that the budget is beside, `beside` what it makes of the model.

    fixed: bytes of the tensors in no group. allowed: bytes for all tensors together.
    """

    tensors: Sequence[Tensor]
    groups: Groups
    plain: str
    beside: budget.Plain
    fixed: int
    allowed: int

    @property
    def stored(self) -> str:
        """The type that the matrices have in the source, in lower case."""
        [first, *_], _ = next(iter(self.groups.values()))
        return first.type.lower()

    def size(self, group: str, kind: str) -> int:
        """Bytes of a group in a type."""
        tensors, _ = self.groups[group]
        return budget.stored(tensors, {tensor.name: kind for tensor in tensors})

    def file(self, types: Mapping[str, str]) -> int:
        """Bytes of the whole file with these types by tensor."""
        return self.beside.head + budget.stored(self.tensors, types)

    def whole(self, types: Mapping[str, str]) -> dict[str, str]:
        """These types, and for each other matrix the one that it has, for the quantiser would choose another."""
        return {tensor.name: tensor.type.lower() for tensor in placement.matrices(self.tensors)} | dict(types)


class Tried(NamedTuple):
    """Types by tensor, their name, and what they lose all together."""

    name: str
    types: dict[str, str]
    loss: float


class Found(NamedTuple):
    """best: of `tried`. added_up: losses of the solved mix, each measured alone. table: loss by group and type."""

    best: Tried
    tried: list[Tried]
    added_up: float
    table: dict[str, dict[str, float]]


def planned(asked: budget.Budget, tensors: Sequence[Tensor], groups: Groups, beside: budget.Plain) -> Plan:
    """The plan. Raises BuildError for a budget that no mix of the types has, with the range that they have."""
    grouped = {tensor.name for group, _ in groups.values() for tensor in group}
    fixed = budget.stored([tensor for tensor in tensors if tensor.name not in grouped], {})
    plan = Plan(tensors, groups, asked.plain, beside, fixed, budget.allowed(asked, tensors, beside))
    sizes = [[plan.size(name, kind) for kind in kinds] for name, (_, kinds) in groups.items()]
    ends = budget.Ends(fixed + sum(map(min, sizes)), fixed + sum(map(max, sizes)))
    budget.check(asked, plan.allowed, ends, tensors, beside)
    return plan


def settled(plan: Plan, losses: Measured, progress: Callable[..., None]) -> Found:
    """Measure each group in each type, solve, and take what loses least as a whole: the answer, or a plain type."""
    tensors = {name: [tensor.name for tensor in group] for name, (group, _) in plan.groups.items()}
    kinds = {name: kinds for name, (_, kinds) in plan.groups.items()}
    table = measured.table(losses, tensors, kinds, plan.stored, progress)
    options = {
        name: [Option(kind, plan.size(name, kind), lost) for kind, lost in each.items()] for name, each in table.items()
    }
    solved = choice.choose(options, plan.allowed - plan.fixed)
    tried = []
    mixes = _mixes(plan, solved, options)
    for done, (name, types) in enumerate(mixes.items()):
        progress(done, len(mixes), f"all types of {name} together")
        tried.append(Tried(name, types, losses(types)))
    best = min(tried, key=lambda one: (one.loss, one.name != MIXED))
    return Found(best, tried, choice.loss(solved), table)


def _mixes(plan: Plan, solved: choice.Chosen, options: choice.Options) -> dict[str, dict[str, str]]:
    """Types by tensor of what was solved, of each type for all, and of the plain type, as far as they fit."""
    found = {MIXED: _types(plan, solved)}
    found |= {next(iter(one.values())).kind: _types(plan, one) for one in choice.uniform(options)}
    beside = {name: kind for name, kind in plan.beside.types.items() if name in found[MIXED]}
    found[f"{plan.plain}, as llama.cpp mixes it"] = beside
    return {name: types for name, types in found.items() if plan.file(types) <= plan.beside.head + plan.allowed}


def _types(plan: Plan, solved: choice.Chosen) -> dict[str, str]:
    return {tensor.name: option.kind for group, option in solved.items() for tensor in plan.groups[group][0]}


def told(plan: Plan, found: Found) -> dict[str, Any]:
    """What the artifact states: the budget, the file's bytes, and every mix that was measured as a whole."""
    tried = {one.name: {"kl": one.loss, "bytes": plan.file(one.types)} for one in found.tried}
    return {
        "allowed_bytes": plan.beside.head + plan.allowed, "file_bytes": plan.file(found.best.types),
        "chosen": found.best.name, "together": tried, "kl_added_up": float(f"{found.added_up:.4g}"),
    }  # fmt: skip


def confirm(plan: Plan, tensors: Sequence[Tensor], types: Mapping[str, str], size: int) -> None:
    """Raise BuildError where the types or the size of the finished file are not those that were chosen."""
    placement.confirm(placement.matrices(tensors), types)
    if size != plan.file(types):
        raise BuildError(
            f"the file has {size:,} bytes where {plan.file(types):,} were foretold: this llama.cpp stores it otherwise"
        )
