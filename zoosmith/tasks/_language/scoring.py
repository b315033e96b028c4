"""Judging causal language models by what they expect next: likelihood of documents, divergence from a reference.

Divergence is Kullback-Leibler's, of the reference's distribution of the next token from the artifact's, in nats: 0 if
both always expect the same. It orders quantisations, which perplexity does not: a worse model may be luckier with a
text. Source: Kullback and Leibler (1951), Annals of Mathematical Statistics 22, 79-86; as llama.cpp's
`llama-perplexity --kl-divergence` measures it.

All artifacts of a family are asked about the token ids of the reference's tokenizer, so that they are compared
position by position. One that tokenises a text differently is told by `suspicion`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.metric import MetricInfo
from zoosmith.contract.output import Tolerance
from zoosmith.stats import documents
from zoosmith.stats.intervals import agresti_coull
from zoosmith.tasks._language.encoding import Document, LanguageTask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import LanguageModel, Outcome, Response

CAPABILITY = "next_logprobs"
STREAMED = True
QUICK_TOKENS = 3_000  # about 15 s of a 135 M parameter model in FP32 on two cores, and as long for its reference
NATS = MetricInfo(unit="nats", better="lower", n_unit="tokens", margin=0.01)
METRICS = {
    "nats_per_token": NATS,
    "perplexity": MetricInfo(unit="", better="lower", n_unit="tokens", margin=0.5),
    "bits_per_byte": MetricInfo(unit="bits", better="lower", n_unit="bytes", margin=0.005),
    "mean_kl": NATS,
    "p99_kl": MetricInfo(unit="nats", better="lower", n_unit="tokens"),
    "max_kl": MetricInfo(unit="nats", better="lower", n_unit="tokens"),
    "same_top1": MetricInfo(n_unit="tokens"),
}
# In nats at one position, of a model in memory and its own files: sums in another order move half precision.
SAME_KL = 1e-4
REBUILT_KL = 1e-3
ROWS = 64  # positions that are compared at once in double precision


def respond(session: LanguageModel, task: LanguageTask, example: Document, like: Response | None = None) -> Response:
    """What the model expects after each token of a document.

    `ids` (tokens,); `logprobs` (tokens, vocabulary), in nats; `own_ids`, how this model tokenises the text, which is
    `ids` unless `like` gives the reference's; `unscored`, bytes of the first token, which nothing precedes.
    """
    import numpy as np

    own = session.tokenize(example.text)
    ids = [int(i) for i in like["ids"]] if like is not None else own
    [logprobs] = session.next_logprobs([ids]) if ids else [np.zeros((0, 0), np.float32)]
    unscored = len(session.detokenize(ids[:1]).encode())
    named = {"ids": ids, "own_ids": own, "unscored": [unscored]}
    return {name: np.array(value, np.int64) for name, value in named.items()} | {"logprobs": logprobs}


def outcome(response: Response, example: Document, reference: Response | None = None) -> Outcome:
    """Of the document (1,): scored `nats`, `tokens` and `bytes`, and `foreign` if it is tokenised differently.

    With a reference also `kl_sum` (1,), and of each scored token `kl` in nats and `same_top1`, (tokens,).
    """
    import numpy as np

    ids, logprobs = response["ids"], response["logprobs"][:-1]
    tokens = max(0, len(ids) - 1)
    likelihood = logprobs[np.arange(tokens), ids[1:]].astype(np.float64) if tokens else np.zeros(0)
    size = len(example.text.encode()) - int(response["unscored"][0]) if tokens else 0
    foreign = response["own_ids"].tolist() != ids.tolist()
    found = {"nats": -likelihood.sum(), "tokens": tokens, "bytes": size, "foreign": foreign}
    whole = {name: np.array([value], np.float64) for name, value in found.items()}
    if reference is None:
        return whole
    theirs = reference["logprobs"][:-1]
    kl = divergence(theirs, logprobs)
    same = theirs.argmax(axis=1) == logprobs.argmax(axis=1) if tokens else np.zeros(0, bool)
    return whole | {"kl_sum": np.array([kl.sum()]), "kl": kl.astype(np.float32), "same_top1": same}


def divergence(reference: NDArray[np.float32], artifact: NDArray[np.float32]) -> NDArray[np.float64]:
    """KL(reference || artifact) in nats at each position, (tokens,), of log-probabilities (tokens, vocabulary).

    Raises BuildError for vocabularies of different sizes.
    """
    import numpy as np

    if reference.shape != artifact.shape:
        sizes = f"{artifact.shape[-1]} tokens, the one that it is compared with {reference.shape[-1]}"
        raise BuildError(f"the vocabulary has {sizes}: these are not of one model")
    parts = []
    for start in range(0, len(reference), ROWS):
        p, q = (side[start : start + ROWS].astype(np.float64) for side in (reference, artifact))
        parts.append((np.exp(p) * (p - q)).sum(axis=1))
    return np.maximum(np.concatenate(parts), 0.0) if parts else np.zeros(0)


def score(outcomes: Outcome, examples: Sequence[Document], task: LanguageTask) -> dict[str, Any]:
    """Nats per token, perplexity and bits per byte, with intervals over documents; in `details` each document's own."""
    found = documents.scores(_scored(outcomes))
    tokens, size = int(outcomes["tokens"].sum()), int(outcomes["bytes"].sum())
    return {
        "metrics": {
            name: value.__class__(value.value, value.low, value.high, size if name == "bits_per_byte" else tokens)
            for name, value in found.items()
        },
        "details": {
            "kind": "documents",
            "outcomes": {name: outcomes[name].tolist() for name in ("nats", "tokens", "bytes")},
        },
    }


