"""Cards of techniques that lose: that they do stands at the top, what is simulated among the limits."""

from __future__ import annotations

from tests.cards.test_advice import one
from tests.support import records
from tests.support.cards import card, tables
from zoosmith.records.family import Subject
from zoosmith.toolkit.causal import techniques, trimming
from zoosmith.toolkit.quantization import activations

PARENT = one("toy-nf4", speed=0.9, half=0.02, drop=0.02, mb=40, peak=300)
LOSING = one("toy-nf4-a8", speed=0.4, half=0.02, drop=0.05, mb=40.001, peak=310)


def test_what_is_slower_and_worse_says_so_before_anything_else() -> None:
    text = card(LOSING, siblings=[PARENT, LOSING])
    top = text.split("## Limits")[0]
    first = tables(top)[0][2]
    assert first[5].startswith("0.40x (0.38 to 0.42)") and first[2].endswith("; a loss") and first[3] == "40.0"
    advice = [line for line in top.splitlines() if line.startswith("- **")]
    assert advice[0] == (
        "- **toy-nf4 is faster, no larger and with no lower value** (0.8700 against 0.8400, 0.90 times against 0.40 "
        "times the reference's speed, 40.0 against 40.0 MB, 300 against 310 MiB): choose this one only for its format "
        "or these very answers."
    )


def test_what_is_simulated_stands_among_the_limits() -> None:
    remarks = [
        activations.remark(techniques.Activations()),
        trimming.remark(techniques.Trim(first=3, last_share=0.2, cut_share=0.125)),
    ]
    built = records.build(LOSING.build.name, facts={"remarks": remarks})
    text = card(Subject(built, LOSING.measured))
    assert "- Activations are rounded to 8 bits and multiplied in floating point: it costs time at each call" in text
    assert "- 12.5 % of a prompt's tokens beyond its first 3 and last 20 % are never read" in text
