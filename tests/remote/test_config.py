"""What zoosmith.toml and $ZOOSMITH_CACHE say of caches, and what is wrong with it: file, line, the nearest name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.remote.config import CacheConfig, configured

GOOD = """\
[[cache]]
name = "ci"
url = "s3://bucket/zoo"
trust = "any"

[[cache]]
url = "https://example.org/zoo"
write = true
read = false
timeout_s = 3
"""


def test_caches_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert configured(tmp_path, {}) == []
    (tmp_path / "zoosmith.toml").write_text(GOOD)
    assert configured(tmp_path, {}) == [
        CacheConfig("ci", "s3://bucket/zoo", trust="any"),
        CacheConfig("example-org-zoo", "https://example.org/zoo", read=False, write=True, timeout_s=3),
    ]


def test_the_environment_stands_for_the_file(tmp_path: Path) -> None:
    (tmp_path / "zoosmith.toml").write_text(GOOD)
    (one,) = configured(tmp_path, {"ZOOSMITH_CACHE": "file:///mnt/zoo read write trust=any"})
    assert one == CacheConfig("mnt-zoo", "file:///mnt/zoo", write=True, trust="any")
    (other,) = configured(tmp_path, {"ZOOSMITH_CACHE": "gs://b/zoo write keep_days=7"})
    assert (other.read, other.write, other.keep_days) == (False, True, 7)
    assert configured(tmp_path, {"ZOOSMITH_CACHE": "off"}) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("s3://bucket", "s33://bucket", r"zoosmith\.toml:3: the scheme of 's33://bucket/zoo' .*did you mean 's3'"),
        ("write = true", "wirte = true", r"zoosmith\.toml:8: 'wirte' is not known; did you mean 'write'"),
        ("write = true", "write = 1", r"zoosmith\.toml:8: write takes true or false"),
        ("timeout_s = 3", "timeout_s = true", r"zoosmith\.toml:10: timeout_s takes a number"),
        ("[[cache]]\nname", "[[caches]]\nname", r"zoosmith\.toml:1: 'caches' is not known; did you mean 'cache'"),
        ("[[cache]]\nname", "[cache]\nname", r"zoosmith\.toml.* is no TOML|write `\[\[cache\]\]`"),
        ('trust = "any"', "", r"zoosmith\.toml:3: say whose results are taken"),
        ('trust = "any"', 'trust = "all"', r"zoosmith\.toml:4: trust takes .*not 'all'"),
        ('trust = "any"', 'trust = "ayn"', r"zoosmith\.toml:4: trust takes .*not 'ayn'; did you mean 'any'"),
        ('trust = "any"', "trust = []", r"zoosmith\.toml:4: trust takes"),
        ("write = true", "write = true\nsgin = 'k'", r"zoosmith\.toml:9: 'sgin' is not known; did you mean 'sign'"),
        ("write = true", "write = true\nsign = ['k']", r"zoosmith\.toml:9: sign takes text"),
        ('trust = "any"', "trust = [1]", r"zoosmith\.toml:4: trust takes"),
        ("bucket/zoo", "bucket/zoo?x=1", r"zoosmith\.toml:3: the URL holds"),
        ("s3://bucket/zoo", "file://bucket", r"names no folder"),
        ("s3://bucket/zoo", "s3:///x", r"names no bucket"),
        ('url = "s3://bucket/zoo"', "", r"zoosmith\.toml:1: a cache needs a `url`"),
        ('name = "ci"', 'name = "example-org-zoo"', r"zoosmith\.toml:6: two caches are called 'example-org-zoo'"),
        ('name = "ci"', 'name = "C I"', r"zoosmith\.toml:2: 'C I' is no name"),
        ("read = false", "read = false\nendpoint = 'x'", r"zoosmith\.toml:10: endpoint takes"),
        ('name = "ci"', "name = ", r"zoosmith\.toml is no TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in GOOD
    (tmp_path / "zoosmith.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ZooError, match=told):
        configured(tmp_path, {})


def test_a_password_in_a_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="credentials come from the environment") as caught:
        configured(tmp_path, {"ZOOSMITH_CACHE": "https://me:secret@example.org/zoo read trust=any"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [("s3://b/x raed", "'raed' is not known; did you mean 'read'"), ("s3://b/x read", "say whose results are taken"),
     ("ftp://b/x write", "scheme of 'ftp://b/x'"), ("s3://b/x write timeout_s=x", "timeout_s takes a number")],
)  # fmt: skip
def test_a_wrong_variable_names_itself(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=f"ZOOSMITH_CACHE: .*{re.escape(told)}"):
        configured(tmp_path, {"ZOOSMITH_CACHE": text})


def test_files_of_keys_lie_in_the_zoo_or_where_the_environment_says(tmp_path: Path) -> None:
    signed = GOOD.replace('trust = "any"', 'trust = ["ci", "keys/release.pub"]\nsign = "own.key"\nwrite = true')
    (tmp_path / "zoosmith.toml").write_text(signed)
    one, other = configured(tmp_path, {})
    assert one.trust == ("ci", f"{tmp_path}/keys/release.pub") and one.signed and one.sign == f"{tmp_path}/own.key"
    assert not other.signed and other.sign == ""
    assert [each.sign for each in configured(tmp_path, {"ZOOSMITH_CACHE_SIGN": "/secrets/k"})] == ["/secrets/k"] * 2
    variable = {"ZOOSMITH_CACHE": "file:///mnt/zoo read write trust=ci,a.pub sign=~/k"}
    (one,) = configured(tmp_path, variable)
    assert one.trust == ("ci", f"{tmp_path}/a.pub") and one.sign == str(Path.home() / "k")


@pytest.mark.parametrize("environment", [True, False])
def test_a_key_in_place_of_its_file_is_refused_and_not_repeated(environment: bool, tmp_path: Path) -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nvery-secret\n-----END EC PRIVATE KEY-----"
    text = GOOD if environment else GOOD.replace("write = true", f'write = true\nsign = """{key}"""')
    (tmp_path / "zoosmith.toml").write_text(text)
    with pytest.raises(ZooError, match="ZOOSMITH_CACHE_SIGN take the name of a file, not the key itself") as caught:
        configured(tmp_path, {"ZOOSMITH_CACHE_SIGN": key} if environment else {})
    assert "very-secret" not in str(caught.value)


def test_a_configured_cache_imports_nothing_of_its_extra(tmp_path: Path) -> None:
    """Nor does it open a connection: what is in the local store is answered from there."""
    (tmp_path / "zoosmith.toml").write_text(GOOD)
    program = (
        "import socket, ssl, sys; from pathlib import Path; socket.socket = None\n"
        "from zoosmith.build.workspace import Workspace\n"
        "assert len(Workspace(Path(sys.argv[1])).caches.caches) == 2\n"
        "print([name for name in sys.modules if name.startswith(('obstore', 'torch', 'boto', 'requests'))])"
    )
    told = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (told.stdout, told.returncode) == ("[]\n", 0), told.stderr
