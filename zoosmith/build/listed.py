"""What `doit list` said, kept: it says the same again while recipes, plug-ins and code are the same.

The overview is a function of these alone, and reading recipes takes longer than all else that a list needs. What is
kept names the fingerprint that it was made for (`checked.fingerprint`), so a file that was edited, added or taken away
since is seen; of a broken recipe or plug-in nothing is kept.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from zoosmith import plugins
from zoosmith.build import checked
from zoosmith.build.recipe_files import recipe_files, shown_as, text_of
from zoosmith.contract.errors import ZooError
from zoosmith.store import heal

FILE = Path("artifacts", ".list")  # beside what `checked` keeps, so that a zoo without a store has it too


def mark(project: Path) -> str | None:
    """What tells the zoo in `project` from itself after a change; None where its dodo.py is no copy of ours.

    A dodo.py of somebody's own may do anything. Take the mark before the zoo is read: what changes meanwhile is seen.
    """
    try:
        if (project / "dodo.py").read_bytes() != plugins.shipped("dodo.py").read_bytes():
            return None
        files = ((path, shown_as(path, project)) for path in recipe_files(project).values())
        return checked.fingerprint(project, {shown: text_of(path, shown) for path, shown in files})
    except (OSError, ZooError):  # told by what reads it next
        return None


def kept(project: Path, mark: str) -> str | None:
    """What was said of the zoo in `project` when its mark was this; None where that is not known, or was damaged."""
    try:
        seal, _, text = (heal.read_regular(project / FILE) or b"").partition(b"\n")
        return text.decode() if seal == _seal(mark, text) else None
    except (OSError, ValueError):
        return None


def keep(project: Path, mark: str, text: str) -> None:
    """Keep what was said of the zoo in `project`; where nothing can be written, the next run finds it out again."""
    artifacts = project / FILE.parent
    if artifacts.is_dir():
        with suppress(OSError):
            heal.place(project / FILE, _seal(mark, text.encode()) + b"\n" + text.encode(), artifacts)


def _seal(mark: str, text: bytes) -> bytes:
    return hashlib.sha256(mark.encode() + b"\0" + text).hexdigest().encode()
