"""Values that somebody may put where names, paths, numbers, JSON and answers belong."""

from __future__ import annotations

from hypothesis import strategies as st

PATHS = (
    "../outside", "../../outside", "/tmp/zoosmith-hostile", "..\\outside", "a/../../outside", "C:/x", "C:x", "a\0b",
    "a\nb", "MODEL.onnx", "Model.Onnx", "model.onnx/x", "tokenizer.json ", "tokenizer.json.", "\u202egnp.exe", "nul",
    ".git/hooks/post-checkout", "m\u0301odel", "．．/outside", "a／b", "~/x", "-rf", "*", "$(id)", "%2e%2e/x", ".", "",
    "x" * 300, "a/" * 200 + "b", "pytorch_model.bin", "weights.PKL", ".toy-a.pull", "manifest.json", "zoosmith.json",
)  # fmt: skip
LOCATIONS = (
    "../outside/", "/etc/", "file:///etc/", "ftp://127.0.0.1/", "data:,x", "http://169.254.169.254/", "hf://o/n", "x",
    "hf://../..@" + "a" * 40, "https://user:canary@127.0.0.1:1/", "https://[::1", "http://127.0.0.1:1/", "//127.0.0.1/",
    "toy-a/v1/../../../outside/", "", "\0", "https://127.0.0.1:99999/", "file://host/x", "javascript:alert(1)",
)  # fmt: skip
FAULTS = (
    "cut",
    "endless",
    "short",
    "long",
    "wrong",
    "garbage",
    "ignore-range",
    "status",
    "redirect",
    "cap",
    "cap-whole",
)
LASTING = ("interim", "padded", "trailers", "drip", "crawl")  # each costs seconds
TARGETS = (
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "http://127.0.0.1:1/",
    "//",
    "http://[",
    "",
    "\x7f",
    "data:,x",
    "/",
)
WORDS = st.one_of(st.sampled_from(PATHS), st.text(max_size=12), st.sampled_from(LOCATIONS))
NUMBERS = (
    st.sampled_from([-1, 0, 1, 2**31, 2**63, 2**64, 10**300, 10**400, -(10**400), 1.5, -0.0, 1e308]) | st.integers()
)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
RAW = st.sampled_from(
    [b"", b"{", b"[" * 50_000, b'{"a":' * 3000, b"\xff\xfe", b"NaN", b"9" * 6000, b"null", b"[]", b'{"schema": 1e999}']
) | st.binary(max_size=40)
