"""What stands before and after a name and is no part of it, and what it says of a person."""

from __future__ import annotations

MEN = ("Mr.", "Mister", "Sir", "Herr", "Monsieur", "Señor", "Don", "Signor", "Senhor", "Dhr.", "Pan", "Hr.", "Bay")
WOMEN = (
    "Mrs.",
    "Ms.",
    "Miss",
    "Frau",
    "Madame",
    "Señora",
    "Doña",
    "Signora",
    "Senhora",
    "Mevr.",
    "Paní",
    "Fru",
    "Dame",
)
LEARNED = (
    "Dr.",
    "Prof.",
    "Prof. Dr.",
    "Dr. med.",
    "Ing.",
    "Dipl.-Ing.",
    "Rev.",
    "Hon.",
    "Capt.",
    "Mag.",
    "Lic.",
    "Maître",
)
DEGREES = ("PhD", "Ph.D.", "MD", "M.D.", "MBA", "MSc", "BSc", "Esq.", "CPA", "OBE", "MP", "LL.M.", "RN")
# Each generation in the ways it is written: father and son are two people.
GENERATIONS = (("Sr.", "Senior", "sen."), ("Jr.", "Junior", "jun."), ("II", "2nd"), ("III", "3rd"), ("IV", "4th"))


def gender(title: str) -> str:
    """man, woman, or an empty string where the title says neither."""
    return "man" if title in MEN else "woman" if title in WOMEN else ""


def generation(suffix: str) -> int:
    """Which generation a suffix names; -1 for a degree or none."""
    return next((i for i, ways in enumerate(GENERATIONS) if suffix in ways), -1)
