"""Our records beside what two studies published of small encoders, two of language models: writes studies.md.

    python -m benchmarks.studies [--check] [--allow-missing]

Everything of ours comes from `results/` and, of GPUs and searched adapters, from `benchmarks/results/`; the published
figures from `_published.py`; nothing is measured here. Exits with 1 where an artifact that a row needs is not recorded,
and with `--check` where the page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import (
    _study_adapters,
    _study_choices,
    _study_experiments,
    _study_gpu,
    _study_gpu_language,
    _study_language,
    _study_names,
)
from benchmarks._recorded import Shelf
from benchmarks._study_page import holes, page

ROOT = Path(__file__).parents[1]
PAGE = "benchmarks/studies.md"


def rendered(root: Path) -> tuple[str, list[str]]:
    """The page from the records below `root`, and what they lack."""
    shelf = Shelf(root)
    more = [*_study_adapters.section(root), *_study_gpu.section(root)]
    more += [*_study_language.section(root), *_study_gpu_language.section(root)]
    more += [*_study_choices.section(shelf), *_study_experiments.section(shelf), *_study_names.section(shelf)]
    return "\n".join([page(shelf), *more]).rstrip("\n") + "\n", holes(shelf)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the page, or look whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the page is out of date")
    parser.add_argument("--allow-missing", action="store_true", help="exit with 0 though records are missing")
    given = parser.parse_args(arguments)
    text, missing = rendered(root)
    file = root / PAGE
    stale = given.check and not (file.is_file() and file.read_text(encoding="utf-8") == text)
    if stale:
        print(f"{PAGE} is out of date; run: python -m benchmarks.studies", file=sys.stderr)
    if not given.check:
        file.write_text(text, encoding="utf-8")
    for hole in missing:
        print(f"not recorded: {hole}", file=sys.stderr)
    return int(stale or (bool(missing) and not given.allow_missing))


if __name__ == "__main__":
    sys.exit(main())
