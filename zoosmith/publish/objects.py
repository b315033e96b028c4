"""A registry of many files (schema 3): each version a file, each name a few lines of an index.

    registry.json                {"schema": 3, "index": {"00": <sha256>, ...}, "before": [<sha256>, ...]}
    index/ab/<sha256>.json       an object, named after the SHA-256 of its bytes; it never changes

registry.json points to at most 32 branches, a branch to at most 32 leaves, a leaf holds of each name what lists show
(`zoosmith.records.brief`) and the object of its entry; an entry points to the object of each version's row. So one
more version writes a row, an entry, a leaf, a branch and registry.json, a few kB in all, and whoever knows the bytes of
registry.json knows the digest of everything: nothing of another time can be mixed in, and a signature over that file
is one over all. `before` are the objects that the last change replaced: they stay until the next one, for readers that
are under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from zoosmith.common import safe
from zoosmith.common.canonical import canonical, pretty
from zoosmith.contract.errors import ZooError
from zoosmith.records.brief import Brief

if TYPE_CHECKING:
    from zoosmith.records.registry import Entry, Registry

SCHEMA, FAN = 3, 32
BITS = FAN.bit_length() - 1
MAX_OBJECT = 8 << 20
Read = Callable[[str], bytes]  # the bytes of an object, by its SHA-256


def path_of(digest: str) -> str:
    """Where an object lies beside registry.json."""
    return f"index/{digest[:2]}/{digest}.json"


def keys(name: str) -> tuple[str, str]:
    """The branch and the leaf of a name: ten bits of its SHA-256, which spread names evenly."""
    bits = int.from_bytes(sha256(name.encode()).digest()[:2]) >> (16 - 2 * BITS)
    return f"{bits >> BITS:02}", f"{bits & (FAN - 1):02}"


def parsed(data: bytes, digest: str) -> dict[str, Any]:
    """An object. Raises ZooError for bytes that are not those of its name."""
    if sha256(data).hexdigest() != digest:
        raise ZooError(f"{path_of(digest)} is not what its name says: damaged, or replaced by another file")
    told = safe.parse_json(data, path_of(digest))
    if not isinstance(told, dict):
        raise ZooError(f"{path_of(digest)} is no object of a registry")
    return told


@dataclass(frozen=True)
class Root:
    """registry.json of this form. `more` are its other keys, such as `install`."""

    index: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Any, what: str) -> Root | None:
        """The root in a parsed registry.json; None for another form. Raises ZooError for a damaged one."""
        if not isinstance(told, dict) or told.get("schema") != SCHEMA:
            return None
        index, before = told.get("index"), told.get("before", [])
        if not isinstance(index, dict) or not isinstance(before, list) or not all(
            isinstance(one, str) and safe_digest(one) for one in (*index.values(), *before)
        ):  # fmt: skip
            raise ZooError(f"{what} is of schema {SCHEMA}, and damaged: `index` and `before` name objects by SHA-256")
        more = {key: value for key, value in told.items() if key not in ("schema", "index", "before")}
        return cls(index, tuple(before), more)

    def text(self) -> bytes:
        """The written form."""
        return pretty({**self.more, "schema": SCHEMA, "index": dict(self.index), "before": list(self.before)}).encode()


def safe_digest(text: str) -> bool:
    """Whether it is a SHA-256 in hexadecimal digits."""
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)


def required(digest: Any) -> str:
    """The digest by which an index names an object. Raises ZooError for anything else, which could be a path."""
    if not isinstance(digest, str) or not safe_digest(digest):
        raise ZooError(f"the index names an object by {digest!a:.80}; expected a SHA-256 of 64 hex digits: damaged")
    return digest


def branch(read: Read, index: Mapping[str, str], key: str) -> dict[str, Any]:
    """What an index holds under a key; empty where it holds nothing."""
    return parsed(read(index[key]), index[key]) if key in index else {}


def leaf_of(read: Read, root: Root, name: str) -> dict[str, Any]:
    """The leaf that a name is in, or would be in."""
    first, second = keys(name)
    return branch(read, branch(read, root.index, first), second)


def entry_of(read: Read, told: Mapping[str, Any]) -> dict[str, Any]:
    """The entry that a line of a leaf points to, with its rows, as schema 2 has it. Raises ZooError."""
    try:
        entry = parsed(read(told["entry"]), told["entry"])
        rows = {number: parsed(read(digest), digest)["row"] for number, digest in entry["versions"].items()}
        entry.pop("name")
    except (KeyError, TypeError, AttributeError) as error:
        raise ZooError(f"an entry of the index is damaged: {type(error).__name__} {error}") from None
    return {**entry, "versions": rows}


@dataclass
class Written:
    """Objects to write, by digest, and those that are replaced."""

    objects: dict[str, bytes] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)

    def put(self, value: Any, old: str | None = None) -> str:
        """The digest of a value's object, which is to be written; `old` is the one in whose place it comes."""
        data = canonical(value) + b"\n"
        digest = sha256(data).hexdigest()
        if digest != old:
            self.objects[digest] = data
            self.replaced += [old] if old else []
        return digest


