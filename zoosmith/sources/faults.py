"""What is wrong with rows, told once for each kind: where it is found first, and how often."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError

MOST_KINDS = 20


class BadRow(ValueError):
    """A row that cannot be used; says why, not where."""


class Faults:
    """Faults of the rows of a data set. Memory does not grow with the rows."""

    def __init__(self) -> None:
        """None yet."""
        self._found: dict[str, tuple[str, int]] = {}
        self._others = 0

    def add(self, place: str, what: str, rows: int = 1) -> None:
        """Count `rows` with a fault; `place` is that of the first."""
        if what not in self._found and len(self._found) == MOST_KINDS:
            self._others += rows
            return
        first, count = self._found.get(what, (place, 0))
        self._found[what] = first, count + rows

    def refuse(self) -> None:
        """Raise ZooError if there are any."""
        if not self._found:
            return
        lines = [_line(place, what, count) for what, (place, count) in self._found.items()]
        more = [f"and {self._others} rows with other faults"] if self._others else []
        raise ZooError("\n".join(lines + more))


def _line(place: str, what: str, count: int) -> str:
    return f"{place}: {what}" + (f" ({count} such rows, this is the first)" if count > 1 else "")
