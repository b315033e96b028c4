"""What may come from a registry, a hub or an archive: names, paths, URLs and JSON of people one does not know.

Everything here is refused rather than repaired. Paths must mean the same file on every file system, so what
collides after Unicode normalisation (UAX #15) and case folding is refused too.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from zoosmith.common.names import IDENTIFIER
from zoosmith.contract.errors import ZooError

MAX_NAME = 100
MAX_PATH = 240
MAX_PART_BYTES = 200
MAX_DEPTH = 12
MAX_FILES = 10_000
MAX_FILE_BYTES = 1 << 42
MAX_URL = 2000
MAX_JSON_BYTES = 64 << 20
MAX_JSON_DEPTH = 40
MAX_JSON_VALUES = 4_000_000
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # reserved by Windows, with any suffix
TOOLS = (".git", "git~1")  # a repository inside an artifact could run its hooks
ZOO = ("builders", "builtin", "recipes", "runtimes", "tasks")  # folders of a zoo that hold code or lead to it
CODE = (".py", ".pyc", ".pyw", ".pyz", ".pyd", ".whl", ".egg", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat")
VERSIONED = re.compile(r"\.so(\.\d+)+$")  # as shared libraries are named: libx.so.1.2
PICKLES = (".bin", ".pt", ".pt2", ".pth", ".pkl", ".pickle", ".dill", ".ckpt", ".joblib", ".msgpack", ".h5")
HUB = re.compile(
    r"hf://(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<commit>[0-9a-f]{40}))?/?", re.A
)
LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")


def name(text: str) -> str:
    """The name of an artifact, which becomes a folder. Raises ZooError for any other text."""
    if len(text) > MAX_NAME or not IDENTIFIER.fullmatch(text) or DEVICES.fullmatch(text) or text in ZOO:
        raise ZooError(f"{_shown(text)} is no artifact name: expected lower-case letters, digits, '-', '_' and '.'")
    return text


def path(text: str) -> str:
    """A relative path with '/' that stays below its folder on every file system. Raises ZooError otherwise."""
    compatible = unicodedata.normalize("NFKC", text)
    fault = _fault(text) or _fault(compatible)
    if fault is None and compatible.count("/") != text.count("/"):
        fault = "it has a character that stands for '/'"
    if fault is None and unicodedata.normalize("NFC", text) != text:
        fault = "it is not in Unicode normal form C"
    if fault:
        raise ZooError(f"the path {_shown(text)} is refused: {fault}")
    return text


def paths(texts: Iterable[str]) -> None:
    """Check the paths of one artifact, each and together. Raises ZooError for two that could be one file."""
    spelling: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for text in texts:
        *above, _name = path(text).split("/")
        prefixes = ["/".join(above[: end + 1]) for end in range(len(above))]
        for prefix in (*prefixes, text):
            known = spelling.setdefault(_folded(prefix), prefix)
            if known != prefix:
                raise ZooError(f"the paths {_shown(known)} and {_shown(prefix)} would be one on some file systems")
        if text in files or text in folders or files.intersection(prefixes):
            raise ZooError(f"the path {_shown(text)} stands twice, or as a file and as a folder")
        files.add(text)
        folders.update(prefixes)
        if len(files) > MAX_FILES:
            raise ZooError(f"more than {MAX_FILES} files in one artifact are refused")


def url(text: str, *, named: bool = False, query: bool = False) -> SplitResult:
    """A URL that may be opened: https, file, hf, and http to this host or where the user named it.

    Raises ZooError for other schemes, user names and passwords, fragments, and queries unless `query` allows them.
    """
    try:
        split = urlsplit(text)
        host, _port = split.hostname or "", split.port
    except ValueError as error:
        raise ZooError(f"{_shown(text)} is no URL: {error}") from None
    fault = _fault_of_text(text) or _fault_of_url(split, host, named)
    if not fault and (split.fragment or (split.query and not query)):
        fault = "it has a query or a fragment"
    if fault:
        raise ZooError(f"the URL {_shown(text)} is refused: {fault}")
    return split


def redirect(source: str, target: str) -> str:
    """A redirect that may be followed: https to https, http to http or https. Raises ZooError otherwise."""
    allowed = ("http", "https") if urlsplit(source).scheme == "http" else ("https",)
    try:
        split = url(target, named=True, query=True)
    except ZooError as error:
        raise ZooError(f"{source} redirects, and {error}") from None
    if split.scheme not in allowed:
        raise ZooError(f"{source} redirects to {_shown(target)}: only {' and '.join(allowed)} may be followed")
    return target


def is_pickle(text: str) -> bool:
    """Whether the path names a format that runs code, or may, when it is loaded."""
    return text.lower().endswith(PICKLES)


def is_code(text: str) -> bool:
    """Whether the path names a file that Python or the system may run: no artifact needs one."""
    return text.lower().endswith(CODE) or VERSIONED.search(text.lower()) is not None


def parse_json(data: bytes, what: str) -> Any:
    """The JSON in `data`. Raises ZooError for what is no strict JSON, too long, too deep, or of too many values."""
    if len(data) > MAX_JSON_BYTES:
        raise ZooError(f"{what} is longer than {MAX_JSON_BYTES >> 20} MiB, so it is not read")
    if sum(data.count(mark) for mark in (b",", b"[", b"{", b":")) > MAX_JSON_VALUES:
        raise ZooError(f"{what} holds more than {MAX_JSON_VALUES} values, so it is not read")
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_unique)
    except RecursionError:
        raise ZooError(f"{what} is nested too deeply") from None
    except ValueError as error:
        raise ZooError(f"{what} is no JSON that can be read: {printable(str(error))[:200]}") from None
    if _deeper(value, MAX_JSON_DEPTH):
        raise ZooError(f"{what} is nested too deeply")
    return value


def printable(text: str) -> str:
    """The text without what steers a terminal; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _fault(text: str) -> str | None:
    parts = text.split("/")
    if not text or len(text) > MAX_PATH or len(parts) > MAX_DEPTH:
        return f"expected 1 to {MAX_PATH} characters in at most {MAX_DEPTH} parts"
    if "\\" in text or ":" in text:
        return "it has a backslash or a colon"
    if any(unicodedata.category(char)[0] == "C" or unicodedata.category(char) in ("Zl", "Zp") for char in text):
        return "it has control or invisible characters"
    return next((fault for part in parts if (fault := _fault_of_part(part))), None)


