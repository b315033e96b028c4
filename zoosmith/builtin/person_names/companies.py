"""Pairs of company names: legal forms written out, shortened, left out or exchanged, and partners who change."""

from __future__ import annotations

import random
from typing import NamedTuple

from zoosmith.builtin.person_names.listing import Pool
from zoosmith.builtin.person_names.slips import misspell
from zoosmith.builtin.person_names.text import key

# Each legal form in the ways it is written, by locale.
FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("Ltd", "Ltd.", "Limited"), ("Inc", "Inc.", "Incorporated"), ("LLC", "L.L.C.", "Limited Liability Company"),
        ("PLC", "plc", "Public Limited Company"), ("LLP", "L.L.P."), ("Corp", "Corp.", "Corporation"),
        ("Co", "Co.", "Company"),
    ),
    "de": (
        ("GmbH", "G.m.b.H.", "Gesellschaft mit beschränkter Haftung"), ("AG", "A.G.", "Aktiengesellschaft"),
        ("KG", "K.G.", "Kommanditgesellschaft"), ("OHG", "offene Handelsgesellschaft"),
        ("GbR", "Gesellschaft bürgerlichen Rechts"), ("e.K.", "eK"),
        ("GmbH & Co. KG", "GmbH und Co KG"),
    ),
    "fr": (
        ("SARL", "S.A.R.L.", "Sàrl", "Société à responsabilité limitée"), ("SA", "S.A.", "Société Anonyme"),
        ("SAS", "S.A.S."),
    ),
    "es": (
        ("S.L.", "SL", "Sociedad Limitada"), ("S.A.", "SA", "Sociedad Anónima"), ("S.Coop.", "Sociedad Cooperativa"),
    ),
    "it": (
        ("S.p.A.", "SpA", "SPA", "Società per azioni"), ("S.r.l.", "Srl", "Società a responsabilità limitata"),
        ("S.n.c.", "Snc"),
    ),
    "pt": (("Lda.", "Lda", "Limitada"), ("Ltda.", "Ltda"), ("S.A.", "SA", "Sociedade Anónima")),
    "nl": (("BV", "B.V.", "Besloten Vennootschap"), ("NV", "N.V.", "Naamloze Vennootschap"), ("VOF", "V.O.F.")),
    "sv": (("AB", "Aktiebolag"), ("HB", "Handelsbolag")),
    "da": (("A/S", "AS", "Aktieselskab"), ("ApS", "Anpartsselskab"), ("I/S", "Interessentskab")),
    "fi": (("Oy", "Osakeyhtiö"), ("Oyj",), ("Ky", "Kommandiittiyhtiö")),
    "cs": (("s.r.o.", "sro", "spol. s r.o."), ("a.s.", "akciová společnost")),
}  # fmt: skip
AND = {
    "de": "und",
    "fr": "et",
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "sv": "och",
    "da": "og",
    "fi": "ja",
    "cs": "a",
}
TRADES = ("Bau", "Consulting", "Foods", "Group", "Holding", "Industries", "Logistics", "Motors", "Systems", "Textil")


class Company(NamedTuple):
    """names of its founders, the word for its trade (or an empty string) and its legal form."""

    names: tuple[str, ...]
    trade: str
    form: tuple[str, ...]
    language: str


def has_companies(pool: Pool) -> bool:
    """Whether legal forms are known for the pool's country."""
    return pool.locale[:2] in FORMS


def draw(label: str, pool: Pool, rng: random.Random) -> tuple[str, str, tuple[str, str]]:
    """Two texts with this label, and what stands for the company among the people taken."""
    company = _company(pool, rng)
    left = _write(company, rng)
    right = {"yes": _same, "partial": _shorter, "no": _other}[label](company, pool, rng)
    return left, right, ("company", key("".join(company.names) + company.trade))


def _company(pool: Pool, rng: random.Random) -> Company:
    language = pool.locale[:2]
    names = tuple(rng.sample(pool.surnames, rng.choice((1, 1, 2, 2, 3))))
    if rng.random() < 0.25:
        names = (f"{rng.choice(pool.forenames)} {names[0]}",)
    return Company(names, rng.choice(("", "", rng.choice(TRADES))), rng.choice(FORMS[language]), language)


def _same(company: Company, pool: Pool, rng: random.Random) -> str:
    """Written anew; the legal form may be left out where trade or partners still tell a company; sometimes a typo."""
    plainly = len(company.names) > 1 or company.trade
    text = _write(company._replace(form=("",)) if plainly and rng.random() < 0.4 else company, rng)
    return misspell(text, rng) if rng.random() < 0.12 and text.isascii() else text


def _shorter(company: Company, pool: Pool, rng: random.Random) -> str:
    """Legal form and trade left out, or some partners: it may be the same, and it may be another."""
    fewer = company._replace(names=company.names[:1] if rng.random() < 0.5 else company.names[:-1] or company.names)
    if fewer.names == company.names:
        return (
            _write(company._replace(form=("",), trade=""), rng)
            if not company.trade
            else _write(company._replace(trade=""), rng)
        )
    return _write(fewer._replace(form=rng.choice((("",), company.form))), rng)


def _other(company: Company, pool: Pool, rng: random.Random) -> str:
    """Another legal form, other founders, another trade, or the founder as a person."""
    forms = [form for form in FORMS[company.language] if form != company.form]
    changed = rng.choice(pool.surnames)
    ways = [
        company._replace(form=rng.choice(forms)),
        company._replace(names=(*company.names[:-1], changed)),
        company._replace(names=(changed, *company.names[1:])),
        _company(pool, rng),
    ]
    if company.trade:
        ways.append(company._replace(trade=rng.choice([trade for trade in TRADES if trade != company.trade])))
    if rng.random() < 0.2:
        return f"{rng.choice(pool.forenames)} {company.names[0].split()[-1]}"
    return _write(rng.choice(ways), rng)


def _write(company: Company, rng: random.Random) -> str:
    joint = rng.choice((" & ", f" {AND.get(company.language, 'and')} ", " and ", " ", "-"))
    *most, last = company.names
    names = rng.choice((", ", " ")).join(most) + (joint if most else "") + last
    form = rng.choice(company.form)
    text = " ".join(part for part in (names, company.trade, form) if part)
    return rng.choice((text, text, text, text.upper(), text.lower()))
