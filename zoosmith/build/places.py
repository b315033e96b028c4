"""Where the record of an artifact lies, and what its card is rendered from; nothing that renders is imported."""

from __future__ import annotations

from pathlib import Path

from zoosmith import plugins
from zoosmith.cards.links import PLOTS, relative
from zoosmith.common.canonical import digest
from zoosmith.common.names import full_name
from zoosmith.recipes.graph import Ref

RENDERING = ("cards/card.py", "cards/family.py", "records/gates.py", "records/registry.py")


def record_lock(project: Path, root: Path) -> Path:
    """What a writer of the record below `root` holds: one at a time, on this host."""
    return project / "artifacts" / ".store" / "locks" / f"record-{digest(str(root))[:8]}.lock"


class Places:
    """Files of the record below one folder: the project, or the scratch folder."""

    def __init__(self, root: Path) -> None:
        """Of the record below `root`."""
        self.root = root

    def folder(self, ref: Ref) -> Path:
        """Where the records of an artifact are."""
        return self.root / "results" / ref.recipe / ref.name

    def card_file(self, ref: Ref) -> Path:
        """The artifact's card."""
        return self.root / "model_cards" / f"{full_name(ref.recipe, ref.name)}.md"

    def plots_folder(self, ref: Ref) -> Path:
        """Where the plots of its card are."""
        return self.root / "model_cards" / PLOTS / full_name(ref.recipe, ref.name)

    def plots_linked(self, ref: Ref) -> list[Path]:
        """The plots that the artifact's card shows; none where it has no card."""
        card, folder = self.card_file(ref), self.plots_folder(ref)
        linked = relative(card.read_text(encoding="utf-8")) if card.is_file() else []
        return [card.parent / link for link in linked if (card.parent / link).parent == folder]


def template(project: Path) -> str:
    """The card template: the project's own, or the shipped one."""
    own = project / "model_cards" / "template.md.j2"
    return (own if own.is_file() else plugins.shipped("model_cards/template.md.j2")).read_text(encoding="utf-8")


def rendering() -> list[Path]:
    """The modules that cards, their plots and the registry's rows are made by."""
    return [*(plugins.PACKAGE / name for name in RENDERING), *sorted((plugins.PACKAGE / "plots").glob("*.py"))]
