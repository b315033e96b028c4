"""Host classes of a cluster: machines whose figures stand for each other.

A node is of the class that `$ZOOSMITH_HOST_CLASS` named where it was started, and of that of its host's id.
"""

from __future__ import annotations

from collections.abc import Iterable

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.profile import Profile

VARIABLE = "ZOOSMITH_HOST_CLASS"
LISTING = "`doit list --hosts` shows what each node offers"


def offered(profiles: Iterable[Profile]) -> dict[str, list[Profile]]:
    """Nodes of each class, by name."""
    found: dict[str, list[Profile]] = {}
    for profile in sorted(profiles, key=lambda one: one.name):
        for name in profile.classes:
            found.setdefault(name, []).append(profile)
    return found


def chosen(name: str, profiles: Iterable[Profile], code: str) -> Profile:
    """The node that stands for a class: the first by name of those that run this code, else of all.

    Raises ZooError for a class that no node is of, and for one of several hosts, whose figures are not the same.
    """
    known = offered(profiles)
    if name not in known:
        raise ZooError(f"no node of the cluster is of host class {name!r}{nearest(name, known)}; {LISTING}")
    hosts = sorted({profile.about.host["id"] for profile in known[name]})
    if len(hosts) > 1:
        raise ZooError(
            f"nodes of {len(hosts)} hosts say that they are of class {name!r}, and their figures are not the same; "
            f"measure at one of {', '.join(hosts)}, or start their nodes with {VARIABLE} of their own"
        )
    return min(known[name], key=lambda one: (one.code != code, bool(one.about.fault), one.name))


def table(profiles: Iterable[Profile]) -> list[list[str]]:
    """Rows for people, with a head: a class each, its host, nodes, cores, memory and where artifacts answer."""
    head = ["HOST CLASS", "HOST", "NODES", "CORES", "MEMORY", "DEVICE", "PROCESSOR"]
    shown = {name: nodes for name, nodes in offered(profiles).items() if not _named_otherwise(name, nodes)}
    return [head, *(_row(name, nodes) for name, nodes in sorted(shown.items()))]


def _named_otherwise(name: str, nodes: list[Profile]) -> bool:
    """Whether it is a host's id, all of whose nodes are of a class with a name."""
    return all(name == node.about.host["id"] and node.about.host_class for node in nodes)


def _row(name: str, nodes: list[Profile]) -> list[str]:
    ids = sorted({node.about.host["id"] for node in nodes})
    about = nodes[0].about
    gpu = f" ({about.host['gpu']})" if about.host.get("gpu") else ""
    return [
        name, ", ".join(ids), ", ".join(node.name for node in nodes), str(about.host["cores"]),
        f"{about.host['memory_gb']} GB", about.device + gpu, about.host["cpu"],
    ]  # fmt: skip
