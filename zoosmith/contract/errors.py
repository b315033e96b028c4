"""What goes wrong in a way that the user can mend."""

from __future__ import annotations


class ZooError(Exception):
    """Something the user can mend. The text says what is wrong, what was found and what to do next."""


class BuildError(ZooError):
    """A builder cannot make its artifact from what it was given."""
