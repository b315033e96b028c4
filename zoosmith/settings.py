"""zoosmith.toml beside dodo.py: what a zoo says of stores and machines around it. Nothing in it decides a result."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

FILE = "zoosmith.toml"
SECTIONS = ("cache", "executor")


@dataclass(frozen=True)
class Settings:
    """The parsed file and its text, which messages take line numbers from."""

    text: str
    tables: dict[str, Any]

    def entries(self, section: str) -> list[dict[str, Any]]:
        """The tables of `[[section]]`, in order. Raises ZooError where it is written as something else."""
        found = self.tables.get(section, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.fault(f"write `[[{section}]]` above each {section}", section)
        return found

    def table(self, section: str) -> dict[str, Any]:
        """The table of `[section]`, empty where there is none. Raises ZooError where it is written otherwise."""
        found = self.tables.get(section, {})
        if not isinstance(found, dict):
            raise self.fault(f"write `[{section}]` once, with its keys below it", section)
        return found

    def fault(self, words: str, key: str, section: str | None = None, nth: int = 0) -> ZooError:
        """An error that names file and line: of `key`, in the table number `nth` of `[[section]]` if one is given."""
        return ZooError(f"{FILE}:{self._line(key, section, nth)}: {words}")

    def _line(self, key: str, section: str | None, nth: int) -> int:
        """The line of a key, counted from 1; that of its table, or of the file, where the key stands on none."""
        lines, first = self.text.splitlines(), 0
        last = len(lines)
        if section:
            heads = [i for i, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{section}\s*\]\]", line)]
            first, last = [*heads, last][nth : nth + 2] if nth < len(heads) else (0, last)
        named = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        return next((i for i in range(first, last) if named.match(lines[i])), first) + 1


def settings(project: Path) -> Settings:
    """What the zoo's zoosmith.toml says; nothing where there is none. Raises ZooError for what it does not know."""
    try:
        text = (project / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings("", {})
    except UnicodeDecodeError:
        raise ZooError(f"{FILE} is no UTF-8") from None
    try:
        found = Settings(text, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ZooError(f"{FILE} is no TOML: {error}") from None
    for key in found.tables.keys() - set(SECTIONS):
        raise found.fault(f"{key!r} is not known{nearest(key, SECTIONS)}", key)
    return found
