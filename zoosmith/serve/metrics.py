"""What is counted, for Prometheus. Names of models come from the command line alone: callers make no label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from zoosmith.serve.models import Model

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ITEMS = (1, 2, 4, 8, 16, 32, 64)
TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counts of one server, in a registry of their own."""

    def __init__(self) -> None:
        """Start at zero."""
        own = self.registry = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter("zoosmith_requests", "Requests, by status", ["route", "status"], registry=own)
        self.seconds = Histogram(
            "zoosmith_request_seconds", "Until the last byte", ["route"], buckets=SECONDS, registry=own
        )
        self.open = Gauge("zoosmith_requests_open", "Requests that are being answered", registry=own)
        self.answers = Counter("zoosmith_answers", "Inputs that were answered", ["model"], registry=own)
        self.batches = Histogram(
            "zoosmith_batch_items", "Inputs that one worker took at once", ["model"], buckets=ITEMS, registry=own
        )
        self.busy = Counter("zoosmith_worker_seconds", "Seconds of workers at work", ["model"], registry=own)
        self.waiting = Gauge("zoosmith_waiting", "Inputs that wait for a worker", ["model"], registry=own)
        self.tokens = Counter("zoosmith_tokens", "Tokens read and written", ["model", "kind"], registry=own)
        self.swaps = Counter(
            "zoosmith_swaps", "New trees under a name, by what came of them", ["model", "outcome"], registry=own
        )
        self.info = Gauge("zoosmith_model_info", "Which tree answers", ["model", "version"], registry=own)

    def observer(self, name: str) -> Callable[[int, float], None]:
        """For the batcher of a model."""
        answers, batches, busy = self.answers.labels(name), self.batches.labels(name), self.busy.labels(name)

        def observe(items: int, seconds: float) -> None:
            answers.inc(items)
            batches.observe(items)
            busy.inc(seconds)

        return observe

    def page(self, models: Mapping[str, Model]) -> bytes:
        """All of them, as Prometheus reads them."""
        self.info.clear()
        for name, model in models.items():
            self.waiting.labels(name).set(model.batcher.waiting if model.batcher else 0)
            self.info.labels(name, model.current.version).set(1)
        return generate_latest(self.registry)
