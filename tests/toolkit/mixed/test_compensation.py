"""Later columns make up for earlier ones: less error at the output, in ordinary blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoosmith.toolkit.gguf import header, placement, quantize
from zoosmith.toolkit.mixed import compensation, rounding
from zoosmith.toolkit.mixed.compensation import compensated
from zoosmith.toolkit.mixed.rounding import decoded, rounded, stored

ROWS, COLUMNS = 64, 512
NAME = "blk.1.ffn_down.weight"


@pytest.fixture(scope="module")
def problem() -> tuple[Any, Callable[[], Any]]:
    """A matrix, and inputs that are correlated as those of a layer are."""
    random = np.random.default_rng(0)
    mixing = 0.15 * random.standard_normal((COLUMNS, COLUMNS)) + np.diag(random.random(COLUMNS) + 0.3)
    return random.standard_normal((ROWS, COLUMNS)).astype(
        np.float32
    ), lambda: random.standard_normal((1500, COLUMNS)) @ mixing


@pytest.mark.parametrize("kind", ["q4_0", "iq4_nl", "q5_1", "q8_0"])
def test_it_errs_less_on_inputs_that_it_has_not_seen(problem: tuple[Any, Any], kind: str) -> None:
    weight, inputs = problem
    seen, new = inputs(), inputs()
    mine = decoded(compensated(weight, kind, seen.T @ seen), kind, weight.shape)
    plain = rounded(weight, kind, np.square(seen).mean(axis=0).astype(np.float32))
    errors = [np.square(new @ (found - weight).T).mean() for found in (mine, plain)]
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize("kind", ["q4_0", "q4_k", "q6_k"])
def test_without_correlations_it_is_the_importance_matrix(problem: tuple[Any, Any], kind: str) -> None:
    weight, _ = problem
    moments = np.diag(np.linspace(1.0, 3.0, COLUMNS))
    plain = stored(weight, kind, np.diag(compensation._believed(moments, 1.0)).astype(np.float32))
    mine = compensation._in_turn(weight, kind, compensation._factor(compensation._believed(moments, 1.0)))
    assert np.mean(mine != plain) <= (0.05 if kind == "q4_0" else 0.0), "q4_0 looks at the spread of whole rows too"


def test_the_factor_is_that_of_the_inverse(problem: tuple[Any, Any]) -> None:
    _, inputs = problem
    seen = inputs()
    believed = compensation._believed(seen.T @ seen, compensation.SHRINKAGE)
    factor = compensation._factor(believed.copy())
    np.testing.assert_array_equal(factor, np.triu(factor))
    np.testing.assert_allclose(factor.T @ factor @ believed, np.eye(COLUMNS), atol=1e-8)


@pytest.mark.parametrize("kind", ["q4_1", "q8_0"])
def test_rows_are_rounded_alike_however_many_are_taken_at_a_time(
    problem: tuple[Any, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight, inputs = problem
    seen = inputs()
    whole = compensated(weight, kind, seen.T @ seen)
    monkeypatch.setattr(rounding, "HELD", 5 * COLUMNS)
    in_parts = compensated(weight, kind, seen.T @ seen)
    assert in_parts.shape == whole.shape
    assert np.mean(in_parts != whole) < 0.001, "but for sums in another order"


@pytest.mark.parametrize("kind", ["q4_1", "q8_0"])
def test_weights_on_the_grid_of_a_type_stay_there(problem: tuple[Any, Any], kind: str) -> None:
    weight, inputs = problem
    seen = inputs()
    grid = rounded(weight, kind)
    found = decoded(compensated(grid, kind, seen.T @ seen), kind, weight.shape)
    np.testing.assert_allclose(found, grid, atol=2e-3)


def test_inputs_that_were_never_seen_do_no_harm(problem: tuple[Any, Any]) -> None:
    weight, inputs = problem
    few = inputs()[:4]
    few[:, :32] = 0.0
    for moments in (few.T @ few, np.zeros((COLUMNS, COLUMNS))):
        found = decoded(compensated(weight, "q4_0", moments), "q4_0", weight.shape)
        assert np.abs(found - weight).max() < np.abs(weight).max()


class Zeros:
    """Rounds one matrix to zeros."""

    def compensates(self, tensor: str, kind: str) -> bool:
        return tensor == NAME

    def bytes_of(self, tensor: str, kind: str, weight: Any) -> Any:
        return stored(0 * weight, kind, None)


def test_only_the_compensated_matrix_of_a_file_changes(llama_f16: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.gguf"
    types = {one.name: "q4_0" for one in placement.matrices(header.read(llama_f16).tensors)}
    quantize.quantize(llama_f16, file, "q4_0", tensor_types=placement.patterns(types))
    before, shown = file.read_bytes(), []
    compensation.write(llama_f16, file, types, Zeros(), lambda *told: shown.append(told[2]))
    [tensor] = [one for one in header.read(file).tensors if one.name == NAME]
    after, inside = file.read_bytes(), slice(tensor.offset, tensor.offset + tensor.size)
    assert after[: inside.start] == before[: inside.start] and after[inside.stop :] == before[inside.stop :]
    assert not compensation._rows(file, tensor).any()
    assert shown == [f"compensating {NAME}"]


def test_other_bytes_than_a_tensor_has_are_refused(llama_f16: Path) -> None:
    tensor = header.read(llama_f16).tensors[0]
    with pytest.raises(ValueError, match="bytes, not 3"):
        compensation._replace(llama_f16, tensor, np.zeros(3, np.uint8))
