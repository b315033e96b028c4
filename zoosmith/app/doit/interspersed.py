"""Options behind the names that they are about, as in `doit build:NAME --continue`: doit itself takes them before."""

from __future__ import annotations

from collections.abc import Mapping


def options_first(words: list[str], flags: Mapping[str, bool]) -> list[str]:
    """The words with known long options moved to the front, in their order.

    flags: by "--name", whether the option is a flag; others take the next word, unless `=` gives them their value.
    What follows a word of a task's own, such as `--rows` of a cross-validation, stays where it is.
    """
    front: list[str] = []
    rest: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, given, _ = word.partition("=")
        if name not in flags:
            rest.append(word)
            continue
        front.append(word)
        if not flags[name] and not given and waiting:
            front.append(waiting.pop(0))
    return front + rest
