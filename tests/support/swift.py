"""A real S3 server: OpenStack Swift on the loopback, where Debian's python3-swift is installed."""

from __future__ import annotations

import datetime
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON = "/usr/bin/python3"  # Debian's own, which has Debian's packages
KEY_ID, SECRET = "zoo:tester", "very-secret-words"
MISSING = "Swift is not installed; `apt-get install python3-swift`"


def require() -> None:
    """Skip the test where there is none; in CI that is a failure."""
    found = Path(PYTHON).exists() and not subprocess.run([PYTHON, "-c", "import swift"], capture_output=True).returncode
    if not found and os.environ.get("CI"):
        pytest.fail(MISSING)
    if not found:
        pytest.skip(MISSING)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Its URL, while the block runs; it has a bucket `zoo`."""
    script = str(Path(__file__).with_name("swift_server.py"))
    with (folder / "swift.log").open("w") as log:
        server = subprocess.Popen(
            [PYTHON, "-I", script, str(folder / "swift"), KEY_ID, SECRET],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert server.stdin and server.stdout
        try:
            port = server.stdout.readline().strip()
            assert port, (folder / "swift.log").read_text()
            url = f"http://127.0.0.1:{port}"
            _make_bucket(url)
            yield url
        finally:
            server.stdin.close()
            server.wait(30)
            server.stdout.close()


def _make_bucket(url: str) -> None:
    """By a signed request: obstore makes objects, no buckets."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        "zoo", endpoint=url, access_key_id=KEY_ID, secret_access_key=SECRET, region="us-east-1",
        client_options={"allow_http": True},
    )  # fmt: skip
    signed = obstore.sign(store, "PUT", "", datetime.timedelta(minutes=1))
    with urllib.request.urlopen(urllib.request.Request(signed, method="PUT")) as answer:
        assert answer.status == 200
