"""What a card claims, held against what was found by measuring again: holds, does not hold, or cannot be told here.

A claim about other bytes, other examples or another host's speed is never called wrong by a measurement that could
not have confirmed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from zoosmith.records import words
from zoosmith.records.figures import Figures, eval_of, told_elsewhere
from zoosmith.records.pairing import has_outcomes, pairing, rows
from zoosmith.records.scores import Bounded, Difference, Metric
from zoosmith.stats.intervals import agresti_coull

# Equal bytes on the same instruction set and packages: no answer may differ among fewer than 2,000 examples. Sums in
# another order (more threads) move a logit's last digits, and so, rarely, an answer that was on the edge.
NUMERIC = 5e-4
RELATIVE, LEAST = 1e-3, 1e-6  # of what is no share: sums of logarithms move in their last digits, a divergence too
ROUNDING = 2e-6  # records keep six decimals
MEMORY_SHARE, MEMORY_MIB = 0.10, 16


class Claim(NamedTuple):
    """One figure as it was said and as it was found; `holds` is None where this host cannot tell, `why` says why."""

    what: str
    said: str
    found: str
    holds: bool | None
    why: str = ""

    @property
    def verdict(self) -> str:
        """Whether it holds, in words."""
        return {True: "holds", False: "does not hold", None: "cannot be told here"}[self.holds]


def of_files(said: Figures, tree: str) -> Claim:
    """The bytes, by the digest of the tree."""
    same = tree == said.tree
    why = "" if same else "these are other files than those that the card is about"
    return Claim("files", f"tree {said.tree[:12]}", f"tree {tree[:12]}", same, why)


def untold(said: Figures, why: str) -> list[Claim]:
    """Everything that only measuring tells, where measuring was not possible."""
    return [Claim(what, text, "-", None, why) for what, text in _said(said)]


def of_figures(said: Figures, found: Figures) -> list[Claim]:
    """Every measured claim. Both must be of the same tree."""
    return [
        Claim("size", f"{said.size:,} bytes", f"{found.size:,} bytes", said.size == found.size),
        *(_score(said, found, metric) for metric in said.scores),
        *(_change(said, found, metric) for metric in said.delta),
        *_agreement(said, found),
        *(_divergence(said, found, metric) for metric, _ in _divergences(said)),
        *_speed(said, found),
        _memory(said, found),
    ]


def _said(said: Figures) -> Iterator[tuple[str, str]]:
    yield "size", f"{said.size:,} bytes"
    for metric, value in said.scores.items():
        yield metric, words.value(value)
    for metric, change in said.delta.items():
        yield _against(said, metric), words.signed(change.value, said.scores[metric].unit)
    if said.agreement is not None:
        yield "same answer", _percent(said.agreement)
    for metric, value in _divergences(said):
        yield metric, words.value(value)
    if said.speedup:
        yield "speed", _times(said.speedup)
    yield "peak memory", f"{said.memory_peak} MiB"


def _against(said: Figures, metric: str) -> str:
    return f"{metric} - that of {said.reference}"


def _times(speedup: Bounded) -> str:
    return f"{speedup.value:.2f} times ({speedup.low:.2f} to {speedup.high:.2f})"


def _alike(said: Figures, found: Figures) -> bool:
    """Whether the same bytes must answer the same: one instruction set and the same packages at both times."""
    isa = said.host == found.host or (said.isa is not None and said.isa == found.isa)
    return isa and _same_packages(said, found)


def _same_packages(said: Figures, found: Figures) -> bool:
    """Those used here were used then; a reference of another format may have brought more along then."""
    return bool(said.packages and found.packages and found.packages.items() <= said.packages.items())


def _other_rows(said: Figures, found: Figures, metric: str) -> str:
    """Why a metric of one cannot be held against that of the other, or ""."""
    id = eval_of(metric)
    if metric not in found.scores:
        return f"{id} was not measured here: the recipe here has no such eval"
    told, seen = said.scores[metric], found.scores[metric]
    if told.n != seen.n:
        here = f"{seen.n} {seen.n_unit} were measured here"
        return f"{here}, the claim is about {told.n}; choose its suite: --suite {said.suite}"
    one, other = said.evals.get(id), found.evals.get(id)
    if one and other and rows(one) and rows(other) and rows(one) != rows(other):
        return f"the examples of {id} here are others than those of the claim"
    return ""


def _score(said: Figures, found: Figures, metric: str) -> Claim:
    told = said.scores[metric]
    if why := _other_rows(said, found, metric):
        return Claim(metric, words.value(told), "-", None, why)
    holds, why = _holds_score(said, found, metric)
    return Claim(metric, words.value(told), words.value(found.scores[metric]), holds, why)


def tolerance(metric: Metric) -> float:
    """How far two measurements of the same bytes on the same platform may be apart, in the metric's unit."""
    return NUMERIC if metric.unit == "share" else max(RELATIVE * abs(metric.value), LEAST)


def _equal(value: float, told: Metric) -> tuple[bool, str]:
    most = tolerance(told)
    return abs(value - told.value) <= most, f"same platform: equal within {most:.2g}"


def _within(value: float, told: Metric) -> tuple[bool, str]:
    """Within the claim's own interval; where it has none, as near as twice or half of it."""
    low, high = told.bounds
    if told.low is None:
        low, high = sorted((told.value / 2, told.value * 2))
        return low <= value <= high, "other platform, no interval: within twice and half"
    return low <= value <= high, "other platform: within the claim's interval"


