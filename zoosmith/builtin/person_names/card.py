"""The data card."""

from __future__ import annotations

CARD = """\
# person_names

Pairs of person names, each labelled for whether both name the same person. The pairs are made by rules,
on the machine that needs them, from the names in [Faker](https://faker.readthedocs.io) and a nickname
table written for this data set. Nobody in it is a real person.

| column | |
|---|---|
| `name1`, `name2` | the two names as text; their order says nothing |
| `label` | `no`, `partial` or `yes`, a third of each split each |
| `kind` | the rule that made the pair, for reading errors; not a model input |

## Labels

- **yes**: forename and surname match, up to upper and lower case, order (`LAST, First` or `Last First`),
  punctuation, accents, transliteration, a middle name that is dropped or given as an initial, a listed
  nickname, or one or two typos that make no other listed name.
- **partial**: nothing contradicts, but the forename is only an initial, or forename or surname is
  missing.
- **no**: anything else. Half of them are hard: they share a forename, a surname or an initial, or differ
  by one or two letters that make another listed name (`Hansen`, `Hanson`), or have different middle
  names.

A pair that these rules leave open is not in the data: two spellings of which neither is a listed form of
the other (`Bill`, `Willie`), or an initial that fits a nickname only (`B. Jones`, `William Jones`). Typos
also occur in `partial` and `no` pairs, so that a typo alone does not give the label away.

## Names

Locales: en_US, en_GB, en_IN, de_DE, fr_FR, es_ES, it_IT, pt_BR, nl_NL, sv_SE, da_DK, fi_FI, cs_CZ, hr_HR,
ro_RO, tr_TR (Latin); ru_RU, uk_UA, bg_BG (Cyrillic); el_GR (Greek); ka_GE (Georgian); hy_AM (Armenian).
Latin spellings of the other scripts, and spellings without accents, are those of
[anyascii](https://github.com/anyascii/anyascii). Nicknames: more than 500 forenames in Czech and
Croatian, Dutch, English, French, German, Greek, Italian, Nordic languages, Portuguese, Russian, Spanish,
Ukrainian and Bulgarian.

## Splits

`train`, `dev` and `eval` share no person: a forename (in any of its listed forms) with a surname,
compared without case, accents and script, occurs in one pair only. Forenames, surnames and nicknames by
themselves do recur. All splits have the same mix of kinds. The mix was settled while models were tried, on
pairs of other seeds; the default seed was drawn afterwards. The same parameters and the same versions of
Faker and anyascii give the same rows.

## Limits

- The labels follow the rules above, not a judgement about real people: two people can share a name, and
  `Mark` and `Marc` are two listed names here.
- Names have one forename, at most one middle name and one surname of one word: no `van der Berg`, no
  patronymics, no titles, no double surnames, no companies.
- Arabic, Hebrew, Chinese, Japanese and Korean names are missing: their usual romanisation cannot be read
  off the letters. Faker's lists are uneven in size and quality, and every listed name is equally likely
  within a locale.
- Not for decisions about people (credit, border control, screening) without data and tests of your own.

Licence: Apache-2.0, like the code that makes it. Faker is under the MIT licence, anyascii under ISC.
"""
