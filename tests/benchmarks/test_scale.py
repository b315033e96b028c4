"""Laws of the simulation in benchmarks/scale.py, and what docs/scale-out.md says of its figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import scale
from benchmarks._scale_policies import Near, Order, Policy, Ray, Room
from benchmarks._scale_simulation import Cluster, Ran, Simulation, critical_path_s, ideal_s, work_s
from benchmarks._scale_steps import Blob, Step, base_sizes, node_of, records, steps
from zoosmith.contract.output import Resources
from zoosmith.execution.action import Action
from zoosmith.execution.cluster.placement import Node
from zoosmith.execution.cluster.profile import Profile
from zoosmith.execution.executor import StepFailed

ROOT = Path(__file__).resolve().parents[2]
PROFILE = Profile("driver", "a" * 64, "0.1.0", "3.11", {}, [], 1, 16_000)
BUILDS = records(ROOT)
POLICIES = (Ray, Near)


def step(name: str, seconds: float = 10.0, parents: Sequence[Step] = (), cpus: int = 1, memory_mb: int = 100,
         size: int = 1_000_000, reads: Sequence[Blob] = ()) -> Step:  # fmt: skip
    action = Action(f"{cpus}/{memory_mb}", f"build {name}", "m:f", {}, {"device": "cpu"}, Resources(cpus, memory_mb))
    trees = (*(parent.writes for parent in parents), *((blob,) for blob in reads))
    return Step(name, action, seconds, tuple(one.name for one in parents), trees, (Blob(name, size),))


def cluster(
    nodes: int, cpus: int = 1, link_mb_s: float = float("inf"), in_flight: int = 10**6, **more: float
) -> Cluster:
    alike = tuple(Node(f"n{one}", replace(PROFILE, cpus=cpus), 1_000, 0) for one in range(nodes))
    return Cluster(alike, PROFILE, link_mb_s, in_flight, **more)


def ran(given: Sequence[Step], where: Cluster, policy: type[Ray] = Ray) -> Ran:
    return Simulation(given, where, policy(len(where.nodes))).run()


@st.composite
def graphs(draw: st.DrawFn, cpus: int = 1) -> list[Step]:
    """Up to 25 steps, each of up to three of those before it, with a base or two."""
    made: list[Step] = []
    bases = [Blob(f"base{one}", 10**6 * (one + 1)) for one in range(2)]
    for number in range(draw(st.integers(1, 25))):
        parents = draw(st.lists(st.sampled_from(made), max_size=3, unique=True)) if made else []
        seconds = draw(st.integers(0, 60))
        size = draw(st.integers(0, 5 * 10**6))
        reads = draw(st.lists(st.sampled_from(bases), unique=True))
        made.append(step(str(number), float(seconds), parents, draw(st.integers(1, cpus)), size=size, reads=reads))
    return made


@given(
    graphs(cpus=2),
    st.integers(1, 6),
    st.integers(1, 30),
    st.sampled_from(POLICIES),
    st.sampled_from((0.5, float("inf"))),
)
@settings(deadline=None)
def test_every_step_runs_once_after_its_parents_and_nothing_beats_the_ideal(
    given: list[Step], nodes: int, in_flight: int, policy: type[Ray], link_mb_s: float
) -> None:
    where = cluster(nodes, 2, link_mb_s, in_flight)
    found = ran(given, where, policy)
    assert found.ended.keys() == found.where.keys() == {one.name for one in given}
    for one in given:
        begun = found.ended[one.name] - one.seconds
        assert all(found.ended[parent] <= begun + 1e-6 for parent in one.parents)
    assert found.makespan_s >= ideal_s(given, where) - 1e-6
    assert found.makespan_s == max(found.ended.values())
    assert found.ended == ran(given, where, policy).ended, "the same again"


@given(graphs(), st.integers(1, 6), st.sampled_from(POLICIES), st.sampled_from((0.5, 5.0, float("inf"))))
@settings(deadline=None)
def test_a_core_is_never_idle_while_a_step_waits(
    given: list[Step], nodes: int, policy: type[Ray], link_mb_s: float
) -> None:
    """Graham's bound for lists (1966): W/m + (1 - 1/m) C, of steps with the longest that they can take on a node.

    The driver has a fast link in this law, whose queue is no machine of Graham's.
    """
    where = cluster(nodes, 1, link_mb_s)
    longest = [replace(one, seconds=one.seconds + where.seconds(_bytes(one))) for one in given]
    found = _with_a_fast_driver(Simulation(given, where, policy(nodes))).run()
    bound = work_s(longest, where) + (1 - 1 / nodes) * critical_path_s(longest)
    assert found.makespan_s <= bound + 1e-6


def _bytes(one: Step) -> int:
    return sum(blob.size for tree in (*one.reads, one.writes) for blob in tree)


def _with_a_fast_driver(simulation: Simulation) -> Simulation:
    simulation._driver = lambda what, now, seconds: now  # type: ignore[method-assign]
    return simulation


@given(graphs(), st.integers(1, 6), st.sampled_from(POLICIES))
@settings(deadline=None)
def test_traffic_is_at_least_what_is_distinct_and_at_most_what_is_read(
    given: list[Step], nodes: int, policy: type[Ray]
) -> None:
    found = ran(given, cluster(nodes), policy)
    read = {blob for one in given for tree in one.reads for blob in tree}
    made = {blob for one in given for blob in one.writes}
    assert found.traffic.driver_up == sum(blob.size for blob in read - made)
    assert found.traffic.nodes_up == found.traffic.driver_down == sum(blob.size for blob in made)
    assert found.traffic.nodes_down >= sum(blob.size for blob in read - made)
    assert found.traffic.nodes_down <= sum(blob.size for one in given for tree in one.reads for blob in tree)
    assert all(times <= nodes for times in found.fetched.values()), "a node keeps what it has"
    if nodes == 1:
        assert found.traffic.nodes_down == found.traffic.driver_up, "what one node made it has"


def test_a_case_by_hand() -> None:
    """Two nodes, 1 MB/s: a base of 2 MB, a step of 10 s that makes 3 MB, and one of it."""
    first = step("a", 10, size=3_000_000, reads=[Blob("base", 2_000_000)])
    second = step("b", 5, [first], size=1_000_000)
    found = ran([first, second], cluster(2, link_mb_s=1.0, driver_s=0.5), Near)
    assert found.ended["a"] == 0.5 + 2 + 2 + 10 + 3 + 3  # the driver computes, sends; the node fetches, builds, sends
    assert found.ended["b"] == found.ended["a"] + 0.5 + 0 + 5 + 1 + 1, "its input is on the node"
    assert found.where["a"] == found.where["b"]
    assert vars(found.traffic) == {
        "driver_up": 2_000_000, "driver_down": 4_000_000, "nodes_up": 4_000_000, "nodes_down": 2_000_000,
        "requests": (1 + 1 + 1 + 1) + (1 + 0 + 1 + 1),
    }  # fmt: skip
    assert sorted(found.held) == [0, 6_000_000]


def test_a_step_waits_for_cores_and_memory_and_a_small_one_does_not_wait_behind_it() -> None:
    large, small = step("large", 10, memory_mb=900), step("small", 1, memory_mb=50)
    found = ran([large, step("second", 10, memory_mb=900), small], cluster(1, cpus=4))
    assert found.ended == {"large": 10, "small": 1, "second": 20}


def test_what_no_node_can_take_is_refused_as_the_executor_refuses_it() -> None:
    with pytest.raises(StepFailed, match="no node of the cluster can take it\n  driver: the step takes 2000 MiB"):
        ran([step("a", memory_mb=2_000)], cluster(1))


def test_no_more_steps_are_out_than_asked_for() -> None:
    given = [step(str(number), 10) for number in range(6)]
    found = ran(given, cluster(6, in_flight=2))
    assert sorted(found.ended.values()) == [10, 10, 20, 20, 30, 30]
    assert found.under_way_s == 60


def test_steps_are_given_out_in_the_order_of_doit() -> None:
    a, b, c = step("a"), step("b"), step("c")
    child = step("child", parents=[a])
    order = Order([a, child, b, c])
    assert order.next() is a and order.next() is b
    order.done(a)
    assert order.next() is child, "what has become ready goes before what was not begun"
    assert order.next() is c and order.next() is None
    order.done(b)
    assert order.next() is None


@pytest.mark.parametrize("policy", POLICIES)
def test_nodes_that_are_less_than_half_in_use_are_alike_to_ray(policy: type[Ray]) -> None:
    room = [Room(node, used) for node, used in enumerate((0.9, 0.4, 0.0, 0.6, 0.2))]
    chosen = {policy(15).node(step("a"), room, {}) for _ in range(50)} | _drawn(policy(15), room, {})
    assert chosen == {1, 2, 4}, "of three, which are 20 % of 15"
    assert _drawn(policy(5), room, {}) == {1}


def _drawn(policy: Policy, room: list[Room], held: Mapping[int, int]) -> set[int]:
    return {policy.node(step("a"), room, held) for _ in range(50)}


def test_near_takes_the_node_and_the_step_with_most_bytes() -> None:
    room = [Room(0, 0.0), Room(1, 0.9), Room(2, 0.0)]
    assert _drawn(Near(3), room, {1: 5, 2: 4}) == {1}
    assert (Near(3).step([1, 7, 7]), Ray(3).step([1, 7, 7])) == (1, 0)


def test_a_copy_of_the_recorded_families_has_their_steps_times_and_sizes() -> None:
    one = steps(BUILDS, len(BUILDS), ROOT)
    assert [s.seconds for s in one] == [build.provenance["seconds"] for build in BUILDS]
    assert len(BUILDS) > 80 and sum(len(s.parents) for s in one) > 50
    for made, build in zip(one, BUILDS, strict=True):
        files = {file.sha256: file.size for file in build.files}
        assert sum(blob.size for blob in made.writes[:-1]) == sum(files.values())
        assert made.action.resources.memory_mb > 500 and made.action.resources.cpus in (1, 2)


def test_copies_share_bases_and_tokenizers_and_no_weights() -> None:
    two = steps(BUILDS, 2 * len(BUILDS), ROOT)
    first, second = two[: len(BUILDS)], two[len(BUILDS) :]
    assert {b for s in first for b in s.writes} & {b for s in second for b in s.writes}
    for one, other, build in zip(first, second, BUILDS, strict=True):
        if build.builder in ("finetune", "lora", "distill"):
            assert max(one.writes, key=lambda blob: blob.size) not in other.writes, "other rows, other weights"
    bases = {b for s in first for tree in s.reads for b in tree} & {b for s in second for tree in s.reads for b in tree}
    assert {name for name, _ in bases} >= {f"{node}/weights" for node in base_sizes(BUILDS)}


def test_an_adapter_brings_what_it_needs_to_the_steps_that_read_it() -> None:
    by_name = {node_of(build): s for build, s in zip(BUILDS, steps(BUILDS, len(BUILDS), ROOT), strict=True)}
    merged = by_name["smollm2-names/lora-r16"]
    base = by_name["smollm2-names/base"].writes
    assert base in merged.reads and by_name["smollm2-names/lora-r16-unmerged"].writes in merged.reads
    assert len(set(merged.reads)) == len(merged.reads)


def test_the_first_steps_of_a_zoo_are_complete_with_their_parents() -> None:
    given = steps(BUILDS, 130, ROOT)
    names = [one.name for one in given]
    assert len(set(names)) == 130
    assert all(parent in names[:at] for at, one in enumerate(given) for parent in one.parents)


def test_a_small_case_of_the_recorded_steps() -> None:
    found = scale.case(BUILDS, 60, 6, 250.0, 0.01)
    assert found["ray"]["times_ideal"] >= 1 and found["near"]["times_ideal"] >= 1
    assert found["near"]["nodes_fetch_gb"] < found["ray"]["nodes_fetch_gb"]
    assert found == scale.case(BUILDS, 60, 6, 250.0, 0.01)


def test_the_page_has_the_table_of_the_recorded_run() -> None:
    figures = json.loads((ROOT / "benchmarks" / "results" / "scale.json").read_text())
    assert scale.table(figures) in (ROOT / "docs" / "scale-out.md").read_text(), "python -m benchmarks.scale prints it"
    assert [(one["artifacts"], one["nodes"]) for one in figures["cases"]] == list(scale.CASES)
