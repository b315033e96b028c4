"""A GGUF as a base: an ordinary checkpoint whose descendants can say what it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import quantize
from zoosmith.toolkit.gguf.probes import PROBES


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one GGUF in Q4_1, as a wheel holds it."""
    folder = tmp_path_factory.mktemp("base")
    f16 = gguf.converted(causal.tiny_llama(folder.parent / "llama"), folder.parent / "f16.gguf")
    quantize.quantize(f16, folder / "Tiny.Q4_1.gguf", "q4_1")
    return folder


def test_it_becomes_a_checkpoint_and_says_what_it_was(base: Path, tmp_path: Path) -> None:
    made = gguf.build("from_gguf", tmp_path, source=gguf.parent(base, "source"))
    assert {path.name for path in made.out.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert made.facts["origin"] == {
        "file": "Tiny.Q4_1.gguf", "types": {"Q4_1": 14, "Q6_K": 1, "F32": 5}, "bits_per_weight": 5.147,
    }  # fmt: skip
    assert made.facts["token_texts"] == len(PROBES)
    assert made.facts["parameters"] == 1279232


def test_its_gguf_in_the_same_type_is_the_base_again(base: Path, tmp_path: Path) -> None:
    made = gguf.build("from_gguf", tmp_path / "a", source=gguf.parent(base, "source"))
    f32 = gguf.build(
        "gguf", tmp_path / "b", params={"type": "f32"}, source=gguf.parent(made.out, "torch", **made.facts)
    )
    again = gguf.build(
        "gguf_quantize", tmp_path / "c", params={"type": "q4_1"}, source=gguf.parent(f32.out, "gguf", **f32.facts)
    )
    assert again.facts["origin"] == made.facts["origin"]
    import gguf as package

    mine, theirs = (
        {one.name: package.dequantize(one.data, one.tensor_type) for one in package.GGUFReader(file).tensors}
        for file in (again.file, base / "Tiny.Q4_1.gguf")
    )
    assert set(mine) == set(theirs)
    matrices = [name for name in mine if name.startswith("blk.") and mine[name].ndim == 2]
    assert max(abs(mine[name] - theirs[name]).max() for name in matrices) < 1e-3


def test_a_truncated_file_is_refused_with_its_cause(base: Path, tmp_path: Path) -> None:
    whole = (base / "Tiny.Q4_1.gguf").read_bytes()
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "m.gguf").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(BuildError, match=r"m\.gguf is truncated: its tensors take .* fetch it again"):
        gguf.build("from_gguf", tmp_path / "made", source=gguf.parent(tmp_path / "base", "source"))


def test_one_of_several_must_be_named(base: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / "base" / name).write_bytes((base / "Tiny.Q4_1.gguf").read_bytes())
    source = gguf.parent(tmp_path / "base", "source")
    with pytest.raises(BuildError, match=r"holds a\.gguf, b\.gguf: `file` must say which"):
        gguf.build("from_gguf", tmp_path / "one", source=source)
    made = gguf.build("from_gguf", tmp_path / "two", params={"file": "b.gguf"}, source=source)
    assert made.facts["origin"]["file"] == "b.gguf"


def test_a_tokenizer_that_comes_out_otherwise_is_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    whole = base / "Tiny.Q4_1.gguf"
    gguf.rewritten(whole, tmp_path / "base" / "m.gguf", tokenizer__ggml__pre="starcoder")
    with pytest.raises(
        BuildError, match=r"texts become other tokens in the tokenizer that transformers makes of m\.gguf"
    ):
        gguf.build("from_gguf", tmp_path / "made", source=gguf.parent(tmp_path / "base", "source"))
