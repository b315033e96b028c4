"""How often the 95 % intervals of zoosmith.stats cover the truth.

Run `python benchmarks/coverage.py [--draws 2000] [--json PATH]`. Proportions are enumerated, so that their
coverage is exact; F1 and speed ratios are drawn with a fixed seed, and `error` is the standard error of their
coverage. Exits with 1 when, beyond two of these errors, a coverage lies below 94 %, or above 97 % with a
discordance of 3 % or more. Speed ratios are drawn with an effect of the process start that all blocks of a start
share; rows "blocks as units" show what an interval over blocks would cover, and are not judged.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom, multinomial

from zoosmith.stats.classification import Average, average_f1
from zoosmith.stats.f1_intervals import f1_interval, paired_f1
from zoosmith.stats.intervals import Estimate, paired_proportions, proportion, ratio_from_logs

SIZES = (300, 872, 1500)
ACCURACIES = (0.85, 0.91, 0.97)
DISCORDANCES = (0.01, 0.03, 0.08)
# Share of the discordant answers that only the reference gets right: no difference, a clear one, only losses.
SPLITS = (0.5, 0.8, 1.0)
# Frequencies of the classes; where they differ, the rarest class errs most.
CLASSES = ((0.5, 0.5), (0.35, 0.65), (1 / 3, 1 / 3, 1 / 3), (0.2, 0.3, 0.5))
# Plans of the suites quick and full (zoosmith.bench.measure): process starts a side, turns of blocks a start.
PLANS = ((4, 2), (8, 6))
# Standard deviations of the log ratio: from start to start, and from block to block within one.
EFFECTS = ((0.0, 0.02), (0.005, 0.02), (0.01, 0.01), (0.03, 0.01))
FLOOR, CEILING, CEILING_FROM = 0.94, 0.97, 0.03
# Outcomes less likely than this are not enumerated.
NEGLIGIBLE = 1e-9

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Row:
    quantity: str
    setting: str
    n: int
    coverage: float
    error: float
    discordance: float = 0.0
    judged: bool = True

    def verdict(self) -> str:
        if not self.judged:
            return "-"
        if self.coverage + 2 * self.error < FLOOR:
            return "LOW"
        high = self.coverage - 2 * self.error > CEILING and self.discordance >= CEILING_FROM
        return "HIGH" if high else "ok"


def covered(estimates: Iterable[Estimate], truth: float) -> tuple[float, float]:
    """Share of intervals that hold the truth, and the standard error of that share."""
    hits = [estimate.low <= truth <= estimate.high for estimate in estimates]
    share = float(np.mean(hits))
    return share, float(np.sqrt(share * (1 - share) / len(hits)))


def accuracy_rows() -> Iterator[Row]:
    for n in SIZES:
        bounds = [proportion(k, n) for k in range(n + 1)]
        for truth in (*ACCURACIES, 0.88, 0.94):
            chances = binom.pmf(np.arange(n + 1), n, truth)
            share = sum(float(p) for p, found in zip(chances, bounds, strict=True) if found.low <= truth <= found.high)
            yield Row("accuracy", f"accuracy {truth:.0%}", n, share, 0.0)


@cache
def paired_accuracy(losses: int, gains: int, n: int) -> Estimate:
    return paired_proportions(n - losses - gains, losses, gains, 0)


def paired_accuracy_rows() -> Iterator[Row]:
    for n in SIZES:
        for discordance in DISCORDANCES:
            for split in SPLITS:
                share = paired_accuracy_coverage(n, discordance * split, discordance * (1 - split))
                setting = f"discordance {discordance:.0%}, losses {split:.0%} of it"
                yield Row("paired accuracy", setting, n, share, 0.0, discordance)


def paired_accuracy_coverage(n: int, loss: float, gain: float) -> float:
    """Exact coverage of the difference gain - loss, both given as shares of the examples."""
    most = int(binom.isf(NEGLIGIBLE, n, loss + gain))
    pairs = np.array([(b, c) for b in range(most + 1) for c in range(most + 1 - b)])
    outcomes = np.column_stack([pairs, n - pairs.sum(axis=1)])
    chances = multinomial.pmf(outcomes, n, [loss, gain, 1 - loss - gain])
    share = 0.0
    for (b, c), chance in zip(pairs.tolist(), chances.tolist(), strict=True):
        if chance > NEGLIGIBLE:
            found = paired_accuracy(b, c, n)
            share += chance * (found.low <= gain - loss <= found.high)
    return share


def error_rates(frequencies: tuple[float, ...], total: float) -> Array:
    """Error rate of each class: the same where the classes are even, else higher for the rarer ones."""
    weights = np.linspace(1.4, 0.6, len(frequencies)) if len(set(frequencies)) > 1 else np.ones(len(frequencies))
    rates: Array = total * weights / (weights @ np.array(frequencies))
    return rates


def confusion_shares(frequencies: tuple[float, ...], correct: float) -> Array:
    """Expected share of each cell (true, predicted); errors go evenly to the other classes."""
    size = len(frequencies)
    shares = np.zeros((size, size))
    for i, error in enumerate(error_rates(frequencies, 1 - correct)):
        shares[i] = frequencies[i] * error / (size - 1)
        shares[i, i] = frequencies[i] * (1 - error)
    return shares


def f1_rows(draws: int, generator: np.random.Generator) -> Iterator[Row]:
    averages: tuple[Average, ...] = ("macro", "weighted", 0)
    for frequencies in CLASSES:
        for correct in ACCURACIES:
            shares = confusion_shares(frequencies, correct)
            for n in SIZES:
                matrices = generator.multinomial(n, shares.ravel(), draws).reshape(-1, *shares.shape).tolist()
                for average in averages:
                    truth = average_f1(shares.tolist(), average)
                    share, error = covered((f1_interval(matrix, average) for matrix in matrices), truth)
                    name = f"{average} F1" if isinstance(average, str) else "F1 of the first class"
                    yield Row(name, f"{describe(frequencies)}, accuracy {correct:.0%}", n, share, error)


def joint_shares(frequencies: tuple[float, ...], discordance: float, split: float, correct: float = 0.91) -> Array:
    """Expected share of each cell (true, reference, artifact).

    Of the answers wrong on both sides a fifth goes to any wrong class, the rest to the same one.
    """
    size = len(frequencies)
    shares = np.zeros((size, size, size))
    changes = error_rates(frequencies, discordance)
    for true in range(size):
        loss, gain = changes[true] * split, changes[true] * (1 - split)
        wrong = [i for i in range(size) if i != true]
        both = 1 - correct - gain
        for first in wrong:
            shares[true, true, first] = loss / len(wrong)
            shares[true, first, true] = gain / len(wrong)
            shares[true, first, wrong] = both / len(wrong) * 0.2 / len(wrong)
            shares[true, first, first] += both / len(wrong) * 0.8
        shares[true, true, true] = correct - loss
        shares[true] *= frequencies[true]
    shares /= shares.sum()
    return shares


def paired_f1_rows(draws: int, generator: np.random.Generator) -> Iterator[Row]:
    for frequencies in CLASSES:
        cells = list(np.ndindex(*[len(frequencies)] * 3))
        for discordance in DISCORDANCES:
            for split in SPLITS:
                shares = joint_shares(frequencies, discordance, split)
                truth = average_f1(shares.sum(1).tolist(), "macro") - average_f1(shares.sum(2).tolist(), "macro")
                setting = f"{describe(frequencies)}, discordance {discordance:.0%}, losses {split:.0%} of it"
                for n in SIZES:
                    counts = generator.multinomial(n, shares.ravel(), draws).tolist()
                    joints = ({cell: c for cell, c in zip(cells, row, strict=True) if c} for row in counts)
                    share, error = covered(map(paired_f1, joints), truth)
                    yield Row("paired macro F1", setting, n, share, error, discordance)


def ratio_rows(draws: int, generator: np.random.Generator) -> Iterator[Row]:
    for ratio in (0.5, 1.0, 4.0):
        for starts, turns in PLANS:
            for between, within in EFFECTS:
                luck = generator.normal(np.log(ratio), between, (draws, starts, 1))
                blocks = luck + generator.normal(0.0, within, (draws, starts, turns))
                setting = f"ratio {ratio:g}, {starts} starts of {turns} blocks, spread {between:g} and {within:g}"
                share, error = covered(map(ratio_from_logs, blocks.mean(axis=2).tolist()), ratio)
                yield Row("speed ratio", setting, starts, share, error)
                share, error = covered(map(ratio_from_logs, blocks.reshape(draws, -1).tolist()), ratio)
                yield Row("blocks as units", setting, starts * turns, share, error, judged=False)


def describe(frequencies: tuple[float, ...]) -> str:
    return "classes " + "/".join(f"{share:.0%}" for share in frequencies)


def print_rows(rows: list[Row]) -> None:
    print(f"{'quantity':22} {'setting':62} {'n':>5} {'coverage':>9} {'error':>7}  verdict")
    for row in rows:
        figures = f"{row.n:5} {row.coverage:9.2%} {row.error:7.2%}"
        print(f"{row.quantity:22} {row.setting:62} {figures}  {row.verdict()}")


def print_summary(rows: list[Row]) -> None:
    print(f"\n{'quantity':22} {'discordance':>11} {'rows':>5} {'lowest':>8} {'mean':>8} {'highest':>8}")
    for quantity, discordance in dict.fromkeys((row.quantity, row.discordance) for row in rows):
        found = [row.coverage for row in rows if (row.quantity, row.discordance) == (quantity, discordance)]
        shown = f"{discordance:.0%}" if discordance else "-"
        figures = f"{min(found):8.2%} {np.mean(found):8.2%} {max(found):8.2%}"
        print(f"{quantity:22} {shown:>11} {len(found):5} {figures}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000, help="simulated evaluations per row")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args(arguments)
    simulated: tuple[Callable[[int, np.random.Generator], Iterator[Row]], ...]
    simulated = (f1_rows, paired_f1_rows, ratio_rows)
    rows = [*accuracy_rows(), *paired_accuracy_rows()]
    for simulate in simulated:
        rows.extend(simulate(options.draws, np.random.default_rng(0)))
    print_rows(rows)
    print_summary(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"verdict": row.verdict()} for row in rows], indent=1))
    return int(any(row.verdict() not in ("ok", "-") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
