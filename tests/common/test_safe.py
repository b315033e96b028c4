"""What is refused of names, paths, URLs and JSON that others wrote."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", ".", "a/./b", "a//b", "a/", "a\\b", "..\\x", "C:/x",
        "C:x", "a\0b", "a\nb", "a\x7f", "a\u202eb", "a\u200bb", "a ", " a", "a.", "a./b", "x/ y", "nul", "CON.txt",
        "a/Com1", ".git/config", "a/.GIT/hooks/pre-commit", "a" * 201, "/".join("a" * 13), "é" * 101, "\ud800",
        "．．/x", "a／b", "․․/x", "e\u0301", "x" * 241, "a\u2028b",
    ],
)  # fmt: skip
def test_paths_that_leave_their_folder_or_mean_two_things_are_refused(path: str) -> None:
    with pytest.raises(ZooError, match="refused"):
        safe.path(path)


@pytest.mark.parametrize(
    "path", ["model.onnx", "onnx/model_quantized.onnx", "1_Pooling/config.json", ".gitattributes", "a b", "modèle.json"]
)
def test_paths_of_real_artifacts_are_taken(path: str) -> None:
    assert safe.path(path) == path


@pytest.mark.parametrize(
    "paths",
    [
        ["a", "a"], ["a", "A"], ["a", "a/b"], ["a/b", "a"], ["A/x", "a/y"], ["straße", "STRASSE"], ["ﬁle", "file"],
        ["K", "K"], ["x/a", "y/b", "X/c"], ["a/b/c", "a/b"], ["ſ", "s"],
    ],
)  # fmt: skip
def test_paths_that_are_one_file_somewhere_are_refused(paths: list[str]) -> None:
    with pytest.raises(ZooError):
        safe.paths(paths)


def test_many_files_in_common_folders_are_taken_and_too_many_refused() -> None:
    safe.paths(f"a/{i % 7}/{i}.json" for i in range(safe.MAX_FILES))
    with pytest.raises(ZooError, match="more than 10000 files"):
        safe.paths(str(i) for i in range(safe.MAX_FILES + 1))


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab./\\: ~CON\0é‮．ſ"), max_size=12) | st.text(max_size=20))
def test_what_is_taken_stays_below_its_folder_on_any_system(text: str) -> None:
    try:
        safe.path(text)
    except ZooError:
        return
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        spelled = unicodedata.normalize(form, text)
        for pure in (PurePosixPath(spelled), PureWindowsPath(spelled)):
            assert not pure.is_absolute()
            assert not pure.drive
            assert ".." not in pure.parts
            assert len(pure.parts) >= 1


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a b", "-a", "a.", "x" * 101, "nul", "con", "a\n", "é"])
def test_names_that_are_no_folder_names_are_refused(name: str) -> None:
    with pytest.raises(ZooError, match="no artifact name"):
        safe.name(name)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x", "data:,x", "javascript:x", "gopher://h/", "x", "", "http://example.com/x", "https://",
        "https://user:secret@host/x", "https://user@host/", "https://host:99999/", "https://host:x/", "https://[::1/",
        "https://host/a b", "https://host/\u202e", "https://host/a\nb", "https://host/?q=1", "https://host/#f",
        "file://host/x", "file:x", "file:///a%00b", "file:///a%0ab", "hf://", "hf://org", "hf://org/name/x",
        "hf://../name", "hf://org/..", "hf://org/name@main", "hf://org/name@" + "A" * 40, "HTTPS\\://x",
        "https://host/" + "a" * 2000,
    ],
)  # fmt: skip
def test_urls_that_may_not_be_opened_are_refused(url: str) -> None:
    with pytest.raises(ZooError):
        safe.url(url)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(ZooError) as refused:
        safe.url("https://me:canary@host/x")
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["https://host/a/", "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]:1/", "file:///a/b", "hf://o/n",
     "hf://o/n@" + "a1" * 20],
)  # fmt: skip
def test_urls_that_may_be_opened(url: str) -> None:
    assert safe.url(url).geturl() == url


def test_http_elsewhere_only_where_the_user_named_it() -> None:
    assert safe.url("http://example.com/", named=True).hostname == "example.com"
    with pytest.raises(ZooError, match="expected https"):
        safe.url("http://127.0.0.1.example.com/")


@pytest.mark.parametrize(
    ("source", "target"),
    [("https://a/", "http://a/"), ("https://a/", "file:///etc/passwd"), ("http://a/", "ftp://a/"),
     ("http://a/", "hf://o/n"), ("https://a/", "https://u:p@b/"), ("http://a/", "data:,x")],
)  # fmt: skip
def test_redirects_to_other_schemes_are_refused(source: str, target: str) -> None:
    with pytest.raises(ZooError, match="redirects"):
        safe.redirect(source, target)


def test_redirects_that_are_followed_may_have_a_query() -> None:
    assert safe.redirect("https://a/x", "https://cdn.b/y?sig=1") == "https://cdn.b/y?sig=1"
    assert safe.redirect("http://a/x", "https://a/x") == "https://a/x"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" * 50 + b"]" * 50, b"NaN",
        b"[Infinity]", b'{"a": 1, "a": 2}', b"1" * 5000, b"[" + b"1," * safe.MAX_JSON_VALUES + b"1]", b'"\x00"',
    ],
    ids=lambda data: repr(data[:10]),
)  # fmt: skip
def test_json_that_is_none_or_a_bomb_is_refused(data: bytes) -> None:
    with pytest.raises(ZooError, match="the file"):
        safe.parse_json(data, "the file")


def test_json_longer_than_the_limit_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "MAX_JSON_BYTES", 10)
    assert safe.parse_json(b"[1, 2, 33]", "x") == [1, 2, 33]
    with pytest.raises(ZooError, match="longer"):
        safe.parse_json(b"[1, 2, 333]", "x")


def test_text_for_a_terminal_steers_none() -> None:
    assert safe.printable("a\x1b[2J\x07b\nü") == "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}b\nü"


@pytest.mark.parametrize("folder", ["runtimes", "tasks", "builders", "builtin", "recipes"])
def test_a_folder_that_a_zoo_takes_code_from_is_no_artifact_name(folder: str) -> None:
    with pytest.raises(ZooError, match="is no artifact name"):
        safe.name(folder)


@pytest.mark.parametrize(
    "path",
    [
        "dodo.py",
        "a/onnx.PY",
        "lib.so",
        "libx.so.1.2",
        "w.whl",
        "run.sh",
        "x/__pycache__/y.pyc",
        "a.exe",
        "b.BAT",
        "c.egg",
        "d.pyw",
        "e.pyz",
    ],
)
def test_code_is_known_by_name_whatever_the_case(path: str) -> None:
    assert safe.is_code(path)
    assert not safe.is_code(path + ".json")


@pytest.mark.parametrize("path", ["a/pytorch_model.bin", "x.PKL", "w.pt", "w.pt2", "m.joblib", "m.dill"])
def test_pickles_are_known_by_name_whatever_the_case(path: str) -> None:
    assert safe.is_pickle(path)
    assert not safe.is_pickle(path + ".safetensors")
