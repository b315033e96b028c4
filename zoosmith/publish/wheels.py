"""The packages that open what is carried, as wheels: for a machine that has Python and no network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from zoosmith import __version__, plugins
from zoosmith.contract.errors import ZooError
from zoosmith.publish.archive import Member, member
from zoosmith.publish.content import Content
from zoosmith.store.files import sha256_file

FOLDER = "wheels"
TIMEOUT_S = 1800


def extras(contents: Iterable[Content], project: Path) -> list[str]:
    """The extras of zoosmith whose runtimes open these formats; bases have none."""
    formats = {each.row.format for each in contents if each.row.task != "none"}
    return sorted({plugins.load("runtimes", format, project).EXTRA for format in formats})


def fetch(wanted: list[str], into: Path) -> list[Member]:
    """Wheels of zoosmith with these extras and of all that they require, in the versions that are installed here.

    pip's own settings count (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX). Raises ZooError with pip's last lines.
    """
    into.mkdir(parents=True, exist_ok=True)
    pins = into / "constraints.txt"
    pins.write_text("".join(sorted(_pins())))
    own = f"zoosmith[{','.join(wanted)}]=={__version__}" if wanted else f"zoosmith=={__version__}"
    options = ["--only-binary", ":all:", "--constraint", str(pins), "--dest", str(into / FOLDER), own]
    said = _pip("download", "--quiet", *options)
    if said is not None:
        raise ZooError(
            f"pip has no wheels of {own}: {said}\nMake one of zoosmith by `pip wheel --no-deps -w DIR CHECKOUT`, "
            "and set PIP_FIND_LINKS=DIR"
        )
    return [
        member(f"{FOLDER}/{file.name}", file, file.stat().st_size, sha256_file(file))
        for file in sorted((into / FOLDER).glob("*.whl"))
    ]


def _pip(*words: str) -> str | None:
    """Run pip; its last words where it fails, without a password that stands in the address of an index."""
    command = [sys.executable, "-m", "pip", *words, "--disable-pip-version-check", "--no-input"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it took longer than {TIMEOUT_S} s"
    said = re.sub(r"//[^/\s@]*@", "//...@", " ".join(done.stderr.split()))
    return said[-600:] if done.returncode else None


def _pins() -> Iterable[str]:
    """name==version of all that is installed, which a second run finds again."""
    for each in metadata.distributions():
        name = each.metadata["Name"]
        if name and name.lower() != "zoosmith":
            yield f"{name}=={each.version.partition('+')[0]}\n"  # local parts, as `+cpu`, are in no index
