"""docs/your-data.md is walked, command by command, with an encoder that trains in a second."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.zoo import ROOT, TORCH_BRIEFLY, rows, write_bert

PAGE = (ROOT / "docs" / "your-data.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.M | re.S)


def write_table(file: Path, count: int, seed: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "queue"))
        writer.writerows((row["text"], row["label"]) for row in rows(count, seed))


def test_every_command_of_the_page_works(tmp_path: Path) -> None:
    write_table(tmp_path / "tickets.csv", 200, 1)
    first, *others = [(language, text) for language, text in BLOCK.findall(PAGE)]
    shell(first[1].replace("cd my-zoo\n", ""), tmp_path)
    zoo = tmp_path / "my-zoo"
    use_a_small_base(zoo)
    write_table(zoo / "new.csv", 20, 2)
    for language, text in others:
        if "zoosmith pull" in text:
            shell(text, box(tmp_path))
        elif language == "sh":
            shell(text, zoo)
        else:
            run([sys.executable, "-c", text], zoo)
    with (zoo / "answers.csv").open(newline="", encoding="utf-8") as file:
        answered = list(csv.DictReader(file))
    assert len(answered) == 20
    assert {row["prediction"] for row in answered} <= {"negative", "positive"}


def use_a_small_base(zoo: Path) -> None:
    """In place of the one that would be fetched, and without gates: it is not meant to be good."""
    write_bert(zoo / "bases" / "encoder")
    file = zoo / "recipes" / "tickets.yaml"
    recipe = yaml.safe_load(file.read_text(encoding="utf-8")) | {"bases": {"encoder": {"path": "bases/encoder"}}}
    recipe["task"]["max_length"] = 32
    for artifact in recipe["artifacts"].values():
        artifact.pop("gates", None)
    file.write_text(yaml.safe_dump(recipe), encoding="utf-8")


def box(home: Path) -> Path:
    """The other machine: a folder that is no zoo."""
    made = home / "box"
    made.mkdir()
    return made


def shell(text: str, folder: Path) -> None:
    """Each line of a block, as a shell runs it; the registry lies below the test's own home."""
    for line in text.splitlines():
        run(["sh", "-c", line], folder)


def run(command: list[str], folder: Path) -> None:
    home = folder if (folder / "tickets.csv").is_file() else folder.parent
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {
        "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
    } | TORCH_BRIEFLY  # fmt: skip
    assert shutil.which("zoosmith", path=environment["PATH"]), "the command is not installed beside this Python"
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
