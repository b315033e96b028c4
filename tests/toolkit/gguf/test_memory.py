"""Memory is foretold from headers, and what the quantiser really takes stays below it."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header, memory


def shards(folder: Path, *shapes: dict[str, list[int]]) -> Path:
    """Safetensors files that are headers alone: nothing may read their weights."""
    for number, named in enumerate(shapes):
        stated = {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in named.items()}
        raw = json.dumps(stated | {"__metadata__": {"format": "pt"}}).encode()
        (folder / f"model-{number}.safetensors").write_bytes(struct.pack("<Q", len(raw)) + raw)
    return folder


def test_the_largest_tensor_of_all_shards_decides(tmp_path: Path) -> None:
    folder = shards(tmp_path, {"a": [10, 10], "norm": [10]}, {"embed": [151936, 896]})
    assert memory.largest_tensor(folder) == ("embed", 151936 * 896)
    assert 1100 < memory.converter_mb(folder) < 1300  # 964 MiB were measured: foretold is above, by less than a third


def test_a_checkpoint_without_whole_safetensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no weights in safetensors"):
        memory.largest_tensor(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", 10**9) + b"{}")
    with pytest.raises(BuildError, match=r"model\.safetensors is no whole safetensors file"):
        memory.largest_tensor(tmp_path)


MEASURE = """
import sys
from pathlib import Path
from zoosmith.toolkit.gguf import quantize
quantize.quantize(Path(sys.argv[1]), Path(sys.argv[2]), "q4_k_m")
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_the_quantiser_stays_below_what_was_foretold(llama_f16: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEASURE, str(llama_f16), str(tmp_path / "q.gguf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    foretold = memory.quantiser_mb(header.read(llama_f16).tensors) + llama_f16.stat().st_size // 2**20
    assert int(done.stdout) <= foretold


def test_an_importance_matrix_takes_its_columns(llama_f16: Path) -> None:
    tensors = [header.Tensor(f"blk.{i}.w.weight", "F16", (1 << 20, 4), 0, 0) for i in range(16)]
    assert memory.quantiser_mb(tensors, imatrix=True) - memory.quantiser_mb(tensors) == 128
