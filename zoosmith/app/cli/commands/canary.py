"""Ask two versions the same real inputs, and say by paired statistics whether the first may take the second's place.

Exit code 0 where it may, 4 where it may not, 5 where so few inputs decide nothing. With --rollback-if, a step of a
pipeline: 6 where the condition holds and the name went back, else 0.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._found import here
from zoosmith.app.cli.commands._numbers import counted, share, threads
from zoosmith.app.cli.commands._registry import NAMED, changed_argument, json_argument, tell_index

if TYPE_CHECKING:
    from zoosmith.publish.canary import Canary
    from zoosmith.publish.conditions import Condition
    from zoosmith.publish.local import Found


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which two, on what data, and what follows."""
    parser.add_argument("name", help=f"{NAMED}, or a folder")
    parser.add_argument(
        "--against", required=True, metavar="WHICH", help="an alias, a number, or another name or folder"
    )
    parser.add_argument(
        "--data", required=True, type=Path, metavar="FILE", help="inputs: .jsonl, .csv, .tsv or .parquet"
    )
    column = "column of --data that holds an input of the task (default: of the same name)"
    parser.add_argument("--column", action="append", default=[], metavar="INPUT=COLUMN", help=column)
    label = "column of true labels (default: label, if there is one); `--label -` for none"
    parser.add_argument("--label", metavar="COLUMN", help=label)
    parser.add_argument("--rows", type=counted, metavar="N", help="the first N rows alone")
    parser.add_argument("--margin", type=share, metavar="X", help="loss of accuracy that matters (default: 0.01)")
    least = "least agreement without labels (default: the recipe's gate, else 0.98)"
    parser.add_argument("--min-agreement", type=share, metavar="X", help=least)
    condition = "let the name that stands for it go back: loss, undecided, or a figure such as 'accuracy_change<-0.01'"
    parser.add_argument("--rollback-if", metavar="CONDITION", help=condition)
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="threads that compute (default: 1)")
    changed_argument(parser)
    json_argument(parser, "what was found, with the verdict")


def main(given: argparse.Namespace) -> None:
    """Ask, say what was found, and go back if that is asked for. Raises Refused, Undecided or RolledBack."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show_json, show_lines
    from zoosmith.publish.canary import require_file

    require_file(given.data)
    new = here(given)
    old = here(given, against(given))
    alias, found, held = look(given, new, old)
    rolled = back(given, new, old, alias, held) if held else None
    if given.json:
        show_json({**plain(found), "rolled_back": rolled})
    else:
        show_lines(text(found))
    end(given, found, held, rolled)


def against(given: argparse.Namespace) -> str:
    """What --against means: an alias or number of the same artifact, else a name of its own."""
    from zoosmith.publish.asked import parted
    from zoosmith.publish.local import is_version

    name: str = given.against
    if is_version(name) or Path(name).exists() or not is_version(given.name):
        return name
    return f"{parted(given.name)[0]}:{name}"


def look(given: argparse.Namespace, new: Found, old: Found) -> tuple[str | None, Canary, list[Condition]]:
    """The name that may go back, what was found, and the conditions that hold. Raises ZooError."""
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish import canary, conditions
    from zoosmith.publish.damage import load

    first, second = (load(one.folder, threads=given.threads) for one in (new, old))
    if first.manifest.task.kind != second.manifest.task.kind:  # type: ignore[union-attr]  # what was opened has a task
        raise ZooError(f"{new.title} and {old.title} answer different tasks and cannot be compared")
    columns = columns_of(given, first.task.spec.inputs)
    progress = Progress(unit="rows")
    try:
        table = canary.table_of(given.data, columns | label_column(given), progress.say)
        label = label_of(given, table)
        wanted = conditions.conditions(given.rollback_if, labelled=bool(label)) if given.rollback_if else []
        alias = alias_of(given, new) if wanted else None
        classes = tuple(dict.fromkeys((*first.labels, *second.labels)))
        asked = list(canary.rows(table, first.task.spec.inputs, columns, label, classes, given.rows))
        progress.begin(f"asking {new.title} and {old.title}", len(asked))
        mine, theirs = canary.ask_both(first, second, asked, (new.title, old.title), progress.won)
    finally:
        progress.close()
    true = [row.label or "" for row in asked] if label else None
    least = given.min_agreement if given.min_agreement is not None else gated(new)
    found = canary.judge(mine, theirs, true, margin=given.margin, least=least, classes=classes)
    return alias, found, [one for one in wanted if one.holds(found)]


def columns_of(given: argparse.Namespace, inputs: tuple[str, ...]) -> dict[str, str]:
    """Column of each input. Raises ZooError for an input that there is not."""
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    found = {name: name for name in inputs}
    for told in given.column:
        name, equals, column = told.partition("=")
        if not equals or name not in inputs:
            raise ZooError(f"--column {told}: expected INPUT=COLUMN{nearest(name, inputs)}")
        found[name] = column
    return found


def label_column(given: argparse.Namespace) -> dict[str, str]:
    """The column that may hold true labels, for readers that read no other columns than those they are told of."""
    from zoosmith.publish import canary

    return {} if given.label == "-" else {canary.LABEL: given.label or canary.LABEL}


def label_of(given: argparse.Namespace, table: object) -> str | None:
    """The column of true labels; None for none."""
    from zoosmith.publish import canary

    if given.label is not None:
        return None if given.label == "-" else str(given.label)
    return canary.LABEL if canary.has_labels(table) else None  # type: ignore[arg-type]


def gated(new: Found) -> float | None:
    """The least agreement that the recipe gates, as the row says; None where it gates none."""
    from zoosmith.records.judging import LIMIT

    for check in new.version.row.gates.checks if new.version else ():
        if check.gate == "agreement" and (told := LIMIT.fullmatch(check.limit)) and told["kind"] == "min":
            return float(told["limit"])
    return None


def alias_of(given: argparse.Namespace, new: Found) -> str:
    """The alias that goes back where a condition holds. Raises ZooError where none stands for the version."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.asked import parted

    if new.version is None or new.catalog is None:
        raise ZooError("--rollback-if needs a version of a registry, such as NAME:stable: nothing stands for a folder")
    aliases = new.catalog.artifacts[new.version.name].aliases
    named = parted(given.name)[1]
    here = [named] if named in aliases else [key for key, number in aliases.items() if number == new.version.number]
    if len(here) != 1:
        told = f"more than one alias stands for it: {', '.join(sorted(here))}" if here else "no alias stands for it"
        raise ZooError(f"--rollback-if: {told}; name the one that goes back, such as {new.version.name}:stable")
    return here[0]


