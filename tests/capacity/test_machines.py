"""Lists of machines, and how many of each a rate takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.capacity.machines import Machine, Machines, example, machines_for, needed, read_machines
from zoosmith.contract.errors import ZooError
from zoosmith.records.host import Host
from zoosmith.stats.intervals import Estimate

HOST = Host(id="epyc-2c", cpu="EPYC", isa=(), cores=2, memory_gb=24, os="Linux", python="3.11")
YAML = """\
as_of: 2026-01-31
source: our provider's list
currency: USD
machines:
  - {name: here, host: epyc-2c, cores: 2, price: 305}
  - {name: large, cores: 16, price: 1160, relative: 5.5, currency: EUR}
"""


def written(folder: Path, text: str, name: str = "machines.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def machine(**given: object) -> Machine:
    return Machine.model_validate({"name": "m", "cores": 2, "price": 305, "currency": "USD"} | given)


def test_a_list_in_yaml(tmp_path: Path) -> None:
    found = read_machines(written(tmp_path, YAML), HOST)
    assert (found.as_of, found.source, found.currency) == ("2026-01-31", "our provider's list", "USD")
    assert [(one.name, one.cores, one.price, one.relative) for one in found.machines] == [
        ("here", 2, 305, None),
        ("large", 16, 1160, 5.5),
    ]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_list_in_csv(tmp_path: Path, separator: str) -> None:
    text = "name,cores,price,currency,relative,host\nhere,2,305,USD,,epyc-2c\nlarge, 16 ,1160.5,USD,5.5,\n"
    found = read_machines(written(tmp_path, text.replace(",", separator), "machines.csv"), HOST)
    assert [(one.name, one.cores, one.price, one.relative, one.host) for one in found.machines] == [
        ("here", 2, 305, None, "epyc-2c"),
        ("large", 16, 1160.5, 5.5, None),
    ]


def test_the_example_of_an_error_is_a_list_that_reads(tmp_path: Path) -> None:
    yaml = "\n".join(line for line in example(HOST).splitlines() if line.startswith("  ") and " or in CSV" not in line)
    found = read_machines(written(tmp_path, yaml.replace("\n  ", "\n").removeprefix("  ")), HOST)
    assert [one.name for one in found.machines] == ["this-one", "larger"]
    assert needed(found.machines[0], found, 100, Estimate(50, 40, 60, 9), HOST).basis == "measured"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("m.yaml", YAML.replace("cores: 2,", ""), r"m\.yaml:5: machines\.0\.cores: is missing"),
        ("m.yaml", YAML.replace("price: 305", "prize: 305"), r"machines\.0\.prize: unknown key; did you mean 'price'"),
        ("m.yaml", YAML.replace("cores: 16", "cores: 0"), r"m\.yaml:6: machines\.1\.cores: found 0: .*greater than 0"),
        ("m.yaml", YAML.replace("price: 305", "price: 1.160.0"), r"machines\.0\.price: found '1\.160\.0'"),
        ("m.yaml", YAML.replace("currency: USD\n", ""), "the price of 'here' has no currency"),
        ("m.yaml", YAML.replace("large", "here"), "two machines are called 'here'"),
        ("m.yaml", "- a\n", "expected a mapping with currency, machines; found list"),
        ("m.yaml", "currency: USD\nmachines: []\n", r"m\.yaml:2: machines: "),
        (
            "m.csv",
            "name,core,price,currency\nhere,2,305,USD\n",
            r"m\.csv:1: unknown column 'core'; did you mean 'cores'",
        ),
        ("m.csv", "name,cores,price,currency\nhere,two,305,USD\n", r"m\.csv:2: cores: found 'two'"),
        ("m.csv", "name,cores,price,currency\nhere,2,,USD\n", r"m\.csv:2: price: is missing"),
        ("m.csv", "name,cores,price,currency\n", "lists no machine"),
        ("m.txt", YAML, r"found '\.txt'; expected \.yaml or \.csv"),
    ],
)
def test_what_is_wrong_with_a_list_is_told_with_its_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        read_machines(written(tmp_path, text, name), HOST)


def test_a_list_that_is_not_there_suggests_the_nearest_and_shows_one(tmp_path: Path) -> None:
    written(tmp_path, YAML)
    with pytest.raises(ZooError, match=r"did you mean 'machines\.yaml'[\s\S]*host: epyc-2c, cores: 2"):
        read_machines(tmp_path / "machine.yaml", HOST)


@given(st.floats(0.1, 1e5), st.floats(0.1, 1e4))
def test_so_many_machines_carry_the_rate_and_one_less_does_not(asked: float, each: float) -> None:
    number = machines_for(asked, each)
    assert number * each >= asked * (1 - 1e-9)
    assert number == 1 or (number - 1) * each < asked


def test_the_interval_is_carried_through_to_the_money() -> None:
    told = needed(machine(host="epyc-2c"), Machines(machines=[machine()]), 100, Estimate(21.5, 18, 26, 900), HOST)
    assert (told.number, told.fewest, told.most, told.basis) == (5, 4, 6, "measured")
    assert [told.price(number) for number in (told.number, told.fewest, told.most)] == [1525, 1220, 1830]
    assert told.utilisation == pytest.approx(100 / (5 * 21.5))


def test_without_a_rate_that_surely_holds_there_is_no_most() -> None:
    told = needed(machine(), Machines(machines=[machine()]), 100, Estimate(20, 0, 26, 9), HOST)
    assert (told.most, told.price(told.most)) == (None, None)


@pytest.mark.parametrize(
    ("given", "each", "basis"),
    [
        ({"host": "epyc-2c", "cores": 64, "relative": 9}, 20, "measured"),
        ({"name": "epyc-2c"}, 20, "measured"),
        ({"relative": 1.5, "cores": 8}, 30, "estimated, 1.5 times this host by the list"),
        ({"cores": 8}, 80, "estimated by cores, 8 against 2 here"),
    ],
)
def test_only_this_host_is_measured(given: dict[str, object], each: float, basis: str) -> None:
    told = needed(machine(**given), Machines(machines=[machine()]), 100, Estimate(20, 18, 22, 9), HOST)
    assert told.per_second.value == pytest.approx(each)
    assert told.basis == basis
