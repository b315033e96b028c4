"""A capacity in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from zoosmith.capacity.layouts import Layout
from zoosmith.capacity.machines import Machine, Machines, needed
from zoosmith.capacity.measure import Found
from zoosmith.capacity.report import Report, as_json, headline, load_rows, machine_rows, remarks
from zoosmith.capacity.search import Sustained
from zoosmith.capacity.trial import Trial
from zoosmith.capacity.words import ends, number
from zoosmith.records.host import Host
from zoosmith.stats.intervals import Estimate

HOST = Host(id="epyc-2c", cpu="EPYC", isa=(), cores=2, memory_gb=24, os="Linux", python="3.11")
HERE = Machine(name="here", cores=2, price=305, currency="USD", host="epyc-2c")
EIGHT = Machine(name="eight", cores=8, price=1160, currency="USD")
P95 = Estimate(700.0, 650.0, 780.0, 400)
TRIAL = Trial(Estimate(212, 212, 212, 400), 100.0, P95, Estimate(0.9, 0.88, 0.92, 400), 400)


def report(
    rate: tuple[float, float, float], machines: Sequence[Machine] = (HERE, EIGHT), others: float = 0.0
) -> Report:
    sustained, listed = Estimate(*rate, 400), Machines(machines=list(machines), as_of="2026-01-31")  # type: ignore[arg-type]
    busy = ((Layout(1, 2), TRIAL), (Layout(2, 1), TRIAL))
    found = Found(Layout(2, 1), busy, ((1, TRIAL),), Sustained(sustained, (TRIAL,)), 256, others, 120.0)
    told = tuple(needed(one, listed, 500, sustained, HOST) for one in machines)
    return Report("minilm", HOST, found, 800, 500, "30 probes of a task", 16, 0, listed, told)


def test_the_first_line_is_the_whole_answer() -> None:
    assert headline(report((212, 198, 252))) == (
        "minilm: 212 (198 to 252) queries/s under p95 <= 800 ms on this host; for 500 queries/s: 3 (2 to 3) machines, "
        "915 (610 to 915) USD a month"
    )


def test_of_a_machine_that_was_not_measured_it_says_so() -> None:
    assert headline(report((212, 198, 225), [EIGHT])).endswith(
        "for 500 queries/s: 1 machine of eight (estimated by cores, 8 against 2 here), 1,160 USD a month"
    )
    assert "no machine of the list is this host; give the one that is `host: epyc-2c`" in remarks(
        report((2, 1, 3), [EIGHT])
    )


def test_what_is_not_known_is_said() -> None:
    told = report((212, 0, 225), others=0.4)
    assert headline(told).endswith("3 (at least 3) machines, 915 (at least 915) USD a month")
    said = " ".join(remarks(told))
    assert "no rate surely holds the limit" in said
    assert "others took 40% of the processors" in said
    quiet = " ".join(remarks(report((212, 198, 225))))
    assert "no rate surely" not in quiet
    assert "others took" not in quiet


def test_it_says_what_was_asked_of_what() -> None:
    host, asked, *rest = remarks(report((212, 198, 225)))
    assert host == "host epyc-2c: EPYC, 2 cores; 2 workers of 1 thread, 256 MiB each"
    assert asked == "asked: 30 probes of a task, 16 new tokens in each answer; 400 answers to Poisson arrivals, seed 0"
    assert rest[-1] == "prices: 2026-01-31"


def test_tables_have_a_cell_for_each_column() -> None:
    told = report((212, 198, 225))
    for table in (load_rows(told.found), machine_rows(told.needed)):
        assert len({len(row) for row in table}) == 1
    assert [row[0] for row in load_rows(told.found)] == [
        "load",
        "1 worker of 2 threads, all busy",
        "1 caller",
        "arrivals",
    ]


def test_json_has_null_for_bounds_that_are_not_known() -> None:
    told = as_json(report((212, 0, math.inf)))
    assert told["sustained_per_s"] == {"value": 212.0, "low": 0.0, "high": None, "n": 400}
    assert told["machines"][0]["machines"] == {"value": 3, "low": 1, "high": None}
    assert told["machines"][0]["price_per_month"]["high"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(29_213.4, "29,213"), (999.96, "1000"), (3.14159, "3.142"), (0.00012, "0.00012"), (math.inf, "?")],
)
def test_numbers_keep_the_digits_before_the_point(value: float, text: str) -> None:
    assert number(value) == text
    assert ends(Estimate(value, value, value, 1), " ms") == f"{text} ms"
