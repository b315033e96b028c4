"""A hub with the multiple-choice data of a mirror: its files, and the card that names configurations."""

from __future__ import annotations

from pathlib import Path

HELLASWAG, ARC = "Rowan/hellaswag", "allenai/ai2_arc"
COMMITS = {
    HELLASWAG: "218ec52e09a7e7462a5400043bb9a69a41d06b76",
    ARC: "210d026faf9955653af8916fad021475a3f00453",
}
CARDS = {
    HELLASWAG: "---\nlicense: mit\n---\n",
    ARC: """\
---
license: cc-by-sa-4.0
configs:
- config_name: ARC-Easy
  data_files:
  - {split: train, path: ARC-Easy/train-*}
  - {split: validation, path: ARC-Easy/validation-*}
  - {split: test, path: ARC-Easy/test-*}
---
""",
}


def write_hub(folder: Path, mirror: Path) -> Path:
    """Both data sets below `folder`, as the hub lays them out."""
    for repo, card in CARDS.items():
        made = folder / "datasets" / repo
        made.mkdir(parents=True)
        (made / "README.md").write_text(card, encoding="utf-8")
        for source in (mirror / "datasets" / repo).iterdir():
            (made / source.name).mkdir()
            for file in source.iterdir():
                (made / source.name / file.name).write_bytes(file.read_bytes())
    return folder
