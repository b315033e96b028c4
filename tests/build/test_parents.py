"""What a builder is handed as a parent."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zoosmith.build import build
from zoosmith.contract.errors import ZooError
from zoosmith.store.manifests import write_source_manifest


def test_a_parent_that_leads_to_code_reaches_no_builder(tmp_path: Path) -> None:
    """Bases that were fetched by an older version are in the store already."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    write_source_manifest(tmp_path)
    step: Any = SimpleNamespace(parent=lambda tree, role: tmp_path, run={"parents": {"from": "toy/encoder"}})
    assert build._parent(step, "from", "0" * 64).path == tmp_path
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "m.M"}}))
    with pytest.raises(ZooError, match=r"toy/encoder is not opened[\s\S]*auto_map"):
        build._parent(step, "from", "0" * 64)
