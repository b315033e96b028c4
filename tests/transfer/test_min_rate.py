"""What is too slow is given up; what is slow for other reasons is not."""

from __future__ import annotations

import io
import time

import pytest

from zoosmith.transfer.min_rate import MIN_BYTES_S, MinRateReader, TooSlow


class Source(io.RawIOBase):
    """Gives `size` bytes a call, after `wait_s`."""

    def __init__(self, size: int, wait_s: float = 0.0, first_s: float = 0.0) -> None:
        self.size, self.wait_s, self.next_s = size, wait_s, first_s or wait_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        time.sleep(self.next_s)
        self.next_s = self.wait_s
        buffer[: self.size] = bytes(self.size)
        return self.size


def read(source: Source, times: int, pause_s: float = 0.0) -> int:
    paced = MinRateReader(source, window_s=0.1)
    count = 0
    for _ in range(times):
        count += paced.readinto(memoryview(bytearray(1000)))
        time.sleep(pause_s)
    return count


def test_a_drip_is_given_up_within_two_windows() -> None:
    started = time.monotonic()
    with pytest.raises(TooSlow, match=r"the connection was given up: \d+ bytes came in 0\.1\d* s"):
        read(Source(1, 0.01), 100)
    assert time.monotonic() - started < 0.2


def test_fast_bytes_before_do_not_pay_for_slow_ones_after() -> None:
    source = Source(1000, 0.01)
    paced = MinRateReader(source, window_s=0.1)
    for _ in range(20):
        paced.readinto(memoryview(bytearray(1000)))
    source.size = 1
    with pytest.raises(TooSlow):
        for _ in range(30):
            paced.readinto(memoryview(bytearray(1000)))


def test_what_keeps_the_pace_is_read_on() -> None:
    assert read(Source(int(MIN_BYTES_S * 0.04), 0.01), 40) == 40 * 40


def test_the_readers_own_pauses_do_not_count() -> None:
    assert read(Source(1), 10, pause_s=0.05) == 10


def test_a_server_may_think_before_its_first_byte() -> None:
    assert read(Source(1, first_s=0.3), 5) == 5


def test_the_end_is_no_drip() -> None:
    assert read(Source(0, 0.2), 1) == 0