def _scored(outcomes: Outcome) -> documents.Documents:
    """The documents that have a token to score. Raises BuildError for fewer than two."""
    kept = outcomes["tokens"] > 0
    if kept.sum() < 2:
        raise BuildError(f"{int(kept.sum())} documents have two tokens or more; an interval needs two such documents")
    return documents.Documents(*(outcomes[name][kept].tolist() for name in ("nats", "tokens", "bytes")))


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Document], task: LanguageTask, reference: LanguageTask
) -> dict[str, Any]:
    """Paired differences over documents, and the divergence from the reference's expectations.

    The mean has an interval over documents; the 99th percentile and the largest are of all tokens.
    """
    import numpy as np

    kl, same = mine["kl"], mine["same_top1"]
    kept = mine["tokens"] > 0
    mean = documents.ratio_of_sums(mine["kl_sum"][kept].tolist(), mine["tokens"][kept].tolist())
    share = float(same.mean())
    low, high = agresti_coull(share, len(same))
    estimate = mean.__class__
    delta = documents.deltas(_scored(mine), _scored(theirs))
    return {
        "delta": {name: (value, None) for name, value in delta.items()},
        "divergence": {
            "mean_kl": estimate(mean.value, max(0.0, mean.low), mean.high, len(kl)),
            "p99_kl": _alone(np.quantile(kl, 0.99), len(kl)),
            "max_kl": _alone(kl.max(), len(kl)),
            "same_top1": estimate(share, low, high, len(same)),
        },
    }


def _alone(value: Any, n: int) -> dict[str, Any]:
    """A figure without an interval."""
    return {"value": float(value), "n": n}


def suspicion(outcomes: Outcome, examples: Sequence[Document], task: LanguageTask) -> str | None:
    """Why these answers cannot be right, or None: not finite, or a tokenizer that is not the reference's."""
    import numpy as np

    if bad := int((~np.isfinite(outcomes["nats"])).sum()):
        return f"NaN or infinite likelihoods for {bad} of {len(examples)} documents"
    foreign = outcomes["foreign"] > 0
    if foreign.any():
        text = examples[int(foreign.argmax())].text
        return (
            f"its tokenizer cuts {int(foreign.sum())} of {len(examples)} documents differently from the reference's, "
            f"such as {text[:60]!r}: the tokenizer was changed or re-saved on the way"
        )
    return None


def reproduces(expected: Sequence[Response], found: Sequence[Response], probes: Sequence[Document]) -> None:
    """Raise BuildError unless the finished tree expects what the model in memory does, on the same tokens."""
    _same_tokens(expected, found, probes, "load-back", "the builder's model")
    kl = [divergence(one["logprobs"], other["logprobs"]) for one, other in zip(expected, found, strict=True)]
    for probe, values in zip(probes, kl, strict=True):
        if not (values <= SAME_KL).all():
            raise BuildError(
                f"load-back: opened from its files, the artifact expects something else than the builder's model: KL "
                f"divergence {values.max():.3g} nats on {probe.text[:60]!r}. Compare what is written with what is kept"
            )


def preserves(
    theirs: Sequence[Response], mine: Sequence[Response], tolerance: Tolerance, labels: tuple[Any, Any]
) -> dict[str, float]:
    """How far the artifact's expectations are from its parent's. Raises BuildError beyond the tolerance."""
    import numpy as np

    for one, other in zip(theirs, mine, strict=True):
        if one["own_ids"].tolist() != other["own_ids"].tolist():
            found, wanted = other["own_ids"].tolist()[:8], one["own_ids"].tolist()[:8]
            raise BuildError(f"parity: the tokenizer gives {found} where the parent's gives {wanted}: it was changed")
    apart, same = [], []
    for one, other in _positions(theirs, mine):  # each is read from its file, and let go before the next
        apart.append(divergence(one, other))
        same.append(one.argmax(axis=1) == other.argmax(axis=1))
    kl, agreement = np.concatenate(apart), float(np.concatenate(same).mean())
    mean = float(kl.mean())
    limit = tolerance.mean_kl
    if not np.isfinite(mean) or agreement < tolerance.agreement or (limit is not None and mean > limit):
        bound = f" and mean KL <= {limit:g} nats" if limit is not None else ""
        raise BuildError(
            f"parity: {agreement:.1%} of {len(kl)} positions have the parent's likeliest token, mean KL divergence "
            f"{mean:.3g} nats; this technique claims {tolerance.agreement:.0%}{bound}. The weights, the vocabulary or "
            "the parent are not what they should be"
        )
    return {"agreement": agreement, "mean_kl": mean, "max_kl": float(kl.max())}


def rebuilt(first: Sequence[Response], second: Sequence[Response]) -> tuple[bool, str]:
    """Whether two builds of one artifact expect the same, and how far apart they are."""
    import numpy as np

    kl = np.concatenate([divergence(one, other) for one, other in _positions(first, second)])
    same = bool(kl.mean() <= REBUILT_KL)
    return same, f"mean KL divergence {kl.mean():.3g} nats ({'within' if same else 'beyond'} {REBUILT_KL:g})"


def _positions(first: Sequence[Response], second: Sequence[Response]) -> Iterator[tuple[Any, Any]]:
    for one, other in zip(first, second, strict=True):
        if len(one["ids"]) and len(one["ids"]) == len(other["ids"]):
            yield one["logprobs"], other["logprobs"]


def _same_tokens(
    expected: Sequence[Response], found: Sequence[Response], probes: Sequence[Document], check: str, who: str
) -> None:
    for one, other, probe in zip(expected, found, probes, strict=True):
        if one["ids"].tolist() != other["ids"].tolist():
            raise BuildError(
                f"{check}: {probe.text[:60]!r} is tokenised as {other['ids'].tolist()[:8]}, by {who} as "
                f"{one['ids'].tolist()[:8]}: the tokenizer was not written as it was"
            )
