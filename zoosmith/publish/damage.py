"""An artifact on this machine that is not what it was: told as damaged, with the command that puts it right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from zoosmith import predictor
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import Predictor, folder_of, needed
from zoosmith.project import find_project
from zoosmith.publish.folders import faults


def load(path_or_name: str | Path, *, threads: int = 1) -> Predictor:
    """Open an artifact by folder, or by name from `artifacts/` of the zoo at or above the working directory.

    What it cannot be opened without is found beside it. The zoo is never looked for from the artifact's folder: an
    artifact must not bring code along. Raises ZooError; for files that are not what their manifest says, with the cure.
    """
    with looked_for(str(path_or_name)):
        opened = predictor.load(path_or_name, threads=threads)
        opened.task.length(opened.task.probes()[0])  # reads the tokenizer, which would be opened with the first input
        return opened


@contextmanager
def looked_for(name: str) -> Iterator[None]:
    """Open and ask the artifact `name` inside: where that fails, its files and those that it needs are looked at first.

    Raises ZooError naming each damaged file and the cure; what fails with files that are right is raised as it is.
    """
    try:
        yield
    except Exception as error:
        folder = folder_of(name)
        said = f"{error}\n" if isinstance(error, ZooError) else ""
        require_sound(folder, said)
        for other in needed(folder, find_project()).values():
            require_sound(other, said)
        raise


def require_sound(folder: Path, said: str = "") -> None:
    """Raise ZooError with every file that is not as the manifest in `folder` says, and with the cure.

    said: what stands before it, such as what could not be done with those files.
    """
    try:
        wrong = faults(folder)
    except ZooError as error:
        raise ZooError(f"{error}\n{cure(folder)}") from None
    except OSError as error:
        wrong = [f"{error.filename} cannot be read ({error.strerror})"]
    if wrong:
        lines = "".join(f"\n  {line}" for line in wrong)
        raise ZooError(
            f"{said}{folder} is damaged, or was changed: it is not what its manifest says{lines}\n{cure(folder)}"
        )


def cure(folder: Path) -> str:
    """The commands that put an artifact right."""
    whole, project = folder.resolve(), find_project()
    own = (project / "dodo.py").is_file() and whole.parent == (project / "artifacts").resolve()
    name = quote(whole.name)
    pull = f"zoosmith pull {name} --repair" + ("" if own else f" --into {quote(str(whole.parent))}")
    told = f"`{pull}` fetches it again, with the --registry that it came from"
    return f"`doit artifact:{name}` delivers it again if this zoo built it; {told}" if own else told
