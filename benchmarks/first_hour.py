"""A new user's first hour, with the seconds of each step: clone, install, demo, own table, own recipe, another machine.

    python3 benchmarks/first_hour.py                    # all of it, in a new folder below the temporary one
    python3 benchmarks/first_hour.py --only clone table # some steps; `--work DIR` keeps what they made for the next run
    make first-hour

Needs git, make and Python 3.11, and a package index; nothing of Zoosmith, which is what it installs. Every step is a
list of commands as a user types them. What they printed last stands in the text beside the seconds, first_hour.txt.
The last step is an environment of its own with `zoosmith[onnx]` alone: it fails where torch can be imported there.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ROWS, SEED, SHOWN = 800, 1, 12
OF_PIP = ("WARNING: Location ", "[notice] ")  # what it says of the machine's own index and of newer releases
QUEUES = {
    "billing": ("charged twice", "the invoice is wrong", "refund my payment", "the price went up"),
    "bugs": ("the app crashes", "an error appears", "the page stays blank", "sync does not work"),
    "account": ("cannot log in", "change my address", "delete my profile", "reset the password"),
}
BEGINNINGS = ("hello,", "since yesterday", "please help:", "again", "for the third time", "on my phone", "as of today")
ENDINGS = ("what now?", "please look at it", "this is urgent", "thank you", "it worked before", "I need it by Monday")
OWN = """
  static-int8: {builder: onnx_int8_static, from: onnx-fp32, params: {rows: 64}}
"""


class Place(NamedTuple):
    """work: where all of it lies. source: what is cloned. python: of the new environments."""

    work: Path
    source: str
    python: str

    @property
    def clone(self) -> Path:
        """The clone of Zoosmith."""
        return self.work / "zoosmith"

    @property
    def zoo(self) -> Path:
        """The user's own zoo."""
        return self.work / "my-zoo"

    @property
    def ours(self) -> str:
        """The command of the clone's environment."""
        return str(self.clone / ".venv" / "bin" / "zoosmith")


Step = Callable[[Place], Iterator[tuple[list[str], Path]]]


def clone(at: Place) -> Iterator[tuple[list[str], Path]]:
    """The repository as it is."""
    yield ["git", "clone", "--quiet", at.source, str(at.clone)], at.work


def install(at: Place) -> Iterator[tuple[list[str], Path]]:
    """What building takes, as `make demo` would install it."""
    yield ["make", f"PYTHON={at.python}", ".venv/.build"], at.clone


def demo(at: Place) -> Iterator[tuple[list[str], Path]]:
    """Train, convert and measure a family of four."""
    yield ["make", f"PYTHON={at.python}", "demo"], at.clone


def table(at: Place) -> Iterator[tuple[list[str], Path]]:
    """A zoo for a table of one's own."""
    write_tickets(at.work / "tickets.csv")
    words = "init my-zoo --csv tickets.csv --text message --label queue --license other"
    yield [at.ours, *words.split()], at.work


def build(at: Place) -> Iterator[tuple[list[str], Path]]:
    """Train on it, convert to INT8, measure, then ask."""
    yield [at.ours, "build", "tickets-onnx-int8"], at.zoo
    yield [at.ours, "run", "tickets-onnx-int8", "my card was charged twice"], at.zoo


def recipe(at: Place) -> Iterator[tuple[list[str], Path]]:
    """An artifact of one's own added to the recipe, and what it would take; then built."""
    file = at.zoo / "recipes" / "tickets.yaml"
    text = file.read_text(encoding="utf-8")
    if "static-int8" not in text:
        file.write_text(text.rstrip("\n") + OWN, encoding="utf-8")
    yield [at.ours, "builders", "onnx_int8_static"], at.zoo
    yield [at.ours, "build", "tickets-static-int8"], at.zoo
    yield [at.ours, "compare", "tickets-static-int8", "tickets-onnx-int8"], at.zoo


def elsewhere(at: Place) -> Iterator[tuple[list[str], Path]]:
    """Published, pulled and asked in an environment without torch."""
    there, registry = at.work / "there", f"file://{at.work / 'registry'}"
    binary = there / "venv" / "bin"
    shutil.rmtree(there, ignore_errors=True)
    there.mkdir()
    yield [at.ours, "push", "tickets-onnx-int8", "--to", registry], at.zoo
    yield [at.python, "-m", "venv", str(there / "venv")], there
    install = ["-m", "pip", "install", "--quiet", "-c", str(at.clone / "constraints.txt"), f"{at.clone}[onnx]"]
    yield [str(binary / "python"), *install], there
    yield [str(binary / "zoosmith"), "pull", "tickets-onnx-int8", "--registry", registry], there
    yield [str(binary / "zoosmith"), "run", "./tickets-onnx-int8", "my card was charged twice"], there
    absent = "import importlib.util as u, sys; sys.exit('torch is here' if u.find_spec('torch') else 0)"
    yield [str(binary / "python"), "-c", absent], there


