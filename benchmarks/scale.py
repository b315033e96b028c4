"""What grows how: up to 10,000 artifacts on 1,000 nodes, simulated with the times and sizes of the recorded builds.

    python -m benchmarks.scale [--json benchmarks/results/scale.json] [--keep-driver]

Families are copies of the recorded ones (_scale_steps.py), doit's dispatcher gives steps out, the executor's `place`
says which nodes can take one, Ray's default strategy chooses among them (_scale_policies.py), or what is nearest to the
inputs. Nodes are like the host of most records, 2 cores and 24 GB, and keep what they have fetched and made. What the
driver computes is measured (_scale_driver.py), in seconds of the processor, and enters the simulation as a queue of its
own; `--keep-driver` takes it from the file of `--json` instead. What Ray itself takes of the driver is not in it. The
zoo of 10,000 artifacts that is measured has some GB of small files: TMPDIR=/dev/shm spares the disk.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _scale_driver as driver
from benchmarks._report import keep, options
from benchmarks._scale_policies import Near, Ray
from benchmarks._scale_simulation import Cluster, Ran, Simulation, critical_path_s, ideal_s, work_s
from benchmarks._scale_steps import Step, records, steps
from zoosmith.execution.cluster.pace import pace_s
from zoosmith.execution.cluster.placement import Node
from zoosmith.execution.cluster.profile import Profile
from zoosmith.records.schema import BuildRecord

ROOT = Path(__file__).resolve().parents[1]
CASES = ((100, 10), (1_000, 100), (10_000, 100), (10_000, 1_000))  # artifacts, nodes
CORES = 2
MEMORY_MB = 17_203  # of 24 GB, what Ray hands out: it keeps 30 % for objects
POLICIES = {"ray": Ray, "near": Near}


def cluster(builds: Sequence[BuildRecord], nodes: int, link_mb_s: float, driver_s: float) -> Cluster:
    """So many nodes like the host of the records, with the packages that these name; as many steps as cores at once."""
    packages = {name.lower().replace("_", "-"): version for one in builds for name, version in one.packages.items()}
    profile = Profile("driver", "0" * 64, "0.1.0", "3.11", packages, [], CORES, 24 * 1024)
    alike = tuple(Node(f"{number:056x}", profile, MEMORY_MB, 0) for number in range(nodes))
    return Cluster(alike, profile, link_mb_s, CORES * nodes, driver_s)


def case(
    builds: Sequence[BuildRecord], artifacts: int, nodes: int, link_mb_s: float, driver_s: float
) -> dict[str, Any]:
    """One zoo on one cluster, by both policies."""
    given, where = steps(builds, artifacts, ROOT), cluster(builds, nodes, link_mb_s, driver_s)
    ideal = ideal_s(given, where)
    found: dict[str, Any] = {"artifacts": artifacts, "nodes": nodes, "critical_path_s": round(critical_path_s(given)),
                             "work_s": round(work_s(given, where)), "ideal_s": round(ideal)}  # fmt: skip
    for name, policy in POLICIES.items():
        found[name] = told(Simulation(given, where, policy(nodes)).run(), given, where, ideal)
    return found


def told(ran: Ran, given: Sequence[Step], where: Cluster, ideal: float) -> dict[str, Any]:
    """Of one run."""
    traffic = ran.traffic
    return {
        "makespan_s": round(ran.makespan_s),
        "times_ideal": round(ran.makespan_s / ideal, 3),
        "nodes_fetch_gb": _gb(traffic.nodes_down),
        "nodes_send_gb": _gb(traffic.nodes_up),
        "driver_sends_gb": _gb(traffic.driver_up),
        "driver_receives_gb": _gb(traffic.driver_down),
        "driver_receives_share": round(where.seconds(traffic.driver_down) / ran.makespan_s, 3),
        "driver_computes_s": round(where.driver_s * len(given), 1),
        "reports_a_second": round(ran.under_way_s / ran.makespan_s / pace_s(len(where.nodes))),
        "requests": traffic.requests,
        "node_keeps_gb": _gb(max(ran.held)),
    }


def _gb(size: int) -> float:
    return round(size / 1e9, 1)


ROWS = (
    ("longest chain of steps, h", lambda one: f"{one['critical_path_s'] / 3600:.2f}"),
    ("all work over all cores, h", lambda one: f"{one['work_s'] / 3600:.2f}"),
    ("from the first step to the last, h", lambda one: f"{one['ray']['makespan_s'] / 3600:.2f}"),
    ("times the ideal (the larger of the two above)", lambda one: f"{one['ray']['times_ideal']:.2f}"),
    ("the same placed near inputs", lambda one: f"{one['near']['times_ideal']:.2f}"),
    ("nodes fetch, GB", lambda one: f"{one['ray']['nodes_fetch_gb']:,.0f}"),
    ("the same placed near inputs", lambda one: f"{one['near']['nodes_fetch_gb']:,.0f}"),
    ("nodes send, GB", lambda one: f"{one['ray']['nodes_send_gb']:,.0f}"),
    ("the driver receives, GB", lambda one: f"{one['ray']['driver_receives_gb']:,.0f}"),
    ("its link is busy with that", lambda one: f"{one['ray']['driver_receives_share']:.0%}"),
    ("requests to the cache", lambda one: f"{one['ray']['requests']:,}"),
    ("a node keeps up to, GB", lambda one: f"{one['ray']['node_keeps_gb']:.0f}"),
    ("the driver hears of steps, times a second", lambda one: f"{one['ray']['reports_a_second']:,}"),
    ("the driver plans, CPU s", lambda one: f"{one['driver']['plan_s']:.1f}"),
    ("the driver's steps, CPU s", lambda one: f"{one['ray']['driver_computes_s']:,.0f}"),
    ("of these placing, ms a step", lambda one: f"{one['driver']['place_s'] * 1e3:.2f}"),
)


def table(figures: dict[str, Any]) -> str:
    """The table of docs/scale-out.md."""
    cases = [one | {"driver": figures["driver"][str(one["artifacts"])]} for one in figures["cases"]]
    head = [f"{one['artifacts']:,} artifacts, {one['nodes']:,} nodes" for one in cases]
    lines = [["", *head], ["---", *("--:" for _ in cases)], *([name, *map(say, cases)] for name, say in ROWS)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    """Print the table; write the figures after each case."""
    parser = options(__doc__ or "", link_mb_s=250)
    parser.add_argument("--keep-driver", action="store_true", help="the driver's times are those in the file of --json")
    given = parser.parse_args()
    figures: dict[str, Any] = {"link_mb_s": given.link_mb_s, "driver": {}, "cases": []}
    if given.keep_driver:
        figures["driver"] = json.loads(given.json.read_text())["driver"]
    else:
        for artifacts, nodes in dict(CASES).items():
            figures["driver"][str(artifacts)] = driver.measured(artifacts, artifacts, nodes)
            print(f"driver, {artifacts} artifacts: {figures['driver'][str(artifacts)]}", file=sys.stderr)
    builds, begun = records(ROOT), time.process_time()
    for artifacts, nodes in CASES:
        step_s = figures["driver"][str(artifacts)]["step_s"]
        figures["cases"].append(case(builds, artifacts, nodes, given.link_mb_s, step_s))
    figures["simulated_in_cpu_s"] = round(time.process_time() - begun, 1)
    keep(figures, given.json)
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
