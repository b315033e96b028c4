"""Recipes that are kept are those that parsing gives; nothing else comes out of the store."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from zoosmith.build import parsed, zoo
from zoosmith.build.parsed import KeptRecipes, unpickled
from zoosmith.plugins import shipped
from zoosmith.recipes.yaml import parse

TEXTS = {path.name: path.read_text() for path in sorted(shipped("recipes").glob("*.yaml"))}


class Bad:
    """Runs something where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit",))


def kept_in(store: Path) -> KeptRecipes:
    """All shipped recipes, kept and saved."""
    store.mkdir(exist_ok=True)
    kept = KeptRecipes(store)
    for name, text in TEXTS.items():
        kept.put(text, parse(text, name))
    kept.save()
    return KeptRecipes(store)


def test_what_is_kept_is_what_was_parsed(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "store")
    for name, text in TEXTS.items():
        found, plain = kept.get(text), parse(text, name)
        assert found == plain
        assert found is not None and found.model_dump(mode="json") == plain.model_dump(mode="json")
    assert kept.get(next(iter(TEXTS.values())) + "\n") is None


def test_a_second_command_parses_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "artifacts" / ".store").mkdir(parents=True)
    first = zoo.load_zoo(project)
    monkeypatch.setattr(zoo, "parse", lambda text, file: pytest.fail(f"{file} was parsed again"))
    again = zoo.load_zoo(project)
    assert {id: family.recipe for id, family in again.families.items()} == {
        id: family.recipe for id, family in first.families.items()
    }


def test_a_damaged_file_is_no_file(tmp_path: Path) -> None:
    kept_in(tmp_path / "store")
    file, text = tmp_path / "store" / parsed.FILE, next(iter(TEXTS.values()))
    whole = file.read_bytes()
    for damage in (b"", b"x", whole[: len(whole) // 2], whole[:-1] + bytes([whole[-1] ^ 1]), b"0" * 64 + whole[64:]):
        file.write_bytes(damage)
        assert KeptRecipes(tmp_path / "store").get(text) is None


def test_a_pickle_that_would_run_something_is_nothing(tmp_path: Path) -> None:
    assert unpickled(pickle.dumps(Bad())) is None
    assert unpickled(pickle.dumps({"a": 1})) is None
    (tmp_path / "store" / "kept").mkdir(parents=True)
    body = pickle.dumps({"text": Bad()})
    (tmp_path / "store" / parsed.FILE).write_bytes(parsed._seal(body) + body)
    assert KeptRecipes(tmp_path / "store").get("text") is None


def test_a_value_that_is_not_plain_is_parsed_each_time(tmp_path: Path) -> None:
    text = next(text for text in TEXTS.values() if "params" in text)
    recipe = parse(text, "r.yaml")
    name = next(iter(recipe.artifacts))
    odd = recipe.model_copy(
        update={"artifacts": {name: recipe.artifacts[name].model_copy(update={"params": {"at": Path("x")}})}}
    )
    kept = KeptRecipes(tmp_path)
    kept.put(text, odd)
    assert kept.get(text) is None
