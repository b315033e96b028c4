"""What a card says of a language model whose tensors have types of their own, and of how these were chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from zoosmith.cards.cells import cell, table
from zoosmith.common.units import sized

SHOWN = 12  # rows; a longer table is folded
LAYER = re.compile(r"^blk\.(\d+)\.(.+?)(\.weight)?$")


def sections(facts: Mapping[str, Any]) -> list[str]:
    """Paragraphs and tables in Markdown; none for an artifact whose tensors were not chosen one by one."""
    found = [_by_layer(facts["types_by_tensor"])] if "types_by_tensor" in facts else []
    if "mixed_bits" in facts:
        found += [*_choice(facts["mixed_bits"]), _measured(facts["sensitivity"], facts["types_by_tensor"])]
    return found


def _by_layer(types: Mapping[str, str]) -> str:
    """A row for each run of layers that have the same types, a column for each kind of matrix."""
    layers: dict[int, dict[str, str]] = {}
    outer = {}
    for name, kind in types.items():
        if found := LAYER.match(name):
            layers.setdefault(int(found[1]), {})[found[2]] = kind
        else:
            outer[name] = kind
    roles = list(dict.fromkeys(role for each in layers.values() for role in each))
    rows = [[name, *(each.get(role, "-") for role in roles)] for name, each in _runs(layers)]
    told = "; ".join(f"{cell(name.removesuffix('.weight'))} is {kind}" for name, kind in outer.items())
    return table([["layers", *map(cell, roles)], *rows], SHOWN, f"Types by layer{f' ({told})' if told else ''}")


def _runs(layers: Mapping[int, dict[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    for types, run in groupby(sorted(layers), lambda layer: layers[layer]):
        first, *rest = run
        yield (f"{first} to {rest[-1]}" if rest else f"{first}"), types


def _choice(told: Mapping[str, Any]) -> list[str]:
    """The budget, and every mix that was measured as a whole, the best first."""
    tried = sorted(told["together"].items(), key=lambda one: one[1]["kl"])
    rows = [
        [f"**{cell(name)}**" if name == told["chosen"] else cell(name), sized(one["bytes"]), f"{one['kl']:.3g}"]
        for name, one in tried
    ]
    about = (
        f"Chosen by measurement for a file of at most {sized(told['allowed_bytes'])}: the file has "
        f"{sized(told['file_bytes'])}. Each {told['group']} was rounded alone to each type that it fits, on "
        f"{told['calibration_tokens']:,} calibration tokens; the losses of the best mix add up to "
        f"{told['kl_added_up']:.3g} nats."
        + (" Later columns make up for the rounding of earlier ones." if told["compensated"] else "")
    )
    lost = "" if told["chosen"] == "mixed" else (
        f" **The mix that was solved for loses more than {cell(told['chosen'])}, which is what this file is.**"
    )  # fmt: skip
    return [about + lost, table([["all types together", "file", "mean KL, nats"], *rows], SHOWN, "Measured as a whole")]


def _measured(losses: Mapping[str, Mapping[str, float]], types: Mapping[str, str]) -> str:
    """Mean KL in nats by what was rounded alone and by type, the chosen one bold; the most sensitive first."""
    kinds = list(dict.fromkeys(kind for each in losses.values() for kind in each))
    order = sorted(losses, key=lambda name: (-max(losses[name].values()), name))
    rows = [[cell(name), *(_loss(losses[name], kind, _type(name, types)) for kind in kinds)] for name in order]
    summary = f"What each of {len(rows)} loses alone, mean KL in nats, the most sensitive first; chosen in bold"
    return table([["rounded alone", *kinds], *rows], SHOWN, summary)


def _type(group: str, types: Mapping[str, str]) -> str | None:
    """The type that a group got."""
    inside = re.compile(rf"{re.escape(group)}[._]")
    return types.get(group) or next((kind for name, kind in types.items() if inside.match(name)), None)


def _loss(losses: Mapping[str, float], kind: str, chosen: str | None) -> str:
    if kind not in losses:
        return "-"
    return f"**{losses[kind]:.2g}**" if kind == chosen else f"{losses[kind]:.2g}"