def _holds_score(said: Figures, found: Figures, metric: str) -> tuple[bool, str]:
    """Equal on the same platform; else no difference that the paired interval shows; else within the claim's own."""
    told, value = said.scores[metric], found.scores[metric].value
    if _alike(said, found):
        return _equal(value, told)
    change = _paired(said, found, metric)
    if change is None:
        low, high = told.bounds
        return low <= value <= high, "other platform, no recorded answers: within the claim's interval"
    implied = value - change.value
    if abs(implied - told.value) > max(ROUNDING, 1e-5 * abs(told.value) if told.unit != "share" else 0.0):
        return False, f"the recorded answers themselves give {words.number(implied, told.unit)} for {metric}"
    return change.low <= 0 <= change.high, "other platform: the paired interval of the change holds 0"


def _paired(said: Figures, found: Figures, metric: str) -> Difference | None:
    """Found minus said by the answers of both, where they are known."""
    id, _, name = metric.partition(".")
    one, other = said.evals.get(id), found.evals.get(id)
    if not (one and other and has_outcomes(one) and has_outcomes(other)):
        return None
    both = pairing(other, one)
    return None if isinstance(both, str) else both.deltas.get(name)


def _change(said: Figures, found: Figures, metric: str) -> Claim:
    told, seen, what = said.delta[metric], found.delta.get(metric), _against(said, metric)
    unit = said.scores[metric].unit
    text = words.change(told, unit)
    why = _other_rows(said, found, metric) if metric in said.scores else ""
    if seen is None and not why:
        why = _no_reference(said)
    if why or seen is None:
        return Claim(what, text, "-", None, why)
    if _alike(said, found):
        most = tolerance(said.scores[metric])
        holds, why = abs(seen.value - told.value) <= most, f"same platform: equal within {most:.2g}"
    else:
        holds, why = told.low <= seen.value <= told.high, "other platform: within the claim's interval"
    return Claim(what, text, words.signed(seen.value, unit), holds, why)


def _divergences(said: Figures) -> Iterator[tuple[str, Metric]]:
    """Those that are claims of their own, since a task judges by them."""
    return ((name, value) for name, value in said.divergence.items() if not told_elsewhere(name))


def _divergence(said: Figures, found: Figures, name: str) -> Claim:
    told, seen = said.divergence[name], found.divergence.get(name)
    first = next((metric for metric in said.scores if eval_of(metric) == eval_of(name)), None)
    why = _other_rows(said, found, first) if first else ""
    if seen is None or why:
        return Claim(name, words.with_interval(told), "-", None, why or _no_reference(said))
    holds, why = _equal(seen.value, told) if _alike(said, found) else _within(seen.value, told)
    return Claim(name, words.with_interval(told), words.value(seen), holds, why)


def _no_reference(said: Figures) -> str:
    return f"its reference is not here; `doit artifact:{said.reference}` or `zoosmith pull {said.reference}` brings it"


def _agreement(said: Figures, found: Figures) -> Iterator[Claim]:
    if said.agreement is None:
        return
    text = _percent(said.agreement)
    why = next((why for metric in said.scores if (why := _other_rows(said, found, metric))), "")
    if found.agreement is None or why:
        yield Claim("same answer", text, "-", None, why or _no_reference(said))
        return
    if _alike(said, found):
        holds, why = abs(found.agreement - said.agreement) <= NUMERIC, f"same platform: equal within {NUMERIC:.2g}"
    else:
        low, high = agresti_coull(said.agreement, said.examples)
        holds, why = low <= found.agreement <= high, "other platform: within the claim's interval"
    yield Claim("same answer", text, _percent(found.agreement), holds, why)


def _percent(share: float) -> str:
    return f"{words.percent(share, 2)}%"


def _speed(said: Figures, found: Figures) -> Iterator[Claim]:
    """The ratio to the reference. Milliseconds are no claim: they are those of one host on one day."""
    if said.speedup is None:
        return
    if found.speedup is None:
        yield Claim("speed", _times(said.speedup), "-", None, _no_reference(said))
        return
    holds: bool | None = said.speedup.low <= found.speedup.high and found.speedup.low <= said.speedup.high
    why = "the intervals overlap" if holds else "the intervals are apart"
    if (said.host, said.threads) != (found.host, found.threads):
        holds, why = None, f"the speed is claimed for {said.host}; this is {found.host}"
    elif not (said.steady and found.steady):
        holds, why = None, "the host was not steady while it was measured"
    yield Claim("speed", _times(said.speedup), _times(found.speedup), holds, why)


def _memory(said: Figures, found: Figures) -> Claim:
    told, seen = said.memory_peak, found.memory_peak
    texts = (f"{told} MiB", f"{seen} MiB")
    if said.device != found.device:
        return Claim("peak memory", *texts, None, f"claimed for {said.device}, measured here on {found.device}")
    if not (_same_packages(said, found) or (said.packages is None and said.host == found.host)):
        return Claim("peak memory", *texts, None, "other package versions take other memory")
    holds = abs(seen - told) <= max(MEMORY_SHARE * told, MEMORY_MIB)
    return Claim("peak memory", *texts, holds, f"within {MEMORY_SHARE:.0%} or {MEMORY_MIB} MiB")
