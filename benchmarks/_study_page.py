"""The page benchmarks/studies.md as text. Same records, same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks._headlines import TARGETS, Target, answer, together
from benchmarks._published import TABLES, Row, Table
from benchmarks._recorded import Ours, Shelf
from benchmarks._study_rows import (
    MEMORY,
    QUALITY,
    confusion_rows,
    our_memory,
    our_quality,
    published_memory,
    published_quality,
    unrecorded,
    without_empty,
)
from benchmarks._study_text import wrapped
from zoosmith.cards.card import markdown_table

INTRO = """\
# Ours beside two studies of small encoders

Written by `python -m benchmarks.studies` from `results/`, the part on GPUs from `benchmarks/results/`; `--check` tells
whether the page is out of date.

Two studies published what INT8, 4 bit, pruning and adapters did to DistilBERT (66 M parameters) and BERT-base (110 M):
A (tables n1 to n8, SST-2; MSc dissertation, 2025) and B (IMDB; course report, 2025). Under each published row stands
ours of the same technique: MiniLM (22.7 M parameters), families `minilm-sst2` and `minilm-imdb`. **Models, machines and
numbers of examples differ, so only changes and ratios can be set against each other**; accuracies, milliseconds and
memory are what each side found.

- Accuracy and weighted F1 are of the eval split with 95 % intervals. Change is accuracy less that of the baseline named
  above the table, in points; ours has its paired interval. How we measure: [docs/measuring.md](../docs/measuring.md).
- Time: published per sample; ours is p50 of one call at batch 1, tokenizer included. Examples/s of ours are at batch 1
  and 32, where suite full was measured; where that was on another host, it is named. Seconds for all of ours are
  computed: examples over that throughput at batch 1.
- A speed marked "derived" was not timed side by side: it is the quotient of two ratios to one reference. `fp32`
  (PyTorch) is the reference of `minilm-sst2`, `finetune` that of `minilm-imdb`.
- Memory is published in MB, ours in MiB of the resident process: after load is what the open model retains, peak is
  absolute, growth is what answering added. VRAM of ours is empty where no GPU measured it. Size counts all that an
  artifact needs to be opened.
- Where a row was published on a GPU and ours ran on a CPU, ours says so: even their ratios are of two kinds of machine.
"""
HEADLINES = """\
## Headline figures to beat

A published figure has no interval and is taken as exact. *Beaten*: our whole 95 % interval is better. *Not beaten*:
none of it is. Otherwise *not decidable*. A target with several figures is beaten if each of them is.
"""


def page(shelf: Shelf) -> str:
    """The whole page."""
    parts = [INTRO, *_missing(holes(shelf)), *_hosts(shelf), HEADLINES, headlines(shelf)]
    for table in TABLES:
        parts += section(shelf, table)
    return "\n".join(parts).rstrip("\n") + "\n"


def needed() -> list[tuple[str, str]]:
    """Family and artifact of everything that a table or a target needs, once each."""
    rows = [(table.family, name) for table in TABLES for name in (*(r.artifact for r in table.rows), table.against)]
    questions = [question for target in TARGETS for question in target.questions]
    return list(dict.fromkeys(rows + [(q.family, name) for q in questions for name in (q.artifact, q.against)]))


def holes(shelf: Shelf) -> list[str]:
    """What is needed and is not recorded."""
    return [shelf.missing(*names) for names in needed() if shelf.find(*names) is None]


def _missing(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield wrapped(f"**{len(names)} artifacts are not recorded**: {', '.join(names)}.") + "\n"


def _hosts(shelf: Shelf) -> Iterator[str]:
    """The hosts behind our rows, so that the tables need only their ids."""
    found = [ours for names in needed() if (ours := shelf.find(*names))]
    told = [measured for ours in found for measured in (ours.measured, ours.swept) if measured]
    hosts = {measured.host.id: measured.host for measured in told}
    lines = [f"- `{id}`: {host.cpu}, {host.cores} cores, {host.memory_gb} GiB, {host.os}" for id, host in hosts.items()]
    if lines:
        yield "\n".join(["Hosts of ours:", "", *sorted(lines), ""])


def headlines(shelf: Shelf) -> str:
    """The targets as a table."""
    head = ["target", "figure", "published or goal", "ours (95 % interval)", "verdict"]
    return markdown_table([head, *(row for target in TARGETS for row in target_rows(shelf, target))]) + "\n"


def target_rows(shelf: Shelf, target: Target) -> Iterator[list[str]]:
    """A row for each figure, and one for all where there are several."""
    figures = [answer(shelf, question) for question in target.questions]
    for i, figure in enumerate(figures):
        yield ["" if i else target.name, figure.what, figure.published, figure.ours, figure.verdict]
    if len(figures) > 1:
        yield ["", "**all**", "", "", f"**{together(figure.verdict for figure in figures)}**"]


def _find(shelf: Shelf, table: Table, row: Row) -> Ours | None:
    return shelf.find(table.family, row.artifact)


def section(shelf: Shelf, table: Table) -> Iterator[str]:
    """Heading, remarks and tables of one published table."""
    against = shelf.find(table.family, table.against)
    name = f"`{table.family}-{table.against}`" + ("" if against else " (not recorded)")
    yield f"## {table.title}\n"
    remarks = f"Baseline of changes and ratios: published {table.baseline.variant}, ours {name}. {table.note}"
    yield wrapped(remarks.rstrip()) + "\n"
    quality: list[list[str]] = [list(QUALITY)]
    memory: list[list[str]] = [list(MEMORY)]
    for row in table.rows:
        ours, missing = _find(shelf, table, row), shelf.missing(table.family, row.artifact)
        quality.append(published_quality(row, table.baseline))
        quality.append(our_quality(ours, against, row) if ours else unrecorded(missing, QUALITY))
        memory.append(published_memory(row))
        memory.append(our_memory(ours) if ours else unrecorded(missing, MEMORY))
    yield markdown_table(without_empty(quality)) + "\n"
    yield markdown_table(without_empty(memory)) + "\n"
    if table.confusion:
        yield from _confusion(shelf, table)


def _confusion(shelf: Shelf, table: Table) -> Iterator[str]:
    rows = confusion_rows([ours for row in table.rows if (ours := _find(shelf, table, row))])
    if rows:
        yield "Confusion matrices of ours, examples by true class → answer:\n"
        yield markdown_table(rows) + "\n"
