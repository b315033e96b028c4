"""What a reader must know before relying on an artifact: everything that its checks and records hold against it."""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.cards.kinds import CLASSES, Words
from zoosmith.recipes.schema import SPLITS_FOR_BUILDERS
from zoosmith.records.family import Subject
from zoosmith.records.gates import Check
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.scores import ClassDetails, Quality
from zoosmith.records.verdicts import of_measurement
from zoosmith.records.words import percent

LOGITS_APART = 0.01
MUCH_CUT = 0.05  # of the rows of a split
FEW = 30  # examples of a class: with fewer the normal approximation behind the intervals of F1 is too narrow


def limits(
    subject: Subject,
    checks: Sequence[Check],
    metric: str,
    dev_spent: Sequence[tuple[str, str]] = (),
    words: Words = CLASSES,
) -> list[str]:
    """Sentences in Markdown, each once, the measurement's own warnings first.

    dev_spent: steps that chose by `dev`, each with one before it that had learnt from it.
    """
    build, measured = subject.build, subject.measured
    found = [
        *measured.warnings,
        *_decided(measured, metric),
        *(line for id, quality in sorted(measured.quality.items()) for line in _quality(build, id, quality)),
        *_scores(measured),
        *_host(measured),
        *(f"The gate {check.gate} was not applied: it is {check.note}." for check in checks if _skipped(check)),
        *(_spent(*names) for names in dev_spent),
        *_stored(build),
        *_origin(build),
        *_opening(build),
        *_length(build, measured, words),
        *words.caveats(build, measured),
    ]
    return list(dict.fromkeys(found))  # two evals of the same rows warn of the same


def _decided(measured: Measurement, metric: str) -> list[str]:
    verdict = of_measurement(measured, metric)
    if verdict is None or verdict.kind != "undecided":
        return []
    text = verdict.text[0].upper() + verdict.text[1:]
    return [f"{text} ({metric} against {measured.reference})."]


def _quality(build: BuildRecord, id: str, quality: Quality) -> list[str]:
    """How many examples stand behind the figures, where it errs most, and texts that builders had seen."""
    sampled = "" if quality.n == quality.examples_total else f" of {quality.examples_total}, evenly spaced,"
    behind = f"{quality.n} {quality.n_unit}{sampled} of {quality.data}"
    found = [f"Quality on {id}: {behind}; the interval is for such text, no other."]
    found += _errors(id, quality.classes) if quality.classes else []
    found += _cut(build, id, quality)
    seen = build.data.get("splits", {}).get(quality.split, {}).get("texts_seen_by_builders", 0)
    if untrained := build.data.get("splits", {}).get("train", {}).get("classes_without_rows"):
        named = ", ".join(f"**{name}**" for name in untrained)
        found.append(f"No row of the training data is of the class {named}.")
    if seen:
        found.append(f"{seen} of the texts in {quality.data} `{quality.split}` occur in the training data too.")
    return found


def _cut(build: BuildRecord, id: str, quality: Quality) -> list[str]:
    """Shares of the rows that are longer than the model reads, of the eval and of what it learnt from."""
    shares = {}
    if quality.classes and quality.classes.cut:
        shares[f"the examples of {id}"] = (quality.classes.cut, quality.n)
    noted = build.provenance.get("notes", {}).get("cut", {})
    shares |= {f"`{name}`": tuple(noted[name]) for name in SPLITS_FOR_BUILDERS if name in noted and noted[name][0]}
    if not shares:
        return []
    told = ", ".join(f"{percent(cut / rows, 1)} % of {of}" for of, (cut, rows) in shares.items())
    much = any(cut > MUCH_CUT * rows for cut, rows in shares.values())
    hint = " **That is much: what decides may stand behind it.**" if much else ""
    return [f"Longer than {build.max_length} tokens, and cut there: {told}.{hint}"]


