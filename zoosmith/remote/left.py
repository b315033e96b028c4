"""Files of trees that were left in the caches of a zoo: brought when somebody reads them, each hashed on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError
from zoosmith.remote.config import ANY, CacheConfig
from zoosmith.store.elsewhere import Tell, untold

if TYPE_CHECKING:
    from zoosmith.remote.cache import Cache
    from zoosmith.store.store import Entry, Store


class Left:
    """Caches by URL. Digests say what is right, so whose results are trusted does not matter here."""

    def __init__(self, configured: Callable[[], Sequence[CacheConfig]]) -> None:
        """configured: gives the caches of the zoo, once something was left somewhere."""
        self.configured = configured

    @cached_property
    def _caches(self) -> dict[str, Cache]:
        from zoosmith.remote.cache import opened

        return {one.url: opened(replace(one, trust=ANY, sign="")) for one in self.configured() if one.read}

    def serves(self, place: str) -> bool:
        """Whether the zoo reads the cache at this URL."""
        return place in self._caches

    def bring(self, store: Store, place: str, entries: Sequence[Entry], tell: Tell = untold) -> bool:
        """Put files into the store; False where the cache has not all of them. Raises ZooError where it fails."""
        from zoosmith.remote import trees
        from zoosmith.remote.stores import CacheFault

        cache = self._caches[place]
        try:
            return trees.bring(cache.blobs, store, entries, tell)
        except CacheFault as fault:
            if fault.kind == "wrong":
                return False
            raise ZooError(
                f"cache {cache.config.where}: {fault}; what is asked for was left there. Once it answers, run the same "
                "command again"
            ) from None
