"""HTTP for what is downloaded: redirects checked, nothing decoded, faults sorted into "again" and "never"."""

from __future__ import annotations

import email.utils
import re
import time
import urllib.request
from collections.abc import Mapping
from functools import cache
from http.client import HTTPException, HTTPResponse
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit

from zoosmith import __version__
from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.transfer.min_rate import Handler, SecureHandler, TooSlow
from zoosmith.transfer.retry import TransientError

MAX_REDIRECTS = 5
CHUNK = 1 << 20
PASSING = (408, 425, 429, 500, 502, 503, 504)
CURE = {
    401: "; set HF_TOKEN to a token that may read it",
    403: "; accept its terms on its page, and set HF_TOKEN to a token of that account",
    404: "; it is not there, or HF_TOKEN is needed to see it",
}


class Refused(ZooError):
    """An answer that asking again would not change. `status`: its HTTP status."""

    def __init__(self, words: str, status: int) -> None:
        """Keep both."""
        super().__init__(words)
        self.status = status


def get(url: str, headers: Mapping[str, str], timeout_s: float) -> HTTPResponse:
    """The answer 200, 206, 304 or 416 to a GET, its body unread. Raises TransientError, or ZooError for anything else.

    A header `Authorization` is not sent on to another origin.
    """
    for _ in range(MAX_REDIRECTS + 1):
        answer = _once(url, headers, timeout_s)
        if answer.status not in (301, 302, 303, 307, 308):
            return _accepted(answer, url)
        answer.close()
        target = _joined(url, answer.headers.get("Location") or "")
        if urlsplit(target)[:2] != urlsplit(url)[:2]:
            headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        url = target
    raise ZooError(f"{_plain(url)} was reached after {MAX_REDIRECTS} redirects, and redirects again")


def read_all(answer: HTTPResponse, limit: int) -> bytes:
    """The body, of at most `limit` bytes. Raises ZooError if it is longer, TransientError if it is cut off."""
    expected = length(answer)
    try:
        data = bytearray()
        while len(data) <= limit and (more := answer.read1(min(CHUNK, limit + 1 - len(data)))):
            data += more
    except TooSlow as error:
        raise TransientError(str(error)) from None
    except (OSError, HTTPException) as error:
        raise TransientError(f"the answer was cut off ({type(error).__name__})") from None
    finally:
        answer.close()
    if len(data) > limit:
        raise ZooError(f"the answer is longer than {limit} bytes, so it is not read")
    if expected is not None and len(data) < expected:
        raise TransientError(f"the answer was cut off after {len(data)} of {expected} bytes")
    return bytes(data)


def length(answer: HTTPResponse) -> int | None:
    """Bytes of the whole file: Content-Length, or the total in Content-Range; None if it is not told."""
    if answer.status == 206:
        found = re.fullmatch(r"bytes \d{1,20}-\d{1,20}/(\d{1,20})", answer.headers.get("Content-Range") or "", re.A)
        return int(found[1]) if found else None
    header = answer.headers.get("Content-Length") or ""
    return int(header) if re.fullmatch(r"\d{1,20}", header, re.A) else None


def _once(url: str, headers: Mapping[str, str], timeout_s: float) -> HTTPResponse:
    sent = {"User-Agent": f"zoosmith/{__version__}", "Accept-Encoding": "identity", **headers}
    host = urlsplit(url).netloc
    try:
        answer: HTTPResponse = _opener().open(urllib.request.Request(url, headers=sent), timeout=timeout_s)
        return answer
    except URLError as error:
        raise TransientError(f"{host} cannot be reached ({error.reason})") from None
    except TooSlow as error:
        raise TransientError(f"{host}: {error}") from None
    except TimeoutError:
        raise TransientError(f"{host} did not answer within {timeout_s:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        raise TransientError(f"{host} did not answer as HTTP ({type(error).__name__})") from None


def _accepted(answer: HTTPResponse, url: str) -> HTTPResponse:
    status, message = answer.status, f"{_plain(url)} answered {answer.status}"
    if status in (200, 206, 304, 416):
        if (answer.headers.get("Content-Encoding") or "identity").lower() == "identity":
            return answer
        message = f"{_plain(url)} sends encoded bytes that were not asked for"
    answer.close()
    if status in PASSING:
        raise TransientError(message, after=_seconds(answer.headers.get("Retry-After")))
    raise Refused(message + CURE.get(status, ""), status)


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds, given as such or as a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if re.fullmatch(r"\d{1,9}", header.strip(), re.A):
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _joined(url: str, location: str) -> str:
    try:
        return safe.redirect(_plain(url), urljoin(url, location))
    except ValueError:
        raise ZooError(f"{_plain(url)} redirects to what is no URL") from None


def _plain(url: str) -> str:
    """Without the query, which may hold a signature."""
    return urlsplit(url)._replace(query="").geturl()


@cache
def _opener() -> urllib.request.OpenerDirector:
    """Proxies as the environment says, http and https; no redirects, no other scheme, no exceptions by status."""
    opener = urllib.request.OpenerDirector()
    handlers = urllib.request.ProxyHandler(), Handler(), SecureHandler(), urllib.request.UnknownHandler()
    for handler in handlers:
        opener.add_handler(handler)
    return opener