def line_of(
    written: Written, name: str, entry: Entry, old: Mapping[str, Any] | None, rows: Mapping[str, str]
) -> dict[str, Any]:
    """The line of a leaf for an entry. rows: digests of the rows that are there, by version.

    Rows and entries hold the name, so that no two names share an object, which one of them would take from the other.
    """
    from zoosmith.records.brief_made import of_entry

    versions = {
        number: written.put(
            {"name": name, "version": number, "row": row.model_dump(mode="json", by_alias=True)}, rows.get(number)
        )
        for number, row in entry.versions.items()
    }
    told = entry.model_dump(mode="json", by_alias=True, exclude={"versions"})
    digest = written.put({**told, "name": name, "versions": versions}, old["entry"] if old else None)
    return {"entry": digest, "brief": list(of_entry(entry))}


def with_entry(read: Read, root: Root, name: str, entry: Entry) -> tuple[Root, Written]:
    """The root with another entry of a name, and the objects to write before it."""
    written, (first, second) = Written(), keys(name)
    leaves = branch(read, root.index, first)
    leaf = branch(read, leaves, second)
    old = leaf.get(name)
    rows = parsed(read(old["entry"]), old["entry"])["versions"] if old else {}
    leaf = dict(sorted({**leaf, name: line_of(written, name, entry, old, rows)}.items()))
    leaves = {**leaves, second: written.put(leaf, leaves.get(second))}
    index = {**root.index, first: written.put(dict(sorted(leaves.items())), root.index.get(first))}
    return Root(dict(sorted(index.items())), tuple(written.replaced), root.more), written


def whole(registry: Registry) -> tuple[Root, Iterator[tuple[str, bytes]]]:
    """A registry of one file in this form: its root, and all objects by digest."""
    written, leaves = Written(), dict[str, dict[str, dict[str, Any]]]()
    for name, entry in sorted(registry.artifacts.items()):
        first, second = keys(name)
        leaves.setdefault(first, {}).setdefault(second, {})[name] = line_of(written, name, entry, None, {})
    index = {
        first: written.put({second: written.put(leaf) for second, leaf in sorted(found.items())})
        for first, found in sorted(leaves.items())
    }
    more = {"install": registry.install} if registry.install else {}
    return Root(index, (), more), iter(written.objects.items())


def entry_in(told: Any) -> str:
    """The object of the entry that a line of a leaf names; "" where it names none."""
    digest = told.get("entry") if isinstance(told, dict) else None
    return digest if isinstance(digest, str) and safe_digest(digest) else ""


def brief_of(told: Any) -> Brief | None:
    """The brief in a line of a leaf; None where it is none."""
    try:
        brief = Brief(*told["brief"])
        brief = brief._replace(base=tuple(brief.base), heads=tuple(brief.heads))
        numbers = (brief.latest, brief.size_total, brief.last, *brief.aliases.values())
        sound = all(isinstance(text, str) for text in _texts(brief)) and all(isinstance(each, int) for each in numbers)
        return brief if sound and all(number.isdecimal() for number in brief.trees) else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _texts(brief: Brief) -> Iterator[str]:
    """All that has to be text."""
    yield from (brief.task, brief.format, brief.precision, brief.license, brief.builder, brief.quality)
    yield from (*brief.base, *brief.heads, *brief.trees.values(), *brief.yanked.values())
