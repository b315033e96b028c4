"""Galleries that the tests of pages open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import gallery as made
from tests.support.browser import browser, require_chromium
from tests.support.zoo import ROOT
from zoosmith.build.workspace import Workspace
from zoosmith.site.make import make

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CARD = """---
license: apache-2.0
---

# NAME

What it does. <script>document.title = "owned"</script> [home](https://a.example) [bad](javascript:alert(1))

## Measured

| artifact | value | 95 % interval | change against the reference of its family | size | speed |
|---|---|---|---|---|---|
| NAME | 0.9298 | 0.9158 to 0.9416 | -0.0020 (-0.0066 to +0.0019) | 23.5 MB | 7.41x (7.20 to 7.63) |

<details>
<summary>More</summary>

```python
print("a line of code that is much longer than a narrow page is wide, so that it has to scroll by itself")
```

</details>
"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    require_chromium()
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 artifacts on one host; three of them with a card."""
    root = made.write(tmp_path_factory.mktemp("site"), made.registry(500))
    for name in list(made.registry(500).artifacts)[:3]:
        (root / "model_cards" / f"{name}.md").write_text(CARD.replace("NAME", name))
    make(Workspace(root))
    return root / "site"


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some families of every task on two hosts, one artifact not measured, cards for all."""
    book = made.registry(24, ("host-a", "host-b"))
    name, entry = list(book.artifacts.items())[3]
    bare = entry.model_copy(update={"versions": {"1": entry.versions["1"].model_copy(update={"results": ()})}})
    book = book.model_copy(update={"artifacts": book.artifacts | {name: bare}})
    make(Workspace(made.write(root := tmp_path_factory.mktemp("few"), book, card=CARD)))
    return root / "site"


@pytest.fixture(scope="session")
def two_hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = made.write(tmp_path_factory.mktemp("hosts"), made.registry(64, ("host-a", "host-b")))
    make(Workspace(root))
    return root / "site"


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery of this zoo's own record."""
    root = tmp_path_factory.mktemp("committed")
    for name in ("results", "model_cards", "recipes"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copyfile(ROOT / "registry.json", root / "registry.json")
    make(Workspace(root))
    return root / "site"
