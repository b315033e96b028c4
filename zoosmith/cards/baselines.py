"""What a card says of baselines: a table of each eval, and at the top those that the artifact does not beat."""

from __future__ import annotations

from zoosmith.cards.cells import cell, table
from zoosmith.records import words
from zoosmith.records.beaten import DECIDES, Beside, beside, unbeaten
from zoosmith.records.schema import Measurement

SHOWN = 2  # rows; a longer table is folded


def warning(measured: Measurement, *, models: bool = False) -> list[str]:
    """A sentence for each eval on which a baseline without a model is not beaten; with `models`, an artifact."""
    found = [(id, one) for id, one in unbeaten(measured.quality) if (one.size is not None) == models]
    by_eval = {id: [one for other, one in found if other == id] for id, _ in found}
    return [f"on {id}, {', nor '.join(_against(measured, id, one) for one in ones)}" for id, ones in by_eval.items()]


def _against(measured: Measurement, id: str, one: Beside) -> str:
    own = measured.metric(f"{id}.{DECIDES}")
    mine, change = words.value(own) if own else "-", one.change.get(DECIDES)
    apart = f", difference {words.change(change)}" if change else ""
    return f"{one.name} ({DECIDES} {words.value(one.metrics[DECIDES])}, this artifact {mine}{apart})"


def tables(measured: Measurement) -> dict[str, str]:
    """By eval, a table of its baselines as Markdown; none where there are none."""
    found = {id: beside(quality) for id, quality in measured.quality.items()}
    head = ["baseline", "accuracy", DECIDES, f"this artifact minus it, {DECIDES}", "fitted"]
    summary = "Baselines on the same examples, paired"
    return {id: table([head, *map(_row, rows)], SHOWN, summary) for id, rows in found.items() if rows}


def _row(one: Beside) -> list[str]:
    change = words.change(one.change[DECIDES]) if DECIDES in one.change else "-"
    shares = [words.with_interval(one.metrics[name]) for name in ("accuracy", DECIDES)]
    return [f"**{one.name}**", *shares, f"{change}{'' if one.beaten else ', **not beaten**'}", cell(one.fit)]
