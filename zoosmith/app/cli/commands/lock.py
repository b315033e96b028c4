"""Check a recipe's pins with the hub, and resolve names to commits.

A pin that does not exist there, a file with another SHA-256, and a name that was not replaced by its commit end it
with an error. `--write` changes nothing in the recipe but the commits.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoosmith.sources.lock import Finding


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the recipe and --write to the parser."""
    parser.add_argument("recipe", help="id of a recipe of the zoo you are in, or a YAML file")
    parser.add_argument("--json", action="store_true", help="one JSON object a pin")
    parser.add_argument("--write", action="store_true", help="put the commits into the file where names stand")


def main(given: argparse.Namespace) -> None:
    """Print a line a pin. Raises ZooError if one does not hold, or is not pinned."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import columns, show, show_json
    from zoosmith.contract.errors import ZooError
    from zoosmith.recipes import pins
    from zoosmith.sources.lock import look_up

    path = recipe_file(given.recipe)
    text = text_of(path)
    found = look_up(pins.read(text, str(path)), tell=lambda line: show(line, to=sys.stderr))
    if not found:
        show(f"{path} names no repository, so there is nothing to pin")
        return
    for each in found if given.json else ():
        show_json(plain(each))
    for line in (
        () if given.json else columns([("line", "pin", "repo", "pinned", "newest", "the pin is"), *rows(found)])
    ):
        show(line)
    faults = [f"{path}:{f.pin.line}: {'.'.join(f.pin.where)}: {fault}" for f in found for fault in f.faults]
    left = [f for f in found if f.to_write]
    if given.write:
        write(path, text, left)
    for each in left:
        where = f"{path}:{each.pin.line}: {'.'.join(each.pin.where)}"
        show(f"{where}: revision: {each.commit} ({'written' if given.write else 'not written'})")
    if left and not given.write:
        faults.append(f"{path} names what may move; put the commits in with `zoosmith lock {given.recipe} --write`")
    if faults:
        raise ZooError("\n".join(faults))


def recipe_file(named: str) -> Path:
    """The recipe's file. Raises ZooError with the nearest id."""
    from zoosmith.build.recipe_files import recipe_files
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError
    from zoosmith.project import find_project

    path = Path(named)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise ZooError(f"{named} is no file; give a recipe's YAML file, or its id in a zoo")
        return path
    known = recipe_files(find_project())
    if named not in known:
        raise ZooError(f"no recipe is called {named!r}{nearest(named, known)}")
    found = known[named].resolve()
    return found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found


def text_of(path: Path) -> str:
    """The file's text, line ends as they are. Raises ZooError."""
    from zoosmith.contract.errors import ZooError

    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ZooError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise ZooError(f"{path} cannot be read ({error.strerror})") from None


def rows(found: list[Finding]) -> list[tuple[str, ...]]:
    """A line of the table for each pin."""
    made: list[tuple[str, ...]] = []
    for each in found:
        pin = each.pin
        pinned = pin.revision[:12] if pin.is_commit else f"{pin.revision or 'nothing'} = {each.commit[:12] or '?'}"
        newest = f"{each.newest[:12]} {each.date}".strip() or "?"
        says = "; ".join(each.remarks) or "not known"
        made.append((str(pin.line), ".".join(pin.where), pin.repo, pinned, newest, says))
    return made


def write(path: Path, text: str, found: list[Finding]) -> None:
    """Put the commits into the file, whole or not at all. Raises ZooError."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.recipes import pins
    from zoosmith.store.files import write_atomic

    made = pins.rewritten(text, str(path), {each.pin.where: each.commit for each in found})
    if made == text:
        return
    try:
        write_atomic(path.resolve(), made.encode())
    except OSError as error:
        raise ZooError(f"{path} cannot be written ({error.strerror}); nothing was changed") from None