STEPS: tuple[Step, ...] = (clone, install, demo, table, build, recipe, elsewhere)


def write_tickets(file: Path) -> None:
    """Made-up support tickets, the same ones every time: a way to begin, a matter, a way to end."""
    generator = random.Random(SEED)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "queue"))
        for number in range(ROWS):
            queue = list(QUEUES)[number % len(QUEUES)]
            parts = (generator.choice(BEGINNINGS), generator.choice(QUEUES[queue]), generator.choice(ENDINGS))
            writer.writerow((f"{' '.join(parts)} (ticket {number})", queue))


def timed(step: Step, at: Place) -> dict[str, Any]:
    """Run the step's commands: seconds, and what they printed. Raises SystemExit with it where one fails."""
    started, said = time.monotonic(), []
    for words, folder in step(at):
        said.append(f"$ {' '.join(words)}")
        done = subprocess.run(words, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)  # fmt: skip
        said += [line for line in done.stdout.splitlines() if not line.startswith(OF_PIP)][-SHOWN:]
        if done.returncode:
            sys.exit("\n".join([*said, f"{step.__name__}: exit code {done.returncode}"]))
    about = (step.__doc__ or "").strip().rstrip(".")
    return {"step": step.__name__, "about": about, "seconds": round(time.monotonic() - started, 1), "said": said}


def environment() -> dict[str, str]:
    """The user's, without what would make the commands look into another checkout."""
    apart = ("PYTHONPATH", "VIRTUAL_ENV", "ZOOSMITH_PROJECT", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    return {name: value for name, value in os.environ.items() if name not in apart}


def host() -> dict[str, Any]:
    """The machine."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    model = next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")), "")
    cores = len(os.sched_getaffinity(0))
    return {"processor": model or platform.machine(), "cores": cores, "load": round(os.getloadavg()[0], 1),
            "python": platform.python_version(), "system": platform.system()}  # fmt: skip


def text(told: dict[str, Any]) -> str:
    """The recording for people."""
    machine = told["host"]
    lines = [f"A first hour on {machine['processor']}, {machine['cores']} cores, load {machine['load']} at the start,",
             f"Python {machine['python']}, commit {told['commit']}; each step once.", ""]  # fmt: skip
    for one in told["steps"]:
        lines += [f"{one['seconds']:8.1f} s  {one['step']}: {one['about']}"]
    lines += [f"{sum(one['seconds'] for one in told['steps']):8.1f} s  together"]
    for one in told["steps"]:
        lines += ["", f"--- {one['step']}", *one["said"]]
    return "\n".join(lines) + "\n"


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [step.__name__ for step in STEPS]
    parser.add_argument("--from", dest="source", default=str(ROOT), help="what is cloned (default: this repository)")
    parser.add_argument("--work", type=Path, help="a folder to work in, kept afterwards; else a new one, removed")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="STEP", help=", ".join(names))
    parser.add_argument("--python", default=sys.executable, help="of the new environments")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks" / "results" / "first_hour.json")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the steps, print the text, and keep both forms; where a step fails nothing is kept."""
    given = parsed(arguments)
    work = (given.work or Path(tempfile.mkdtemp(prefix="first-hour-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    at, machine, steps = Place(work, given.source, given.python), host(), []
    try:
        for step in STEPS:
            if step.__name__ in given.only:
                steps.append(timed(step, at))
                print(f"{steps[-1]['seconds']:8.1f} s  {step.__name__}", flush=True)
        head = subprocess.run(["git", "-C", str(at.clone), "rev-parse", "HEAD"], capture_output=True, text=True)
        told = {"host": machine, "commit": head.stdout.strip()[:12] or "unknown", "steps": steps}
        keep(told, {given.python: "python3", str(work): "~", str(ROOT): "~/zoosmith.git"}, given.json)
    finally:
        if given.work is None:
            shutil.rmtree(work, ignore_errors=True)


def keep(told: dict[str, Any], places: dict[str, str], file: Path) -> None:
    """Write JSON and text, with other words in place of this machine's paths."""
    file.parent.mkdir(parents=True, exist_ok=True)
    steps = [one | {"said": [without_places(line, places) for line in one["said"]]} for one in told["steps"]]
    told = told | {"steps": steps}
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    file.with_suffix(".txt").write_text(text(told), encoding="utf-8")
    print(text(told).partition("\n---")[0])


def without_places(line: str, places: dict[str, str]) -> str:
    """A line with words in place of these absolute paths."""
    for place, word in places.items():
        line = line.replace(place, word) if Path(place).is_absolute() else line
    return line


if __name__ == "__main__":
    main()
