"""One sequence of tokens through llama.cpp, with a KV cache of its own."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.sequence import ROWS, CachedSequence
from zoosmith.toolkit.gguf.library import captured, reason

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 512
"""Tokens that go through the model at once, at most (llama.cpp's own default of `n_ubatch`)."""
KV_TYPES = {"f32": "GGML_TYPE_F32", "f16": "GGML_TYPE_F16", "q8_0": "GGML_TYPE_Q8_0", "q4_0": "GGML_TYPE_Q4_0"}
"""Types of keys and values. llama.cpp's flash attention computes in half precision whatever they are, and quantised
values need it; f32 does without, and then log-probabilities are those of transformers to the fifth decimal."""


class GgufSequence(CachedSequence):
    """A `llama_context` of one sequence. Logits are asked for only where they are read: each row is a vocabulary.

    Nothing is allocated per step: one batch is used over and over, and logits are read where llama.cpp puts them.
    """

    def __init__(self, library: Any, model: Any, vocabulary: int, context: int, threads: int, kv_type: str) -> None:
        """An empty sequence of at most `context` tokens on `model`, which it keeps alive. Raises ZooError."""
        import numpy as np

        super().__init__(context)
        self._library, self._model, self._vocabulary = library, model, vocabulary
        self._pointer = _context(library, model, context, threads, kv_type)
        self._memory = library.llama_get_memory(self._pointer)
        if not self._memory:
            library.llama_free(self._pointer)
            raise ZooError("this GGUF is no causal language model: llama.cpp keeps no KV cache for its architecture")
        self._batch = library.llama_batch_init(min(BATCH, context), 0, 1)
        self.close = weakref.finalize(self, _free, library, model, self._pointer, self._batch)
        self._rows: dict[int, NDArray[np.float32]] = {}
        shape = (min(BATCH, context),)
        self._ids = np.ctypeslib.as_array(self._batch.token, shape)
        self._positions = np.ctypeslib.as_array(self._batch.pos, shape)
        self._wanted = np.ctypeslib.as_array(self._batch.logits, shape)
        for index in range(shape[0]):
            self._batch.n_seq_id[index], self._batch.seq_id[index][0] = 1, 0

    def _feed(self, ids: Sequence[int], keep: int) -> NDArray[np.float32]:
        import numpy as np

        if len(ids) == keep == 1:
            return self._decode(ids, self.length, 1)[0][None]
        rows, at, quiet = [], 0, len(ids) - keep
        while at < len(ids):
            end = min(at + len(self._ids), max(at, quiet) + ROWS, len(ids))
            wanted = min(end - at, max(0, end - quiet))
            rows += [row.copy() for row in self._decode(ids[at:end], self.length + at, wanted)]
            at = end
        return np.stack(rows) if rows else np.empty((0, self._vocabulary), dtype=np.float32)

    def _decode(self, ids: Sequence[int], start: int, wanted: int) -> list[NDArray[np.float32]]:
        """Put one batch through the model; a view of each of the last `wanted` rows of logits."""
        self._alive()
        count, batch = len(ids), self._batch
        batch.n_tokens = count
        self._ids[:count] = ids
        self._positions[:count] = range(start, start + count)
        self._wanted[: count - wanted] = 0
        self._wanted[count - wanted : count] = 1
        failed = self._library.llama_decode(self._pointer, batch)
        if failed:
            raise ZooError(f"llama.cpp could not compute {count} tokens after {start} (llama_decode gave {failed})")
        return [self._row(index) for index in range(count - wanted, count)]

    def _row(self, index: int) -> NDArray[np.float32]:
        """Logits after a token of the last batch, where llama.cpp keeps them. Views are made once per address."""
        import numpy as np

        pointer = self._library.llama_get_logits_ith(self._pointer, index)
        address = ctypes.addressof(pointer.contents)
        row = self._rows.get(address)
        if row is None:
            row = self._rows[address] = np.ctypeslib.as_array(pointer, (self._vocabulary,))
        return row

    def _alive(self) -> None:
        if not self.close.alive:
            raise ZooError("this session is closed: open the file again")

    def _cut(self, length: int) -> bool:
        self._alive()
        if length == 0:
            self._library.llama_memory_clear(self._memory, False)
            return True
        return bool(self._library.llama_memory_seq_rm(self._memory, 0, length, -1))


def _context(library: Any, model: Any, context: int, threads: int, kv_type: str) -> Any:
    params = library.llama_context_default_params()
    params.n_ctx, params.n_seq_max, params.no_perf = context, 1, True
    params.n_batch = params.n_ubatch = min(BATCH, context)
    params.n_outputs_max = min(ROWS, context)
    params.n_threads = params.n_threads_batch = threads
    if kv_type == "f32":
        params.flash_attn_type = library.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.type_k = params.type_v = getattr(library, KV_TYPES[kv_type])
    with captured() as log:
        pointer = library.llama_init_from_model(model.pointer, params)
    if not pointer:
        raise ZooError(
            f"llama.cpp could not open a context of {context} tokens with a KV cache in {kv_type}: "
            f"{reason(log, 'it gave no reason')}; ask for a smaller context, or kv_type f16"
        )
    return pointer


def _free(library: Any, model: Any, pointer: Any, batch: Any) -> None:
    """`model` stands here to outlive the context."""
    library.llama_batch_free(batch)
    library.llama_free(pointer)
