"""The part of a card that tells which tensor has which type, and why."""

from __future__ import annotations

from typing import Any

from tests.cards.test_language import FACTS, language_card, subject
from tests.support.cards import tables
from zoosmith.cards.mixed import sections
from zoosmith.records.family import Subject

TYPES = {"token_embd.weight": "q8_0"} | {
    f"blk.{layer}.{role}.weight": kind
    for layer, kind in enumerate(("q8_0", "q4_0", "q4_0", "q6_k"))
    for role in ("attn_q", "ffn_down")
}
TABLE = {name: {"q8_0": 0.00012, "q4_0": 0.001 * (1 + place)} for place, name in enumerate(TYPES)}
CHOICE = {
    "chosen": "mixed", "allowed_bytes": 100_000_000, "file_bytes": 99_800_000, "kl_added_up": 0.0123, "group": "tensor",
    "calibration_tokens": 1321, "compensated": True,
    "together": {"q4_0": {"kl": 0.4081, "bytes": 91_700_000}, "mixed": {"kl": 0.0141, "bytes": 99_800_000}},
}  # fmt: skip


def test_layers_of_the_same_types_share_a_row() -> None:
    [text] = sections({"types_by_tensor": TYPES})
    assert text.startswith("Types by layer (token\\_embd is q8_0):\n")
    [table] = tables(text)
    assert table[0] == ["layers", "attn\\_q", "ffn\\_down"]
    assert table[2:] == [["0", "q8_0", "q8_0"], ["1 to 2", "q4_0", "q4_0"], ["3", "q6_k", "q6_k"]]


def test_what_was_measured_stands_beside_what_was_chosen() -> None:
    _, about, together, losses = sections({"types_by_tensor": TYPES, "mixed_bits": CHOICE, "sensitivity": TABLE})
    assert about == (
        "Chosen by measurement for a file of at most 100.0 MB: the file has 99.8 MB. Each tensor was rounded alone to "
        "each type that it fits, on 1,321 calibration tokens; the losses of the best mix add up to 0.0123 nats. "
        "Later columns make up for the rounding of earlier ones."
    )
    assert tables(together)[0][2:] == [["**mixed**", "99.8 MB", "0.0141"], ["q4\\_0", "91.7 MB", "0.408"]]
    found = tables(losses)[0]
    assert found[0] == ["rounded alone", "q8_0", "q4_0"]
    assert found[2] == ["blk.3.ffn\\_down.weight", "0.00012", "0.009"]
    assert ["blk.1.attn\\_q.weight", "0.00012", "**0.004**"] in found
    assert ["token\\_embd.weight", "**0.00012**", "0.001"] in found


def test_a_mix_that_lost_to_a_plain_type_says_so() -> None:
    lost: dict[str, Any] = CHOICE | {"chosen": "q4_0"}
    about = sections({"types_by_tensor": TYPES, "mixed_bits": lost, "sensitivity": TABLE})[1]
    assert "**The mix that was solved for loses more than q4\\_0, which is what this file is.**" in about


def test_groups_find_their_type_by_what_is_in_them() -> None:
    groups = {"blk.1": {"q8_0": 0.1, "q4_0": 0.2}, "blk.0.attn": {"q8_0": 0.3, "q4_0": 0.4}}
    found = tables(sections({"types_by_tensor": TYPES, "mixed_bits": CHOICE, "sensitivity": groups})[3])[0]
    assert found[2:] == [["blk.0.attn", "**0.3**", "0.4"], ["blk.1", "0.1", "**0.2**"]]


def test_it_stands_with_the_weights_of_the_card_and_nowhere_else() -> None:
    facts = FACTS | {"types_by_tensor": TYPES, "mixed_bits": CHOICE, "sensitivity": TABLE}
    plain = subject()
    mixed = Subject(plain.build.model_copy(update={"facts": facts}), plain.measured)
    text = language_card(mixed)
    assert text.index("## Weights") < text.index("Types by layer") < text.index("Chosen by measurement")
    assert "Types by layer" not in language_card()
