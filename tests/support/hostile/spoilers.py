"""Each spoils one thing of a published artifact."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.support.hostile.case import NAME, Case, redigested, row_in
from tests.support.hostile.plants import PLANTS
from tests.support.hostile.values import FAULTS, JUNK, LASTING, RAW, TARGETS, WORDS
from tests.support.published import Fault


def spoil_file(draw: st.DrawFn, case: Case) -> None:
    """One field of one file in the row; the digest agrees with it."""
    files = row_in(case)["files"]
    file = draw(st.sampled_from(files)) if isinstance(files, list) and files else None
    if isinstance(file, dict):
        file[draw(st.sampled_from(["path", "size", "sha256"]))] = draw(JUNK | st.sampled_from(["0" * 64, 5, 2**40]))
        case.pointer["tree_digest"] = redigested(row_in(case))["tree_digest"]


def spoil_row(draw: st.DrawFn, case: Case) -> None:
    """Any field of the row."""
    row = row_in(case)
    row[draw(st.sampled_from(sorted(row)))] = draw(JUNK)


def spoil_location(draw: st.DrawFn, case: Case) -> None:
    """Where it lies."""
    row_in(case)["locations"] = draw(st.lists(WORDS, max_size=2))


def spoil_needs(draw: st.DrawFn, case: Case) -> None:
    """What it needs: itself, nothing that is there, or no digest at all."""
    row_in(case)["needs"] = {"from": draw(st.sampled_from([row_in(case)["tree_digest"], "0" * 64]) | WORDS)}


def spoil_pointer(draw: st.DrawFn, case: Case) -> None:
    """Where a file is said to lie."""
    if draw(st.booleans()):
        draw(st.sampled_from(case.pointer["files"]))["at"] = draw(JUNK)
    else:
        case.raw["zoosmith.json"] = json.dumps(draw(JUNK)).encode()


def spoil_content(draw: st.DrawFn, case: Case) -> None:
    """The bytes of a file."""
    number = draw(st.integers(0, len(case.content) - 1))
    data = list(case.content.values())[number]
    spoilt = draw(st.sampled_from([b"", data[:-1], data + b"x", data[:-1] + b"?", b"\0" * len(data), b"\x80\x04."]))
    case.raw[f"f{number}"] = spoilt


def spoil_json(draw: st.DrawFn, case: Case) -> None:
    """A file that should be JSON."""
    case.raw[draw(st.sampled_from(["registry.json", "zoosmith.json"]))] = draw(RAW)


def spoil_name(draw: st.DrawFn, case: Case) -> None:
    """What the artifact is called."""
    case.wanted = draw(WORDS)
    case.registry["artifacts"][case.wanted.partition("@")[0]] = case.registry["artifacts"][NAME]


def spoil_answer(draw: st.DrawFn, case: Case) -> None:
    """What the server does."""
    path = draw(st.sampled_from(["registry.json", "zoosmith.json", "f0", "f1", ""]))
    status = draw(st.sampled_from([204, 206, 301, 304, 400, 401, 403, 404, 416, 429, 500, 503]))
    kind, target = draw(st.sampled_from(FAULTS)), draw(st.sampled_from(TARGETS))
    case.faults.append(Fault(kind, path, draw(st.integers(1, 3)), status, target=target))


def spoil_connection(draw: st.DrawFn, case: Case) -> None:
    """An answer that goes on without giving the file."""
    path = draw(st.sampled_from(["registry.json", "zoosmith.json", "f0"]))
    case.faults.append(Fault(draw(st.sampled_from(LASTING)), path, draw(st.integers(1, 2)), seconds=0.01))


def spoil_staging(draw: st.DrawFn, case: Case) -> None:
    """What lies in the folder that the pull works in."""
    case.planted = draw(st.sampled_from(sorted(PLANTS)))


def spoil_past(draw: st.DrawFn, case: Case) -> None:
    """The version had another tree when it was first seen."""
    case.seen = draw(st.sampled_from(["0" * 64, "f" * 64, ""]))


def spoil_pin(draw: st.DrawFn, case: Case) -> None:
    """A tree is asked for: this one, another, or what is none."""
    tree = str(row_in(case)["tree_digest"])
    pin = draw(st.sampled_from([tree, tree[:16], "0" * 64, "f" * 16, tree[:15], tree + "0"]))
    case.wanted = draw(st.sampled_from([NAME, f"{NAME}@1", f"{NAME}@latest"])) + "#" + pin


def spoil_index(draw: st.DrawFn, case: Case) -> None:
    """What an object of a registry of many files is named by."""
    case.index = draw(st.sampled_from(["leaf", "entry", "row"])), draw(JUNK | st.sampled_from(["0" * 64, "F" * 64]))


SPOILERS = (
    spoil_index,
    spoil_file,
    spoil_connection,
    spoil_staging,
    spoil_past,
    spoil_pin,
    spoil_pin,
    spoil_row,
    spoil_location,
    spoil_needs,
    spoil_pointer,
    spoil_content,
    spoil_json,
    spoil_name,
    spoil_answer,
)
