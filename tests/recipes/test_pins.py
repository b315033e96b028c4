"""Pins are read whatever is wrong with their revision, and only the commit's bytes change when one is put in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.recipes import pins
from zoosmith.recipes.yaml import RecipeError, document

A, B = "a" * 40, "b" * 40
DIGITS = "12345678901234567890" * 2
TEXT = """\
# A recipe
schema: 1
bases:   # where from
  one: {repo: org/one, revision: main, license: mit}   # flow
  two:
    repo: org/two      # block
    revision:  'v1.0'  # a tag
    files:
      m.safetensors: "{sha}"
  three:
    repo: org/three  # none

  four: {path: bases/four}
data:
  rows:
    repo: org/rows
    revision: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    splits: {train: train}
""".replace("{sha}", "c" * 64)


def test_pins_are_found_with_their_lines_and_files() -> None:
    found = {".".join(pin.where): pin for pin in pins.read(TEXT, "r.yaml")}
    told = [(name, pin.kind, pin.repo, pin.revision, pin.line, pin.is_commit) for name, pin in found.items()]
    assert told == [
        ("bases.one", "model", "org/one", "main", 4, False),
        ("bases.two", "model", "org/two", "v1.0", 7, False),
        ("bases.three", "model", "org/three", "", 11, False),
        ("data.rows", "dataset", "org/rows", B, 17, True),
    ]
    assert found["bases.two"].files == {"m.safetensors": "c" * 64}


def test_only_the_lines_of_revisions_change() -> None:
    commits = {("bases", "one"): A, ("bases", "two"): B, ("bases", "three"): DIGITS}
    made = pins.rewritten(TEXT, "r.yaml", commits)
    changed = [(old, new) for old, new in zip(TEXT.splitlines(), made.splitlines(), strict=False) if old != new][:2]
    assert changed == [
        (
            "  one: {repo: org/one, revision: main, license: mit}   # flow",
            f"  one: {{repo: org/one, revision: {A}, license: mit}}   # flow",
        ),
        ("    revision:  'v1.0'  # a tag", f"    revision:  '{B}'  # a tag"),
    ]
    assert made.replace(f'    revision: "{DIGITS}"\n', "").replace(A, "main").replace(f"'{B}'", "'v1.0'") == TEXT
    assert document(made, "r.yaml")["bases"]["three"] == {"repo": "org/three", "revision": DIGITS}
    assert pins.rewritten(TEXT, "r.yaml", {}) == TEXT


@pytest.mark.parametrize(
    "entry",
    [
        "{repo: org/one}",
        "{repo: org/one, revision: }",
        "{repo: org/one, revision: null}",
        "{repo: 'org/one' , revision: 1.0}",
        '{"repo": "org/one", "revision": "main"}',
        "\n    revision: main\n    repo: org/one",
        "\n    revision:\n    repo: org/one",
        "\n    repo: org/one",
        "\n    repo:\n      org/one\n    license: mit",
        "\n    revision: &r main  # anchored\n    repo: org/one",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whatever_the_layout(entry: str, end: str) -> None:
    text = f"\ufeff# ü\nbases:\n  one: {entry}\nmore: 1\n".replace("\n", end)
    [pin] = pins.read(text, "r.yaml")
    assert not pin.is_commit
    made = pins.rewritten(text, "r.yaml", {pin.where: A})
    [again] = pins.read(made, "r.yaml")
    assert again.revision == A
    assert made.count("\n") - text.count("\n") in (0, 1)
    assert made.replace("\r\n", "").count("\n") == (0 if end == "\r\n" else made.count("\n"))


def test_a_merged_entry_is_pinned_where_it_is_written() -> None:
    text = "bases:\n  one: &x {repo: org/one, revision: main}\n  two:\n    <<: *x\n    license: mit\n"
    found = pins.read(text, "r.yaml")
    assert [pin.revision for pin in found] == ["main", "main"]
    made = pins.rewritten(text, "r.yaml", {pin.where: A for pin in found})
    assert made == text.replace("main", A)


def test_one_anchor_for_two_commits_is_left_to_the_user() -> None:
    text = "bases:\n  one: {repo: org/one, revision: &r main}\n  two: {repo: org/two, revision: *r}\n"
    with pytest.raises(RecipeError, match=r"r\.yaml: .*by hand:\n  bases\.one: revision: a{40}\n  bases\.two"):
        pins.rewritten(text, "r.yaml", {("bases", "one"): A, ("bases", "two"): B})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bases: {one: {repo: org/one, revsion: main}}", r"r\.yaml:1: bases\.one\.revsion: unknown key.*'revision'"),
        ("bases: [1]", r"r\.yaml:1: bases: "),
        ("data:\n  d: {repo: org/d}", r"r\.yaml:2: data\.d: splits is missing"),
        ("bases: {one: {repo: org/one}, one: {}}", r"r\.yaml:1: key 'one' is given twice"),
        ("", r"r\.yaml:1: .* found nothing"),
    ],
)
def test_what_else_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        pins.read(text, "r.yaml")


@given(st.text("0123456789abcdef", min_size=40, max_size=40), st.sampled_from(["main", "'main'", '"main"', ""]))
def test_any_commit_is_read_back_as_text(commit: str, written: str) -> None:
    made = pins.rewritten(f"bases:\n  one: {{repo: a/b, revision: {written}}}\n", "r", {("bases", "one"): commit})
    assert document(made, "r")["bases"]["one"]["revision"] == commit
