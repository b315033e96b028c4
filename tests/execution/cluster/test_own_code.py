"""A zoo's plug-ins on their way to a node."""

from pathlib import Path

import pytest

from tests.support.table import write_table
from zoosmith.contract.errors import ZooError
from zoosmith.execution.cluster.exchange import Exchange
from zoosmith.execution.cluster.own_code import received, sent
from zoosmith.plugins import CHECKOUT
from zoosmith.remote.config import CacheConfig
from zoosmith.store import suspects
from zoosmith.store.store import Store


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    (tmp_path / "shared").mkdir()
    return Exchange(CacheConfig("shared", f"file://{tmp_path}/shared", write=True, trust="any"))


def test_it_arrives_as_it_is_and_the_same_code_is_one_archive(exchange: Exchange, tmp_path: Path) -> None:
    zoo = write_table(tmp_path / "zoo")
    (zoo / "tool.sh").write_text("echo")
    store = Store(tmp_path / "store")
    code = sent(zoo, ["tool.sh"], store, exchange)
    assert code and code == sent(zoo, ["tool.sh"], store, exchange)
    (tmp_path / "node").mkdir()
    received(code, tmp_path / "node" / "zoo", store, exchange)
    arrived = sorted(
        path.relative_to(tmp_path / "node" / "zoo").as_posix() for path in (tmp_path / "node").rglob("*.*")
    )
    assert arrived == ["builders/scaled.py", "builders/table.py", "dodo.py", "runtimes/table.py", "tool.sh"]
    for name in arrived:
        assert (tmp_path / "node" / "zoo" / name).read_bytes() == (zoo / name).read_bytes()
    (zoo / "tool.sh").write_text("echo 2")
    assert sent(zoo, ["tool.sh"], store, exchange) != code


def test_what_comes_with_zoosmith_is_not_sent(exchange: Exchange, tmp_path: Path) -> None:
    assert sent(CHECKOUT, [], Store(tmp_path / "store"), exchange) is None
    assert sent(tmp_path, [], Store(tmp_path / "store"), exchange) is None


def test_other_bytes_are_no_code_and_are_replaced_when_it_is_sent_again(exchange: Exchange, tmp_path: Path) -> None:
    zoo, store = write_table(tmp_path / "zoo"), Store(tmp_path / "store")
    code = sent(zoo, [], store, exchange)
    assert code
    for blob in (tmp_path / "shared").rglob(code.sha256):
        blob.chmod(0o644)
        blob.write_bytes(bytes(code.size))
    (tmp_path / "node").mkdir()
    with pytest.raises(ZooError, match="SHA-256"):
        received(code, tmp_path / "node" / "zoo", store, exchange)
    assert not any((tmp_path / "node").iterdir())
    assert sent(zoo, [], store, exchange) == code
    received(code, tmp_path / "node" / "zoo", store, exchange)
    assert (tmp_path / "node" / "zoo" / "dodo.py").is_file() and not suspects.noted(store)