def _errors(id: str, told: ClassDetails) -> list[str]:
    """Where it errs most, and classes of which too little is known."""
    found = []
    wrong = [(count, i, j) for i, row in enumerate(told.confusion) for j, count in enumerate(row) if i != j]
    if wrong and (most := max(wrong, key=lambda each: (each[0], -each[1], -each[2])))[0]:
        count, i, j = most
        named = f"**{told.labels[j]}** for **{told.labels[i]}**: {count} of {sum(told.confusion[i])} examples"
        found.append(f"Its most frequent error on {id} is {named}.")
    return found + _few(id, told)


def _few(id: str, quality: ClassDetails) -> list[str]:
    """Classes too small for their interval; the row of a class in the confusion matrix holds its true examples."""
    support = zip(quality.labels, map(sum, quality.confusion), strict=False)
    small = ", ".join(f"**{label}** ({count})" for label, count in support if count < FEW)
    if not small:
        return []
    return [f"Classes with fewer than {FEW} examples in {id}: {small}. Intervals of F1 that count them are optimistic."]


def _scores(measured: Measurement) -> list[str]:
    gaps = [told.value for name, told in measured.divergences() if name.endswith(".max_abs_logit_diff")]
    if max(gaps, default=0.0) < LOGITS_APART:
        return []
    apart = f"{max(gaps):.3g}"
    return [f"Its scores are not the reference's (a logit differed by up to {apart}): set thresholds anew."]


def _host(measured: Measurement) -> list[str]:
    """What the speed stands for, and whether the host was steady."""
    found = [f"Speeds are of {measured.host.id}; on other processors the ratios differ too."]
    steadiness = measured.steadiness
    if steadiness and not steadiness.steady:
        aa = steadiness.aa
        found.append(
            f"The host was not steady: after {steadiness.attempts} tries the artifact against itself gave "
            f"{aa.value:.3f} ({aa.low:.3f} to {aa.high:.3f}), and others took {percent(steadiness.busy)} % of the "
            "processor. Measure again on a quiet host before relying on its speed."
        )
    return found


def _skipped(check: Check) -> bool:
    return check.passed is None and check.note.startswith("for ")


def _spent(chooser: str, learner: str) -> str:
    return f"{chooser} chose what did best on `dev`, which {learner} had learnt from: the choice may not be the best."


def _stored(build: BuildRecord) -> list[str]:
    """What pruning left, and what its builder has to say."""
    facts, found = build.facts, []
    if "nonzero_parameters" in facts:
        stored, compressed = (f"{facts[name] / 1e6:.1f} MB" for name in ("stored_bytes", "compressed_bytes"))
        dense = "of its parameters are" if build.precision == "fp32" else "of the weights that it was made from were"
        found.append(
            f"{facts['nonzero_parameters']:,} {dense} not zero; its weights take {stored}, compressed (zlib) "
            f"{compressed}."
        )
    return found + list(facts.get("remarks", ()))


def _opening(build: BuildRecord) -> list[str]:
    found = []
    if build.target == "vnni":
        found.append("Made for processors with VNNI; on others its INT8 products may saturate and lose accuracy.")
    if build.needs:
        needed = ", ".join(f"{role} `{digest[:12]}`" for role, digest in sorted(build.needs.items()))
        found.append(f"It cannot be opened alone: it needs {needed}.")
    return found


def _origin(build: BuildRecord) -> list[str]:
    """What the weights were before: nothing made of them is nearer to the original than that."""
    origin = build.facts.get("origin")
    if not origin:
        return []
    types = ", ".join(origin.get("types", ())) or "unknown"
    note = f" {origin['note']}" if origin.get("note") else ""
    return [f"Its weights come from `{origin.get('file', 'a file')}`, which holds them as {types}.{note}"]


def _length(build: BuildRecord, measured: Measurement, words: Words) -> list[str]:
    found = [words.length(build)]
    if measured.profile and measured.profile.by_length:
        longest = max(at.tokens for at in measured.profile.by_length)
        if longest < build.max_length:
            found.append(f"Latency was measured up to {longest} tokens only.")
    return found
