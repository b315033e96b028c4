"""Rows of the tables that set our records beside a study's: text, one cell for each name in `QUALITY` or `MEMORY`."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks._published import Row, faster, points
from benchmarks._recorded import Ours
from zoosmith.cards.figures import milliseconds, significant
from zoosmith.records.scores import Metric

QUALITY = (
    "configuration", "on", "accuracy %", "weighted F1 %", "n", "change, points", "ms an example", "s for all",
    "examples/s", "times as fast", "times as fast as the reference",
)  # fmt: skip
MEMORY = (
    "configuration", "after load", "peak", "growth", "VRAM after load", "VRAM growth", "VRAM peak", "size MB",
    "parameters trained", "training peak", "training min", "measured on",
)  # fmt: skip
BASELINE = "baseline"


def without_empty(table: Sequence[Sequence[str]]) -> list[list[str]]:
    """The table without the columns that no row fills; the first row is the head."""
    kept = [i for i in range(len(table[0])) if any(row[i] for row in table[1:])]
    return [[row[i] for i in kept] for row in table]


def unrecorded(missing: str, head: Sequence[str]) -> list[str]:
    """A row of either table that says what is missing."""
    return [f"**not recorded: {missing}**", *[""] * (len(head) - 1)]


def published_quality(row: Row, baseline: Row) -> list[str]:
    """With the change, and the ratio where both were timed on one machine in one unit."""
    change = f"{points(row, baseline):+.2f}" if row.accuracy else ""
    timed = bool(row.ms and baseline.ms) or bool(row.seconds and baseline.seconds)
    times = f"{faster(baseline, row):.2f}" if timed and row.machine == baseline.machine else ""
    if row == baseline:
        change, times = BASELINE, ""
    cells = [row.accuracy or row.said, row.f1, str(row.n), change, row.ms, row.seconds, row.rate, times, ""]
    return [row.variant, row.machine, *cells]


def our_quality(ours: Ours, against: Ours | None, row: Row) -> list[str]:
    """Against another artifact, if that is recorded; seconds for all only where the study tells them."""
    change, speed = (ours.change(against), ours.speed(against)) if against else (None, None)
    same = against is not None and ours.build.name == against.build.name
    seconds = ours.seconds(ours.accuracy.n) if row.seconds else None
    return [
        _label(ours),
        _machine(ours, row),
        _percent(ours.accuracy),
        _percent(ours.metric("weighted_f1")),
        str(ours.accuracy.n),
        BASELINE if same else change.text("{:+.2f}") if change else "",
        milliseconds(ours.measured.latency_ms.p50),
        f"{seconds:.2f}" if seconds else "",
        _rates(ours),
        speed.text("{:.2f}") if speed else "",
        _to_reference(ours, against),
    ]


def _label(ours: Ours) -> str:
    """With a link to its card."""
    return f"ours: [{ours.build.name}](../model_cards/{ours.build.name}.md)"


def _to_reference(ours: Ours, against: Ours | None) -> str:
    """As it was measured side by side, where the row is compared with another artifact than the reference."""
    told = ours.speed_to_reference
    return "" if told is None or (against and against.figures.is_reference) else told.text("{:.2f}")


def _machine(ours: Ours, row: Row) -> str:
    if ours.measured.device != "cpu":
        return f"GPU {ours.measured.host.gpu}"
    return "CPU (published: GPU)" if "GPU" in row.machine else "CPU"


def _rates(ours: Ours) -> str:
    """With the host, where it is another one than the row's."""
    rates = [rate for batch in (1, 32) if (rate := ours.per_second(batch)) is not None]
    text = " / ".join(map(significant, rates))
    elsewhere = ours.swept is not None and ours.swept.host.id != ours.measured.host.id
    return f"{text} on {ours.swept.host.id}" if text and elsewhere and ours.swept else text


def _percent(value: Metric | None) -> str:
    return f"{100 * value.value:.2f} ({100 * value.bounds[0]:.1f} to {100 * value.bounds[1]:.1f})" if value else ""


def published_memory(row: Row) -> list[str]:
    """As published; what was not is empty."""
    vram = [row.vram, row.vram_growth, row.vram_peak]
    return [row.variant, "", row.resident, row.growth, *vram, "", row.trained, row.training_memory, row.minutes, ""]


def our_memory(ours: Ours) -> list[str]:
    """Training is that of the artifact's own build: what was made from a trained one trained nothing."""
    measured = ours.measured
    memory, vram = measured.memory_mb, measured.vram_mb
    training = ours.build.provenance.get("notes", {}).get("training", {})
    threads = f"{measured.threads} thread{'' if measured.threads == 1 else 's'}"
    return [
        _label(ours),
        *(str(value) for value in (memory.load, memory.peak, memory.growth)),
        *((str(value) for value in (vram.load, vram.growth, vram.peak)) if vram else ("", "", "")),
        f"{measured.size_total / 1e6:.1f}",
        _trained(ours),
        str(training.get("peak_memory_mb", "")),
        f"{training['minutes']:.2f}" if "minutes" in training else "",
        f"{measured.host.id}, {ours.figures.suite_text}, {threads}",
    ]


def _trained(ours: Ours) -> str:
    share, facts = ours.trained_share, ours.build.facts
    if share is None:
        return ""
    return f"{facts['trainable_parameters']:,} of {facts['parameters'] / 1e6:.2f} M ({100 * share:.2f} %)"


def confusion_rows(rows: Sequence[Ours]) -> list[list[str]]:
    """Counts by true class and answer under a head; nothing where nothing is recorded. All have the same labels."""
    told = [ours.measured.quality[ours.measured.evals[0]].classes for ours in rows]
    found = [classes for classes in told if classes]
    if not found:
        return []
    names = [f"{true} → {answer}" for true in found[0].labels for answer in found[0].labels]
    counts = [[str(count) for row in quality.confusion for count in row] for quality in found]
    return [["ours", *names], *([f"`{o.build.name}`", *row] for o, row in zip(rows, counts, strict=True))]
