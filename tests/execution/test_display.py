"""What the user sees while steps run."""

from __future__ import annotations

import io
import threading
import time

import pytest
from rich.console import Console

from zoosmith.execution.display import PLAIN_EVERY_S, Display, Line, clock


def on(terminal: bool) -> tuple[Display, io.StringIO]:
    said = io.StringIO()
    return Display(Console(file=said, force_terminal=terminal, width=100, highlight=False, soft_wrap=True)), said


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (90_061, "25:01:01")],
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("done", "total", "fraction"),
    [(None, None, None), (1, None, None), (None, 4, None), (0, 0, None), (1, 4, 0.25), (9, 4, 1)],
)
def test_fraction(done: float | None, total: float | None, fraction: float | None) -> None:
    line = Line("build a")
    line.update({"done": done, "total": total, "text": "x"})
    assert line.fraction == fraction


def told_ago(line: Line, seconds: float) -> None:
    """The first report of its share came so long ago."""
    assert line.counted_from is not None
    line.counted_from = (time.monotonic() - seconds, line.counted_from[1])


def test_cells_of_a_step_that_counts() -> None:
    line = Line("build a", started=time.monotonic() - 30)
    line.update({"done": 0, "total": 100, "text": "epoch 1"})
    told_ago(line, 20)
    line.update({"done": 25})
    line.update({"memory_mb": 512})
    assert line.cells() == ("build a", "25% epoch 1", "0:30", "1:00 left", "512 MiB")


def test_a_step_that_goes_on_from_its_middle_does_not_count_what_was_done_before() -> None:
    line = Line("build a")
    line.update({"done": 30, "total": 100})
    told_ago(line, 20)
    line.update({"done": 31})
    assert line.cells()[3] == "", "too early to tell"
    line.update({"done": 40})
    assert line.cells()[3] == "2:00 left"


def test_a_step_that_counts_anew_is_told_by_its_new_pace() -> None:
    line = Line("build a")
    line.update({"done": 9, "total": 10})
    told_ago(line, 300)
    line.update({"done": 0, "total": 4, "text": "second half"})
    told_ago(line, 10)
    line.update({"done": 1})
    assert line.cells()[3] == "0:30 left"


def test_cells_of_a_step_that_does_not_count() -> None:
    assert Line("build a").cells() == ("build a", "", "0:00", "", "")


def test_no_guess_of_the_rest_before_two_percent() -> None:
    line = Line("build a")
    line.update({"done": 0, "total": 100})
    told_ago(line, 30)
    line.update({"done": 1})
    assert line.cells()[3] == ""


def test_plain_lines_on_a_pipe() -> None:
    display, said = on(terminal=False)
    line = display.start("build [a]")
    display.update(line, {"done": 1, "total": 2, "text": "epoch [1]"})
    line.printed -= PLAIN_EVERY_S
    display.update(line, {"memory_mb": 7})
    display.update(line, {"memory_mb": 8})
    display.finish(line, "done")
    assert said.getvalue() == "build [a] ...\n  build [a]  50% epoch [1]  0:00  7 MiB\nbuild [a]: done (0:00)\n"


def test_what_a_step_says_stays() -> None:
    display, said = on(terminal=False)
    line = display.start("measure a")
    display.update(line, {"text": "start 1"})
    display.update(line, {"say": "A/A 1.001"})
    assert said.getvalue() == "measure a ...\nmeasure a: A/A 1.001\n"
    assert line.text == "start 1"


def test_live_lines_on_a_terminal_go_when_the_last_step_ends() -> None:
    display, said = on(terminal=True)
    first, second = display.start("build a"), display.start("build b")
    display.update(first, {"text": "epoch 1"})
    display.finish(first, "done")
    assert display.live is not None
    display.finish(second, "failed")
    assert display.live is None
    assert "build a: done" in said.getvalue() and "build b: failed" in said.getvalue()
    again = display.start("build c")
    display.finish(again, "done")
    assert "build c: done" in said.getvalue()


def test_many_threads_share_a_display() -> None:
    display, said = on(terminal=False)

    def step(i: int) -> None:
        line = display.start(f"build {i}")
        for done in range(20):
            display.update(line, {"done": done, "total": 20})
        display.finish(line, "done")

    threads = [threading.Thread(target=step, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = said.getvalue().splitlines()
    assert sorted(line for line in lines if "..." in line) == [f"build {i} ..." for i in range(8)]
    assert sum(": done" in line for line in lines) == 8 and display.lines == []


def test_drawing_never_waits_for_a_step_that_speaks() -> None:
    display, _ = on(terminal=True)
    line = display.start("build a")
    assert display.live is not None
    drawing = threading.Thread(target=display.live.refresh, daemon=True)
    with display.lock:  # as a step holds it that is about to wait for what the drawing thread holds
        drawing.start()
        drawing.join(10)
        drawn = not drawing.is_alive()
    drawing.join(10)
    display.finish(line, "done")
    assert drawn


@pytest.mark.parametrize("terminal", [False, True])
def test_a_closed_display_is_silent(terminal: bool) -> None:
    display, said = on(terminal)
    line = display.start("build a")
    display.close()
    before = said.getvalue()
    display.finish(line, "interrupted")
    display.finish(display.start("build b"), "interrupted")
    assert said.getvalue() == before and display.live is None


@pytest.mark.parametrize("terminal", [False, True])
def test_text_of_others_forges_no_line_and_is_no_markup(terminal: bool) -> None:
    display, said = on(terminal)
    line = display.start("build [/oops] a\nFAILED b\x1b]0;title\x07")
    display.update(line, {"say": "label x\nFAILED build:b\x9b2J", "text": "[bold]x[/bold]", "done": 1, "total": 2})
    display.finish(line, "done")
    shown = said.getvalue()
    assert "[/oops]" in shown
    assert "\nFAILED" not in shown
    assert not any(char in shown for char in ("\x1b]", "\x07", "\x9b"))
