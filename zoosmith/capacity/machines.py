"""Machines and what they cost: the user's list, how many of each carry a load, and the sum a month."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model
from zoosmith.recipes.yaml import RecipeError, document, explain
from zoosmith.records.host import Host
from zoosmith.stats.intervals import Estimate

FORMAT = """\
  as_of: 2026-01-31          # when the prices were so
  source: our provider's list of prices
  currency: EUR
  machines:
    - {name: this-one, host: HOST, cores: CORES, price: 305}     # price: of a month; host: this machine, measured
    - {name: larger, cores: 16, price: 585, relative: 6.5}     # relative: its speed, where you have measured it"""
COLUMNS = ("name", "cores", "price", "currency")
OPTIONAL = ("host", "relative")


class Machine(Model):
    """A kind of machine. `relative` is its speed, that of the measured host being 1; `price` is of a month.

    Without `relative` the speed goes by the number of cores. `host` is the id of the machine that it is.
    """

    name: str = Field(min_length=1)
    cores: int = Field(gt=0)
    price: float = Field(ge=0, allow_inf_nan=False)
    currency: str | None = None
    relative: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    host: str | None = None


class Machines(Model):
    """What a file lists; `currency` is that of rows that name none, `as_of` and `source` say whose prices they are."""

    as_of: str | None = None
    source: str | None = None
    currency: str | None = None
    machines: list[Machine] = Field(min_length=1)


@dataclass(frozen=True)
class Needed:
    """How many of a machine carry the load; `most` and `dearest` are None where no rate surely holds.

    per_second: what one sustains. utilisation: share of that which each has to carry. basis: how `per_second` is known:
    "measured", or "estimated" with by what.
    """

    machine: Machine
    currency: str
    basis: str
    per_second: Estimate
    number: int
    fewest: int
    most: int | None
    utilisation: float

    def price(self, number: int | None) -> float | None:
        """Of so many machines a month."""
        return None if number is None else number * self.machine.price


def read_machines(file: Path, host: Host) -> Machines:
    """The list in a YAML or CSV file. Raises ZooError naming file, line and key; `host` is for the example."""
    if not file.is_file():
        beside = [path.name for path in file.parent.glob("*.*")] if file.parent.is_dir() else []
        raise ZooError(f"--machines {file}: no such file{nearest(file.name, beside)}. {example(host)}")
    readers = {".yaml": _yaml, ".yml": _yaml, ".csv": _csv}
    if file.suffix.lower() not in readers:
        raise ZooError(f"--machines {file}: found {file.suffix or 'no ending'!r}; expected .yaml or .csv")
    found = readers[file.suffix.lower()](file)
    if bare := [one.name for one in found.machines if not (one.currency or found.currency)]:
        raise ZooError(f"{file}: the price of {bare[0]!r} has no currency; add `currency: EUR` above `machines`")
    names = [one.name for one in found.machines]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ZooError(f"{file}: two machines are called {twice[0]!r}; give each a name of its own")
    return found


def example(host: Host) -> str:
    """What a file looks like, this host in it."""
    text = FORMAT.replace("HOST", host.id).replace("CORES", str(host.cores))
    return f"It is a list of yours, in YAML such as\n{text}\n  or in CSV with the columns {', '.join(COLUMNS)}"


def _yaml(file: Path) -> Machines:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ZooError(f"{file}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    found: Any = document(text, str(file), "a mapping with currency, machines")
    found = found | ({"as_of": str(found["as_of"])} if "as_of" in found else {})  # YAML reads it as a date
    try:
        return Machines.model_validate(found)
    except ValidationError as error:
        raise RecipeError(explain(error, text, str(file), model=Machines)) from None


def _csv(file: Path) -> Machines:
    from zoosmith.sources.csv_rows import table

    rows, found = table(file, {name: name for name in COLUMNS}, lambda text: None), []
    for number, row in rows.read():
        if strange := sorted({*row} - {*COLUMNS, *OPTIONAL}):
            raise ZooError(f"{file}:1: unknown column {strange[0]!r}{nearest(strange[0], (*COLUMNS, *OPTIONAL))}")
        found.append(_machine(row, rows.place(number)))
    if not found:
        raise ZooError(f"{file}: it lists no machine; its columns are {', '.join(COLUMNS)}, and one row is one machine")
    return Machines(machines=found)


def _machine(row: Mapping[str, str], place: str) -> Machine:
    try:
        return Machine.model_validate({name: text.strip() for name, text in row.items() if text.strip()})
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = str(fault["loc"][0])
        what = "is missing" if fault["type"] == "missing" else f"found {fault['input']!r}: {fault['msg']}"
        raise ZooError(f"{place}: {key}: {what}") from None


def needed(machine: Machine, machines: Machines, asked: float, sustained: Estimate, host: Host) -> Needed:
    """How many of `machine` answer `asked` a second, by what this host sustains, its interval carried through.

    A rate over what one sustains, rounded up; the fewest by the upper end of the interval, the most by the lower.
    """
    factor, basis = _speed(machine, host)
    one = Estimate(factor * sustained.value, factor * sustained.low, factor * sustained.high, sustained.n)
    number = machines_for(asked, one.value)
    return Needed(
        machine=machine,
        currency=machine.currency or machines.currency or "",
        basis=basis,
        per_second=one,
        number=number,
        fewest=machines_for(asked, one.high),
        most=machines_for(asked, one.low) if one.low > 0 else None,
        utilisation=asked / (number * one.value),
    )


def machines_for(asked: float, each: float) -> int:
    """The least number of machines that carry `asked` where one carries `each`; one is needed for any load."""
    return max(1, math.ceil(asked / each))


def _speed(machine: Machine, host: Host) -> tuple[float, str]:
    """That of the measured host being 1, and how it is known."""
    if host.id in (machine.host, machine.name):
        return 1.0, "measured"
    if machine.relative is not None:
        return machine.relative, f"estimated, {machine.relative:g} times this host by the list"
    return machine.cores / host.cores, f"estimated by cores, {machine.cores} against {host.cores} here"