def back(
    given: argparse.Namespace, new: Found, old: Found, alias: str | None, held: list[Condition]
) -> dict[str, object]:
    """Let the name go back to what it was compared with, or to the version before; the entry of the history."""
    from zoosmith.common.plain import plain
    from zoosmith.publish.author import author
    from zoosmith.publish.promotion import rollback

    assert new.version and new.catalog and alias
    same = old.version is not None and old.version.name == new.version.name
    to = old.version.number if same and old.version and old.version.number != new.version.number else None
    why = f"canary on {given.data.name}: {' or '.join(one.text for one in held)}"
    made: dict[str, object] = plain(rollback(new.catalog, new.version.name, alias, author(why), to))
    tell_index(new.catalog.base)
    return made


def end(given: argparse.Namespace, found: Canary, held: list[Condition], rolled: dict[str, object] | None) -> None:
    """Raise what gives the exit code its meaning."""
    from zoosmith.common import exits

    if rolled:
        texts = " or ".join(one.text for one in held)
        raise exits.RolledBack(f"{texts} holds: {rolled['alias']} is version {rolled['to_version']} again")
    if given.rollback_if:
        return
    if found.says == "hold":
        raise exits.Refused(f"{found.version} should not take the place of {found.against}: {found.why}")
    if found.says == "undecided":
        raise exits.Undecided(f"whether {found.version} may take the place of {found.against}: {found.why}")


def text(found: Canary) -> str:
    """What was found, a line each."""
    from zoosmith.common.text import aligned
    from zoosmith.records.words import change

    told, alike = found.figures, found.agreement
    rows = [["inputs", f"{found.n}"]]
    rows += [["accuracy", f"{told['accuracy']:.4f}"]] if found.labelled else []
    rows += [[f"{name}, change", change(one)] for name, one in found.change.items()]
    rows += [["answered alike", f"{alike.value:.4f} ({alike.low:.4f} to {alike.high:.4f})"]]
    rows += [["fails more often", f"{told['errors']:.0f}"]] if told["errors"] else []
    rows += [[name, f"{told[f'{name}_ms']:.2f} ms, {told[f'{name}_ms_ratio']:.2f} times"] for name in ("p50", "p95")]
    head = f"{found.version} against {found.against}"
    return "\n".join([head, aligned(rows, "  ", None), f"{found.says}: {found.why}"])
