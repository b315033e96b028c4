"""Text for people: columns as wide as they must be, and the only functions of commands that print.

What they print may be a stranger's: a label, a task, a name in a registry. It steers no terminal and forges no line.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from zoosmith.common.safe import printable

CELL = 60
WIDTH = 120
HUSHED = {"hushed": False}
"""Whether notes and progress are left out, as --quiet asks: answers and errors never are."""
UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""What a stream answers that takes no more; errors of files name the file."""
JOINERS = "\u200c\u200d"  # without width, and part of words of some languages


def hush(hushed: bool = True) -> None:
    """From here on leave out what is said beside answers and errors, in this process."""
    HUSHED["hushed"] = hushed


def hushed() -> bool:
    """Whether notes and progress are left out."""
    return HUSHED["hushed"]


def show(line: str, *, to: TextIO | None = None) -> None:
    """Print one line to standard output, or `to`: a line break in it is replaced as what steers a terminal is.

    A line to standard error is a note, which --quiet leaves out; errors go through `show_error`.
    """
    if to is None or to is not sys.stderr or not hushed():
        _line(line, to)


def _line(line: str, to: TextIO | None) -> None:
    _write(inline(line) + "\n", to)


def show_lines(text: str, *, to: TextIO | None = None) -> None:
    """Print text whose line breaks are ours."""
    for line in text.split("\n"):
        show(line, to=to)


def show_error(who: str, text: str) -> None:
    """Print a message to standard error; no line of it but the first begins where a message of ours would."""
    first, *more = text.split("\n")
    _line(f"{who}: {first}", sys.stderr)
    for line in more:
        _line(line if line.startswith("  ") else f"  {line}", sys.stderr)


def show_json(value: Any) -> None:
    """Print a value as one line of JSON; characters that could steer a terminal are escaped, so nothing is lost."""
    dumped = json.dumps(value, ensure_ascii=False)
    _write("".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in dumped) + "\n", None)


def show_part(text: str) -> None:
    """Print a part of a longer text at once, such as what a model writes: line breaks and tabs stay."""
    _write("".join(char if _flows(char) else "\N{REPLACEMENT CHARACTER}" for char in text), None)
    if sys.stdout is not None:
        sys.stdout.flush()


def while_read(work: Callable[[], int]) -> int:
    """The exit code of `work`, which prints; 1 where the reader of standard output, such as `head`, has seen enough."""
    try:
        try:
            return work()
        finally:  # also where it ends by itself, as argparse does behind a help text
            _flush()
    except BrokenPipeError:
        _let_go()
        return 1
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITTEN:
            raise
        _unwritten(error)
        return 1


def _unwritten(error: OSError) -> None:
    """Say that what was to be printed is lost, and print nothing more."""
    _let_go()
    show_error("ERROR", f"what was to be printed could not be written: {(error.strerror or str(error)).lower()}")


def _flush() -> None:
    """Write out what was printed; where that cannot be, as on a full disk, say so and end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _unwritten(error)
        raise SystemExit(1) from None


def _let_go() -> None:
    """Print nothing more: Python would fail again as it flushes at the end."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    os.close(silent)


def inline(text: str) -> str:
    """The text in one line, without what steers a terminal."""
    return printable(text).replace("\n", "\N{REPLACEMENT CHARACTER}")


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """One line a row, each column as wide as its widest cell."""
    clean = [[inline(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]


def aligned(rows: Sequence[Sequence[str]], indent: str = "", cell: int | None = CELL) -> str:
    """Rows of equal length as lines; longer cells are cut unless `cell` is None, what steers a terminal is replaced."""
    cut = [[_cut(printable(text).replace("\n", " "), cell) for text in row] for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(cut[0]))] if cut else []
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in cut)
    return "\n".join(indent + line.rstrip() for line in lines)


def bullet(text: str) -> str:
    """A remark as an item of a list, wrapped."""
    return textwrap.fill(
        printable(text),
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cut(text: str, most: int | None) -> str:
    return text if most is None or len(text) <= most else text[: most - 3] + "..."


def _flows(char: str) -> bool:
    return char.isprintable() or char in "\n\t" or char in JOINERS or unicodedata.category(char) == "Zs"


def _write(text: str, to: TextIO | None) -> None:
    """Write what the stream's encoding has; the rest is written as escapes."""
    stream = to or sys.stdout
    if stream is None:  # as Python has it where a shell has closed it: `>&-`
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def not_utf8(arguments: Iterable[str]) -> str | None:
    """The first argument of a command line that held bytes that are no UTF-8, as ASCII; None where all is well."""
    return next((ascii(text) for text in arguments if any("\udc80" <= sign <= "\udcff" for sign in text)), None)
