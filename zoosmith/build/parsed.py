"""Recipes that were parsed once are not parsed again: kept by digest of their text, in the store.

YAML and its checks take some ms a recipe, and every command reads all of them. What is kept are pickles of `Recipe`,
read by an unpickler that makes nothing but the models of `zoosmith.recipes`: whoever writes into the store cannot make
this process run anything else. A file that is damaged, or of another version of the reader, is no file.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pydantic

from zoosmith.build.codehash import closure_key, code_digests
from zoosmith.plugins import PACKAGE
from zoosmith.recipes.schema import Model, Recipe
from zoosmith.store import heal

FILE = Path("kept", "recipes")  # below the store
MODELS = "zoosmith.recipes."


class KeptRecipes:
    """Parsed recipes of one store."""

    def __init__(self, store: Path) -> None:
        """Below the folder `store`."""
        self.store = store
        self._bytes = self._load()
        self._asked: dict[str, bytes] = {}
        self._is_new = False

    def get(self, text: str) -> Recipe | None:
        """The recipe of a text; None where it is not kept."""
        key = _key(text)
        if key not in self._bytes:
            return None
        self._asked[key] = self._bytes[key]
        return unpickled(self._bytes[key])

    def put(self, text: str, recipe: Recipe) -> None:
        """Keep the recipe of a text, where that is what comes back: parameters may hold what is no plain value."""
        data = pickle.dumps(recipe, protocol=5)
        if unpickled(data) == recipe:
            self._asked[_key(text)], self._is_new = data, True

    def save(self) -> None:
        """Write what was asked for; where that cannot be, the next run parses again."""
        if self._is_new and self.store.is_dir():
            body = pickle.dumps(self._asked, protocol=5)
            with suppress(OSError):
                heal.place(self.store / FILE, _seal(body) + body, self.store)

    def _load(self) -> Mapping[str, bytes]:
        try:
            told = heal.read_regular(self.store / FILE) or b""
        except OSError:
            return {}
        seal, body = told[:64], told[64:]
        found = _plain(body) if body and seal == _seal(body) else None
        return found if isinstance(found, dict) else {}


class _Unpickler(pickle.Unpickler):
    """Makes models of recipes, and nothing else that has a name."""

    def find_class(self, module: str, name: str) -> Any:
        """The model. Raises UnpicklingError for anything else."""
        found = getattr(import_module(module), name, None) if module.startswith(MODELS) else None
        if isinstance(found, type) and issubclass(found, Model):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no model of a recipe")


def unpickled(data: bytes) -> Recipe | None:
    """The recipe in `data`; None where that is no recipe alone."""
    found = _plain(data)
    return found if isinstance(found, Recipe) else None


def _plain(data: bytes) -> Any:
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except Exception:  # bytes that are no pickle raise many kinds
        return None


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _seal(body: bytes) -> bytes:
    """Digest of the bytes, and of what they were made by."""
    reader = closure_key(code_digests(PACKAGE / "recipes" / "yaml.py"))
    made_by = repr((sys.version, pydantic.VERSION, reader)).encode()
    return hashlib.sha256(made_by + b"\0" + body).hexdigest().encode()
