"""The documentation as a site: pages of docs/ and a few of the repository, gathered where MkDocs finds them.

Links to files that are no page of the site (a builder, a benchmark) become their text, as those files are not there.
Run by `make docs`. A link that leads nowhere, and a page that the navigation of mkdocs.yml lacks, end it with an error;
headings that links name are looked at by tests/docs/test_links.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GATHERED = ROOT / "build" / "docs-source"
OF_PROJECT = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"(^```.*?^```$)", flags=re.M | re.S)


def pages(root: Path) -> dict[Path, Path]:
    """Files of the site: where each lies in the repository, and where in the site."""
    docs = root / "docs"
    found = {file: file.relative_to(docs) for file in sorted(docs.rglob("*")) if file.is_file()}
    return found | {root / name: Path("project") / name for name in OF_PROJECT}


def rewritten(text: str, file: Path, known: dict[Path, Path]) -> str:
    """The page with links to pages as they lie in the site; code blocks stay as they are.

    Raises ValueError for a dead link.
    file: where the page lies in the repository, absolute and without symbolic links.
    """

    def one(match: re.Match[str]) -> str:
        picture, said, path, anchor = match[1], match[2], match[3], match[4] or ""
        target = Path(os.path.normpath(file.parent / path))
        if target in known:
            return f"{picture}[{said}]({os.path.relpath(known[target], known[file].parent)}{anchor})"
        if not target.exists():
            raise ValueError(f"{file}: the link to {path} leads nowhere")
        return said

    parts = FENCE.split(text)
    return "".join(part if number % 2 else LINK.sub(one, part) for number, part in enumerate(parts))


def gather(root: Path, into: Path) -> None:
    """Write the pages of the site below `into`, which is made anew."""
    shutil.rmtree(into, ignore_errors=True)
    known = pages(root)
    for file, place in known.items():
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            target.write_text(rewritten(file.read_text(encoding="utf-8"), file, known), encoding="utf-8")
        else:
            shutil.copyfile(file, target)


def out_of_nav(root: Path) -> list[str]:
    """Pages that mkdocs.yml does not name, and names of its navigation that no page has."""
    nav = (root / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = set(re.findall(r": ([\w./-]+\.md)$", nav, flags=re.M))
    return sorted(named ^ {place.as_posix() for place in pages(root).values() if place.suffix == ".md"})


if __name__ == "__main__":
    try:
        if apart := out_of_nav(ROOT):
            raise ValueError(f"mkdocs.yml: not both a page and in the navigation: {', '.join(apart)}")
        gather(ROOT, GATHERED)
    except ValueError as error:
        sys.exit(str(error))
