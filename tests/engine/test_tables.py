"""Tables in README.md: which rows, of which host, and what a wrong mark says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import records
from tests.support.table import write_table
from zoosmith.contract import ZooError
from zoosmith.core.plan import Ref
from zoosmith.engine.graph import Workshop
from zoosmith.engine.tables import subjects, update_readme


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """toy-plain was measured on two hosts, toy-double on one of them, and later on neither better."""
    shop = Workshop(write_table(tmp_path))
    for name, hosts in (("plain", ("a-host", "z-host")), ("double", ("a-host",))):
        build = records.build(f"toy-{name}", artifact=name, recipe="toy", format="table", parents={}, bases=[])
        for host in hosts:
            about = {"suite": "full", "reference": "toy-plain", "reference_digest": records.sha("toy-plain")}
            measured = records.measurement(f"toy-{name}", host=records.host(host), **about)
            shop.book.register(Ref("toy", name), build, measured)
    return shop


def fill(shop: Workshop, mark: str) -> str:
    page = shop.project / "README.md"
    page.write_text(f"before\n<!-- {mark} -->\nold\n<!-- /results toy -->\nafter\n", encoding="utf-8")
    update_readme(shop)
    return page.read_text(encoding="utf-8")


def test_a_table_speaks_of_one_host_where_it_can(shop: Workshop) -> None:
    assert {row.measured.host.id for row in subjects(shop, "toy")} == {"a-host"}
    assert "`z-host`" not in fill(shop, "results toy")


def test_all_rows_or_those_named(shop: Workshop) -> None:
    whole = fill(shop, "results toy")
    assert "| toy-plain |" in whole and "| toy-double |" in whole and "old" not in whole
    some = fill(shop, "results toy: double")
    assert "| toy-double |" in some and "| toy-plain |" not in some
    assert some.startswith("before\n<!-- results toy: double -->\n| ")
    assert update_readme(shop) == []


def test_marks_that_are_wrong_say_so(shop: Workshop) -> None:
    with pytest.raises(ZooError, match="results toy: dobule`: toy has no artifact 'dobule'; did you mean 'double'"):
        fill(shop, "results toy: dobule")
    (shop.project / "README.md").write_text("<!-- results toy -->\n", encoding="utf-8")
    with pytest.raises(ZooError, match="<!-- /results toy --> is missing"):
        update_readme(shop)
