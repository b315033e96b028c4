"""The part of studies.md about adapters whose settings were searched, out of results/adapters.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._headlines import judge
from benchmarks._published import N8, points
from benchmarks._recorded import Range
from benchmarks._study_text import recorded, versions, wrapped
from zoosmith.cards.card import markdown_table

FILE = "benchmarks/results/adapters.json"
BASELINE = "finetune"
HEAD = (
    "candidate", "accuracy on dev %", "accuracy on eval %", "change, points", "published", "verdict",
    "parameters trained",
)  # fmt: skip
NOTE = """\
Written by `benchmarks/adapters.py`: MiniLM learnt from the same {rows:,} rows of SST-2 for two epochs; targets of the
adapters and rate stand in their names, and no others were tried. The best of each technique on `dev` was chosen, and it
alone was asked the rows of `eval`, with its paired change against full fine-tuning. Published is QLoRA r=16 of
BERT-base against its full fine-tuning."""


def section(root: Path) -> Iterator[str]:
    """Heading, remarks and table; nothing where no search was recorded."""
    told = recorded(root / FILE)
    if told is None:
        return
    yield "## Study A, n8 again: adapters with other targets\n"
    host, settings = told["host"], told["settings"]
    yield wrapped(NOTE.format(rows=settings["rows"])) + "\n"
    machine = f"`{host['id']}`, {host['gpu'] or host['cpu']}, device {settings['device']}"
    yield wrapped(f"Host {machine}, {versions(settings['packages'])}.") + "\n"
    found = told["candidates"].items()
    yield (
        markdown_table([list(HEAD), *(_row(name, about, told["chosen_on_dev"].get(name)) for name, about in found)])
        + "\n"
    )


def _row(name: str, about: dict[str, Any], asked: dict[str, Any] | None) -> list[str]:
    """`asked`: what it answered on eval, where it was chosen."""
    trained, whole = about["trainable_parameters"], about["parameters"]
    row = [f"`{name}`", f"{100 * about['dev_accuracy']:.2f}", "", "", "", ""]
    if asked:
        row[2] = _range(asked["accuracy"]).text("{:.2f}")
    if asked and name == BASELINE:
        row[3] = "baseline"
    elif asked:
        row[3] = _range(asked["change"]).text("{:+.2f}")
    if asked and name.startswith("qlora-r16"):
        bound = points(N8[1], N8[0])
        row[4:6] = [f"{bound:+.2f}", judge(bound, _range(asked["change"]))]
    return [*row, f"{trained:,} of {whole / 1e6:.2f} M ({trained / whole:.2%})"]


def _range(told: dict[str, float]) -> Range:
    return Range(told["value"], told["low"], told["high"])
