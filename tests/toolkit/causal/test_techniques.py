"""What is applied at run time lies in a file that is read whole, and refused where it is not understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.techniques import FILE, Activations, Int8Layers, Techniques, Trim, read, write

ALL = Techniques(activations=Activations(bits=6), int8=Int8Layers(layers=("a.b",)), trim=Trim(positions="kept"))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write(ALL, tmp_path)
    assert read(tmp_path) == ALL
    assert json.loads((tmp_path / FILE).read_text())["trim"] == {
        "cut_share": 0.3, "first": 4, "last_share": 0.1, "positions": "kept",
    }  # fmt: skip


def test_what_is_not_applied_is_not_named(tmp_path: Path) -> None:
    write(Techniques(activations=Activations(outlier_z=None)), tmp_path)
    assert json.loads((tmp_path / FILE).read_text()) == {"schema": 1, "activations": {"bits": 8, "outlier_z": None}}
    assert read(tmp_path).activations == Activations(outlier_z=None)


BAD = [
    ({"trimm": {}}, r"trimm is not known; did you mean 'trim'\?"),
    ({"trim": {"cut_shar": 0.1}}, r"trim\.cut_shar is not known; did you mean 'cut_share'\?"),
    ({"trim": {"cut_share": 1.0}}, r"trim\.cut_share: .*less than 1; found 1\.0"),
    ({"trim": {"positions": "moved"}}, r"trim\.positions: .*'renumbered' or 'kept'; found 'moved'"),
    ({"activations": {"bits": 9}}, r"activations\.bits: .*less than or equal to 8; found 9"),
    ({"activations": {"outlier_z": 0}}, r"activations\.outlier_z: .*greater than 0; found 0"),
    ({"int8": {"layers": []}}, r"int8\.layers: .*at least 1 item.*; found \[\]"),
    ({"schema": 2}, r"schema: .*should be 1; found 2; .*update zoosmith"),
]


@pytest.mark.parametrize(("content", "told"), BAD)
def test_what_is_unknown_or_out_of_range_is_told_with_its_key(tmp_path: Path, content: Any, told: str) -> None:
    (tmp_path / FILE).write_text(json.dumps(content))
    with pytest.raises(ZooError, match=rf"^techniques\.json: {told}") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "{", "7"])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ZooError, match=r"techniques\.json"):
        read(tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"has no techniques\.json"):
        read(tmp_path)
