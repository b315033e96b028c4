"""Failures that a script must tell apart: each has an exit code of its own (docs/exit-codes.md)."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError


class Refused(ZooError):
    """A gate or a condition does not hold, so a name stays where it is."""

    code = 4


class Undecided(ZooError):
    """What was asked decides nothing at this number of examples."""

    code = 5


class RolledBack(ZooError):
    """A condition held, and a name went back to the version before."""

    code = 6


class Moved(ZooError):
    """Somebody else changed the same registry meanwhile; nothing of this call is in it."""

    code = 7


class Outdated(ZooError):
    """Something here has a newer version, or was yanked."""

    code = 8


def code_of(error: ZooError) -> int:
    """The exit code of an error of ours."""
    return int(getattr(error, "code", 1))
