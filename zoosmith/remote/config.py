"""Which caches a zoo has: `[[cache]]` in zoosmith.toml, or $ZOOSMITH_CACHE instead of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from zoosmith.common.names import IDENTIFIER, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.settings import settings

VARIABLE = "ZOOSMITH_CACHE"
VARIABLE_SIGN = "ZOOSMITH_CACHE_SIGN"  # stands for each `sign`: secrets lie elsewhere on each machine
SCHEMES = ("s3", "gs", "az", "https", "http", "file", "memory")
ANY = "any"
PUBLIC = (".pub", ".pem")  # what files of public keys are called
Wrong = Callable[[str, str], NoReturn]  # raises, given the words and the key that they are about


@dataclass(frozen=True)
class CacheConfig:
    """One cache.

    trust: "any" takes every result that holds together, or names of keys, or files of public ones, of which one must
    have signed it; "" where nothing is read. sign: file of the private key that signs what is sent, or "".
    endpoint, region: of a store that speaks S3 elsewhere than at Amazon. timeout_s: to the first byte.
    keep_days: how long `doit gc --remote` keeps what nothing that it knows refers to.
    """

    name: str
    url: str
    read: bool = True
    write: bool = False
    trust: str | tuple[str, ...] = ""
    sign: str = ""
    endpoint: str = ""
    region: str = ""
    timeout_s: float = 10.0
    keep_days: float = 30.0

    @property
    def scheme(self) -> str:
        """What the URL begins with."""
        return urlsplit(self.url).scheme

    @property
    def signed(self) -> bool:
        """Whether only what certain keys have signed is taken."""
        return self.trust not in ("", ANY)

    @property
    def where(self) -> str:
        """Name and URL, for people; what might be a secret in the URL is refused when it is read."""
        return f"{self.name} ({self.url})"


TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,), "url": (str,), "read": (bool,), "write": (bool,), "trust": (str, list), "sign": (str,),
    "endpoint": (str,), "region": (str,), "timeout_s": (int, float), "keep_days": (int, float),
}  # fmt: skip
WORDS = {str: "text", bool: "true or false", list: "a list of names", int: "a number", float: "a number"}


def configured(project: Path, environment: Mapping[str, str] = os.environ) -> list[CacheConfig]:
    """The caches of the zoo in `project`, in the order in which they are asked. Raises ZooError for what is wrong."""
    if VARIABLE in environment:
        return _from_variable(environment[VARIABLE], project, environment)
    found = settings(project)
    made: list[CacheConfig] = []
    for nth, table in enumerate(found.entries("cache")):

        def wrong(words: str, key: str, nth: int = nth) -> NoReturn:
            raise found.fault(words, key, "cache", nth)

        one = _config(table, wrong, project, environment)
        if one.name in {other.name for other in made}:
            wrong(f"two caches are called {one.name!r}; say `name` of one", "name")
        made.append(one)
    return made


def _from_variable(text: str, project: Path, environment: Mapping[str, str]) -> list[CacheConfig]:
    """`URL [read] [write] [trust=any] [sign=KEY]`: a cache that stands for those of zoosmith.toml; "off" for none."""

    def wrong(words: str, key: str) -> NoReturn:
        raise ZooError(f"{VARIABLE}: {words}; it takes 'URL [read] [write] [trust=any] [sign=KEY]', or 'off'")

    words = text.split()
    if words in ([], ["off"]):
        return []
    table: dict[str, Any] = {"url": words[0], "read": "read" in words, "write": "write" in words}
    for word in words[1:]:
        key, _, value = word.partition("=")
        if word in ("read", "write"):
            continue
        if not value:
            wrong(f"{word!r} is not known{nearest(word, ('read', 'write', *TYPES))}", key)
        table[key] = value.split(",") if key == "trust" and value != ANY else _number(key, value)
    return [_config(table, wrong, project, environment)]


def _number(key: str, value: str) -> str | float:
    """The number that a key takes; its text where it takes none, or the text is none."""
    return float(value) if float in TYPES.get(key, ()) and re.fullmatch(r"\d+(\.\d+)?", value) else value


def _config(table: dict[str, Any], wrong: Wrong, project: Path, environment: Mapping[str, str]) -> CacheConfig:
    for key, value in table.items():
        if key not in TYPES:
            wrong(f"{key!r} is not known{nearest(key, TYPES)}", key)
        if not isinstance(value, TYPES[key]) or (isinstance(value, bool) and bool not in TYPES[key]):
            wrong(f"{key} takes {' or '.join(dict.fromkeys(WORDS[kind] for kind in TYPES[key]))}", key)
    if "url" not in table:
        wrong("a cache needs a `url`, such as s3://BUCKET/zoo", "url")
    _check_url(table["url"], wrong)
    if table.get("endpoint") and urlsplit(table["endpoint"]).scheme not in ("http", "https"):
        wrong("endpoint takes an http or https URL", "endpoint")
    _check_trust(table, wrong, project)
    _check_sign(table, wrong, project, environment.get(VARIABLE_SIGN, ""))
    name = table.setdefault("name", _named_after(table["url"]))
    if not IDENTIFIER.fullmatch(name):
        wrong(f"{name!a} is no name: lower-case letters, digits, '-', '_' and '.'", "name")
    return CacheConfig(**table)


def _check_url(url: str, wrong: Wrong) -> None:
    split = urlsplit(url)
    if "@" in split.netloc or split.query or split.fragment:  # never repeated in a message: it may be a password
        wrong(
            "the URL holds a user, a password, a query or a fragment; credentials come from the environment "
            "(AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY)", "url",
        )  # fmt: skip
    if split.scheme not in SCHEMES:
        wrong(f"the scheme of {url!a} is not known{nearest(split.scheme, SCHEMES)}", "url")
    if not url.isascii() or not url.isprintable() or " " in url:
        wrong("a URL is ASCII without spaces", "url")
    if not (split.path if split.scheme == "file" else split.netloc):
        wrong(f"{url} names no {'folder' if split.scheme == 'file' else 'bucket or host'}", "url")


def _check_trust(table: dict[str, Any], wrong: Wrong, project: Path) -> None:
    """Whoever is read from must be trusted in so many words: a result says which bytes an action gives."""
    trust = table.get("trust", "")
    if isinstance(trust, list):
        if not trust or not all(isinstance(key, str) and key for key in trust):
            wrong('trust takes "any" or a list of names of keys', "trust")
        files = {key: str(project.absolute() / Path(key).expanduser()) for key in trust if key.endswith(PUBLIC)}
        table["trust"] = tuple(files.get(key, key) for key in trust)
    elif trust not in ("", ANY):
        wrong(f'trust takes "any" or a list of names of keys, not {trust!r}{nearest(trust, (ANY,))}', "trust")
    if table.get("read", True) and not table.get("trust"):
        wrong(
            'say whose results are taken: trust = "any" believes everybody who can write there, trust = ["KEY"] takes '
            "what that key signed, read = false takes none", "trust" if "trust" in table else "url",
        )  # fmt: skip


def _check_sign(table: dict[str, Any], wrong: Wrong, project: Path, instead: str) -> None:
    """The private key's file, the environment's before the table's. Where one holds the key itself, none is told."""
    for file in (instead, table.get("sign", "")):
        if "\n" in file or "PRIVATE KEY" in file:
            wrong(f"sign and {VARIABLE_SIGN} take the name of a file, not the key itself", "sign")
    if file := instead or table.get("sign", ""):
        table["sign"] = str(project.absolute() / Path(file).expanduser())


def _named_after(url: str) -> str:
    split = urlsplit(url)
    words = re.sub(r"[^a-z0-9]+", "-", f"{split.netloc}{split.path}".lower()).strip("-")
    return words or "cache"
