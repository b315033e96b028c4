"""The user's configuration: `$XDG_CONFIG_HOME/zoosmith/config.yaml`, or `~/.config/zoosmith/config.yaml`.

    registries: [https://zoo.example.org/, file:///srv/zoo]   # by priority
    cache: /data/zoosmith                                     # downloaded files
    who: Ada Lovelace                                         # what histories of registries say

`$ZOOSMITH_CONFIG` names another file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

VARIABLE = "ZOOSMITH_CONFIG"
KEYS = {
    "registries": "folders or URLs that pull, search and show look in, by priority",
    "cache": "folder of downloaded files",
    "who": "your name in the histories of registries",
}


@dataclass(frozen=True)
class Config:
    """What is set; None or nothing where it is not."""

    registries: tuple[str, ...] = ()
    cache: str | None = None
    who: str | None = None

    @classmethod
    def read(cls) -> Config:
        """What the user's file says; nothing where there is none. Raises ZooError for a key or value that is none."""
        file = config_file()
        if not file.is_file():
            return cls()
        import yaml

        try:
            told = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ZooError(f"{file} is no YAML: {' '.join(str(error).split())}; mend it or remove it") from None
        if not isinstance(told, dict):
            raise ZooError(f"{file}: expected `KEY: VALUE` lines with {', '.join(KEYS)}")
        for key, value in told.items():
            _check(str(key), value, f"{file}: ")
        return cls(tuple(told.get("registries") or ()), told.get("cache"), told.get("who"))

    def having(self, key: str, values: Sequence[str]) -> Config:
        """With a key set to values, or unset where there are none. Raises ZooError for a bad key or too many values."""
        _check(key, None)
        if key == "registries":
            return replace(self, registries=tuple(values))
        if len(values) > 1:
            raise ZooError(f"{key} has one value; found {len(values)}: put it in quotes")
        value = values[0] if values else None
        return replace(self, cache=value) if key == "cache" else replace(self, who=value)

    def write(self) -> Path:
        """Write it whole; returns the file."""
        import yaml

        from zoosmith.store.files import write_atomic

        told = {key: list(value) if key == "registries" else value for key, value in self.__dict__.items() if value}
        file = config_file()
        write_atomic(file, yaml.safe_dump(told, sort_keys=True, allow_unicode=True).encode() if told else b"")
        return file


def config_file() -> Path:
    """Where it lies."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "zoosmith" / "config.yaml"


def _check(key: str, value: Any, where: str = "") -> None:
    if key not in KEYS:
        raise ZooError(f"{where}there is no key {key!r}{nearest(key, KEYS)}")
    if value is None:
        return
    texts = value if key == "registries" and isinstance(value, list) else [value]
    if (key == "registries") != isinstance(value, list) or not all(isinstance(text, str) and text for text in texts):
        expected = "a list of folders or URLs" if key == "registries" else "one text"
        raise ZooError(f"{where}{key} is {value!r}; expected {expected}, as `zoosmith config set {key} ...` writes it")
