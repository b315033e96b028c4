"""The data card."""

from __future__ import annotations

CARD = """\
# person_names

Pairs of names of persons and companies, each labelled for whether both name the same one. The pairs are made by
rules, on the machine that needs them, from the names in [Faker](https://faker.readthedocs.io) and from tables of
nicknames, titles and legal forms written for this data set. Nobody in it is a real person.

| column | |
|---|---|
| `name1`, `name2` | the two names as text; their order says nothing |
| `label` | `no`, `partial` or `yes` |
| `kind` | what the pair is about, for results by kind; not a model input |

## Labels

- **yes**: forename and surname match, up to upper and lower case, order (`LAST, First` or `Last First`),
  punctuation, spaces, accents, transliteration, a title, a middle name or patronymic that is dropped or given as an
  initial, one of two surnames that is left out, words that are joined or split, a listed nickname, or one or two typos
  that make no other listed name. A name is itself, whatever it leaves out: `J. Hansen` and `HANSEN, J` are yes.
- **partial**: nothing contradicts, but one name says less: the forename is only an initial, or forename or surname is
  missing. Of a company, the legal form and trade are missing beside a lone surname, or partners are.
- **no**: anything else.

A pair that these rules leave open is not in the data: two forms of which neither is a listed form of the other
(`Bill`, `Willie`), an initial that fits a nickname only (`B. Jones`, `William Jones`), two listed names that sound
alike (`Oskar`, `Oscar`), `Jr.` on one side alone.

## Kinds

In `dev` and `eval` each kind has as many rows as any other; in every split a kind has as many rows of each of its
labels. So nothing but the two names tells the label.

| kind | yes | no |
|---|---|---|
| `identical` | the same text twice, of any of these kinds | two strangers |
| `layout`, `accents`, `transliteration` | one name in two ways | a relative or a namesake, in two ways |
| `family` | one person, with and without a middle name | the same surname, another forename |
| `namesake` | one person, with and without a middle name | the same forename, another surname |
| `middle` | a middle name, its initial, or none | another middle name or initial, or a relative |
| `typo` | slips, letters misread or misheard | another listed name, one or two letters away |
| `nickname` | a listed short form | a short form of another forename, or another surname |
| `initial` (also `partial`) | a middle name's initial; initials on both sides | another initial, or another surname |
| `missing` (also `partial`) | the same single name | the single name of another |
| `patronymic` | in full, as an initial, or left out; in either script | another father, or a brother or sister |
| `joined` | `Anne-Marie`, `Annemarie`; particles joined, left out | one of the words exchanged |
| `double-surname` | with space or hyphen, or one alone | another second surname, or a relative |
| `title` (also `partial`) | with and without; one generation | a relative, `Mr.` and `Mrs.`, `Jr.` and `Sr.` |
| `company` (also `partial`) | legal form in another way, or left out | other form, partner or trade; the founder |

Six surnames in 100 are misspelt in the kinds other than `identical`, `typo` and `company`, whatever the label.

## Names

Locales: en_US, en_GB, en_IN, de_DE, fr_FR, es_ES, it_IT, pt_BR, nl_NL, sv_SE, da_DK, fi_FI, no_NO, cs_CZ, hr_HR,
ro_RO, hu_HU, tr_TR (Latin); zh_CN, zh_TW, ja_JP (romanised); ru_RU, uk_UA, bg_BG (Cyrillic); el_GR (Greek); ka_GE
(Georgian); hy_AM (Armenian). Latin spellings of the other scripts, and spellings without accents, are those of
[anyascii](https://github.com/anyascii/anyascii) and, in 3 of 10, others in use (`Yuriy`, `Iurij`; `Mueller`).
Nicknames: more than 500 forenames in Czech and Croatian, Dutch, English, French, German, Greek, Italian, Nordic
languages, Portuguese, Russian, Spanish, Ukrainian and Bulgarian.

## Splits

The order of a pair is drawn at random; with `both_orders: true`, `train` has half as many pairs, each in both orders.
No person (forename, in any of its listed forms, with surname, compared without case, accents and script) occurs in two
pairs. About one surname in seven is kept for `dev` and `eval`, with its neighbours, and none of them is drawn for
`train`. Forenames and nicknames do recur: a nickname cannot be inferred. Kinds that take more examples to learn have
more rows in `train`: six times as many of `nickname` and `typo` as of the easiest, four of `transliteration`. The same
parameters and the same versions of Faker and anyascii give the same rows.

## Limits: what real registers differ in

- The labels follow the rules above, not a judgement about real people. Two people can share a name; here the same
  full name is always the same person. Names change by marriage, and a register may hold any of three spellings: such
  pairs are not here.
- Every listed name is equally likely within a locale, and Faker's lists are short. In a register a rare surname says
  much and `Maria Silva` almost nothing; a score learnt here does not know that.
- A typo is drawn at random. Real ones cluster by keyboard, by clerk and by the quality of scans, and records with
  three errors exist; here there are at most two.
- Half of the pairs of most kinds match. Among all pairs of two registers hardly any does: what share of the answers
  "yes" is right has to be measured on the pairs that are to be matched.
- Two listed names one letter apart are two names here (`Hansen`, `Hanson`); in a register the one may be a typo
  of the other.
- Arabic, Hebrew, Persian, Indian scripts, Thai and Korean are missing, and Chinese and Japanese signs; romanised
  Chinese names are without tones, and of Wade-Giles and Pinyin one each, never side by side.
- Nicknames that families make, names of several generations (`ibn`, `bint`), Icelandic and Ethiopian customs, tribal
  and caste names, nobility and religious names are missing. Companies have the legal forms of eleven languages, and
  names of founders with at most a word for the trade.
- Not for decisions about people (credit, border control, screening) without data and tests of your own.

Licence: Apache-2.0, like the code that makes it. Faker is under the MIT licence, anyascii under ISC.
"""
