"""Where recipes lie, and their texts; read without what judges them, which takes longer to import than all else."""

from __future__ import annotations

from pathlib import Path

from zoosmith import plugins
from zoosmith.common.names import IDENTIFIER
from zoosmith.contract.errors import ZooError


def recipe_files(project: Path, broken: dict[str, ZooError] | None = None) -> dict[str, Path]:
    """Recipe files by id; the project's win over shipped ones of the same id.

    broken: gets by name what is wrong with files that can be no recipe, so that others go on. Raises it without that.
    """
    files: dict[str, Path] = {}
    for folder in (plugins.shipped("recipes"), project / "recipes"):
        files |= _recipes_in(folder, broken)
    return {id: path for id, path in files.items() if id not in (broken or ())}


def own_families(project: Path) -> set[str]:
    """Ids of the zoo's own recipes; what is shipped beside them is known to every zoo."""
    return set(_recipes_in(project / "recipes"))


def _recipes_in(folder: Path, broken: dict[str, ZooError] | None = None) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() not in (".yaml", ".yml") or path.name.startswith("."):
            continue
        fault = _fault(path, files)
        if fault and broken is None:
            raise _wrong(fault)
        if fault and broken is not None:
            broken[path.stem] = _wrong(fault)
            continue
        files[path.stem] = path
    return files


def _fault(path: Path, before: dict[str, Path]) -> str | None:
    """Why a file can be no recipe beside those before it."""
    if not IDENTIFIER.fullmatch(path.stem):
        return f"{path}: a recipe's file name is its id: lower-case letters, digits, '-'"
    if path.stem in before:
        return f"{path} and {before[path.stem].name} are both the recipe {path.stem!r}; keep one"
    return None


def shown_as(path: Path, project: Path) -> str:
    """How messages name a recipe's file: below the project, or else as it is."""
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)


def text_of(path: Path, shown: str) -> str:
    """The text of a recipe's file. Raises RecipeError, which calls it `shown`."""
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise _wrong(f"{shown}: cannot be read: it is no regular file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _wrong(f"{shown}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise _wrong(f"{shown}: cannot be read: {error.strerror}") from None


def _wrong(message: str) -> ZooError:
    from zoosmith.recipes.yaml import RecipeError

    return RecipeError(message)