def _fault_of_part(part: str) -> str | None:
    if part in ("", ".", ".."):
        return "expected a relative path without empty parts, '.' and '..'"
    if part[-1] in ". " or part[0] == " ":
        return "a part begins with a space, or ends with a dot or a space"
    if len(part.encode("utf-8", "surrogatepass")) > MAX_PART_BYTES:
        return f"a part is longer than {MAX_PART_BYTES} bytes"
    if DEVICES.fullmatch(part.casefold()) or part.casefold() in TOOLS:
        return f"the name {part!r} is reserved"
    return None


def _fault_of_text(text: str) -> str | None:
    if len(text) > MAX_URL or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return f"expected at most {MAX_URL} ASCII characters without spaces and backslashes"
    return None


def _fault_of_url(split: SplitResult, host: str, named: bool) -> str | None:
    if split.scheme == "hf":
        repo = HUB.fullmatch(split.geturl())
        return None if repo and ".." not in split.geturl() else "expected hf://ORG/NAME or hf://ORG/NAME@COMMIT"
    if split.scheme == "file":
        plain = unquote(split.path)
        fits = host in ("", "localhost") and plain.startswith("/") and plain.isprintable()
        return None if fits else "expected file:///absolute/path"
    if split.scheme not in ("http", "https"):
        return "expected https, file or hf"
    if not host or "@" in split.netloc:
        return "expected a host, without user name and password"
    if split.scheme == "http" and not named and not LOOPBACK.fullmatch(host):
        return "http is not protected on the way; expected https"
    return None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


def _deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for item in level if isinstance(item, (dict, list)) for child in _children(item)]
    return bool(level)


def _children(item: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _shown(text: str) -> str:
    """Quoted, escaped and short, without a password."""
    text = re.sub("//[^/]*@", "//...@", text)
    return ascii(text if len(text) <= 80 else text[:80] + "...")
