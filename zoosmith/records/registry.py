"""registry.json: every artifact, its versions, files with hashes, and what was measured.

Rows are sorted, so that two people's additions merge cleanly. `zoosmith.records.rows` makes and adds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Model, Sha256
from zoosmith.records import history
from zoosmith.records.gates import Check
from zoosmith.records.history import Move
from zoosmith.records.migration import migrated
from zoosmith.records.result import Result
from zoosmith.records.schema import File

INSTALL = r"^(https|git\+https|git\+ssh|file)://[A-Za-z0-9@:/._+#&=~-]+$"  # stands in a line for a shell


class Gates(Model):
    """Whether the artifact met its recipe's limits."""

    passed: bool
    checks: tuple[Check, ...]


class Row(Model):
    """One version of one artifact. Where `locations` is empty, `doit build:NAME` makes it.

    signed_by: ids of the keys whose signatures lie beside its files; only those who trust one can say what it is worth.
    """

    recipe: str
    artifact: str
    builder: str
    format: str
    precision: str
    task: str
    license: str
    base: tuple[str, ...]
    parents: dict[str, str]
    reference: str
    needs: dict[str, str]
    tree_digest: str
    files: tuple[File, ...]
    size_own: int
    size_total: int
    action_key: str
    packages: dict[str, str]
    results: tuple[Result, ...]
    gates: Gates
    card: str
    locations: tuple[str, ...] = ()
    signed_by: tuple[Sha256, ...] = Field(default=(), exclude_if=lambda value: not value)


class Entry(Model):
    """All versions of one artifact by number; aliases name a number.

    yanked: by number, why a version is to be had by its number alone. history: every change of aliases and of `yanked`.
    """

    latest: int
    aliases: dict[str, int] = {}
    yanked: dict[str, str] = Field(default={}, exclude_if=lambda value: not value)
    history: tuple[Move, ...] = Field(default=(), exclude_if=lambda value: not value)
    versions: dict[str, Row]

    @property
    def newest(self) -> int | None:
        """What NAME alone means: `latest`, or the highest that is not yanked; None where all are."""
        return newest(self.latest, self.versions, self.yanked)

    @model_validator(mode="after")
    def _numbered(self) -> Entry:
        for key in self.versions:
            if not re.fullmatch("[1-9][0-9]{0,8}", key):
                raise ValueError(f"{key!r} is no version; versions are numbers from 1")
        for name, number in {"latest": self.latest, **self.aliases}.items():
            if str(number) not in self.versions:
                raise ValueError(f"{name} is version {number}, which is not there; was a merge left unfinished?")
        return self

    @model_validator(mode="after")
    def _followed(self) -> Entry:
        if fault := history.fault(self.history, self.aliases, self.yanked, self.versions):
            raise ValueError(f"{fault}; take the registry from its history, or from another copy, and compare")
        return self


def newest(latest: int, versions: Iterable[str], yanked: Container[str]) -> int | None:
    """As `Entry.newest`, of an entry's parts."""
    if str(latest) not in yanked:
        return latest
    return max((int(number) for number in versions if number not in yanked), default=None)


class Registry(Model):
    """The whole file. One of schema 1 is read as well; what is written is of schema 2.

    install: where pip gets zoosmith from, a wheel's address or `git+https://...`, which cards repeat; None where those
    who use the zoo have a checkout. Its owner writes it. Source: PEP 508, direct references.
    """

    schema_: Literal[2] = Field(default=2, alias="schema")
    install: str | None = Field(default=None, pattern=INSTALL, exclude_if=lambda value: value is None)
    artifacts: dict[str, Entry] = {}

    @model_validator(mode="before")
    @classmethod
    def _of_schema_2(cls, told: Any) -> Any:
        try:
            return migrated(told) if isinstance(told, dict) and told.get("schema") == 1 else told
        except (KeyError, TypeError, AttributeError, StopIteration) as error:
            raise ValueError(f"is of schema 1, and damaged: {type(error).__name__} {error}") from None


RESTORE = "restore the file from its history (`git restore`)"


def parse(text: str, file: str) -> Registry:
    """The registry in `text`. Raises ZooError naming the first thing that is wrong."""
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise ZooError(f"{file}:{error.lineno}: {error.msg}; was a merge left unfinished?") from None
    except (RecursionError, ValueError):  # Python reads no such numbers
        raise ZooError(f"{file}: nested too deeply, or with numbers of thousands of digits; {RESTORE}") from None
    try:
        return Registry.model_validate(told)
    except ValidationError as error:
        raise ZooError(f"{fault(error, file)}; {RESTORE}") from None


def fault(error: ValidationError, file: str) -> str:
    """The first thing that is wrong in a registry, and where."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the registry"
    return f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}"


def to_text(registry: Registry) -> str:
    """The committed form: keys sorted as text, one final newline."""
    return pretty(registry.model_dump(mode="json", by_alias=True))


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of registry.json: `zoosmith schema registry`."""
    schema = Registry.model_json_schema(by_alias=True, mode="serialization")
    return schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Zoosmith registry"}
