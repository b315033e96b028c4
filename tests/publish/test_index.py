"""A signed index: the newest is read, and each attack of a host is refused by its name."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.publish.test_signed import Keys, keys, pulled, user
from tests.support.published import Fault, publish, serving
from tests.support.user import User
from zoosmith.app.cli.main import main
from zoosmith.publish import index_sign
from zoosmith.signing.keys import signer_of
from zoosmith.signing.place import trust_file

__all__ = ["keys", "user"]  # fixtures
TUF = Path("registry/tuf")


def index(do: str, keys: Keys, *more: str, who: str = "alice") -> int:
    return main(["-q", "index", do, "--registry", "registry", "--key", str(keys[who][0]), *more])


def created(keys: Keys) -> None:
    """Bob's key is root, alice's renews."""
    assert index("create", keys, "--root", str(keys["bob"][0])) == 0


def trusted(place: str) -> None:
    assert main(["-q", "trust", "add", str(TUF / "1.root.json"), "--registry", place]) == 0


def newer(keys: Keys, **more: Any) -> None:
    publish(Path("registry"), "toy-b", {"model.onnx": b"newer"})
    index_sign.update(Path("registry"), keys["alice"][0], more.get("days", 30))


def test_the_signed_registry_is_read_and_no_other(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """What is published and not signed yet is not seen, so an update needs no stop."""
    created(keys)
    trusted("registry")
    publish(user.registry, "toy-b", {"model.onnx": b"newer"})
    assert pulled(name="toy-b") == 1
    assert "has no artifact 'toy-b'" in capsys.readouterr().err
    assert pulled() == 0
    assert index("update", keys) == 0
    assert pulled(name="toy-b") == 0
    with serving(user.registry) as server:
        trusted(server.url)
        assert pulled(server.url, "toy-b") == 0


def test_keys_rotate_and_who_trusts_the_first_root_follows(user: User, keys: Keys) -> None:
    created(keys)
    trusted("registry")
    root, new = str(keys["bob"][0]), str(keys["mallory"][0])
    assert index("rotate", keys, "--root", root, "--new-root", new, who="bob") == 0
    assert pulled() == 0
    assert index("update", keys) == 1, "alice's key was left out"
    assert index("rotate", keys, "--root", root) == 1, "bob's is root no longer"
    assert index("rotate", keys, "--root", new) == 0
    shutil.rmtree(trust_file().parent / "index")
    assert pulled() == 0


def replay(keys: Keys) -> None:
    """The whole of yesterday's folder."""
    shutil.copytree("registry", "old")
    newer(keys)
    assert pulled(name="toy-b") == 0
    shutil.rmtree("registry")
    Path("old").rename("registry")


def mixed(keys: Keys) -> None:
    """Today's timestamp and snapshot, and yesterday's targets under today's name."""
    newer(keys)
    shutil.copyfile(TUF / "1.targets.json", TUF / "2.targets.json")


def expired(keys: Keys) -> None:
    newer(keys, days=-1)


def row_replaced(keys: Keys) -> None:
    (file,) = TUF.glob("*.registry.json")
    file.write_bytes(file.read_bytes().replace(b'"apache-2.0"', b'"apache-9.0"', 1))


def another_signer(keys: Keys) -> None:
    """Mallory makes an index of her own, with all versions raised."""
    shutil.rmtree(TUF)
    index_sign.create(Path("registry"), keys["mallory"][0], keys["mallory"][0], 30)
    for _ in range(3):
        index_sign.update(Path("registry"), keys["mallory"][0], 30)


def key_of_another_role(keys: Keys) -> None:
    """Alice's key renews the index; here it names keys, which only root may."""
    told = json.loads((TUF / "1.root.json").read_text())
    index_sign._put_root(
        Path("registry"), 2, [signer_of(keys["alice"][0])], signer_of(keys["alice"][0]),
        [signer_of(keys["alice"][0])],
    )  # fmt: skip
    assert told["signed"]["version"] == 1


def gone(keys: Keys) -> None:
    shutil.rmtree(TUF)


def garbage(keys: Keys) -> None:
    (TUF / "timestamp.json").write_text('{"signed": {"_type": "timestamp"}, "signatures": []}')


def endless(keys: Keys) -> None:
    with (TUF / "timestamp.json").open("ab") as file:
        file.write(b" " * (1 << 20))


ATTACKS: list[tuple[Callable[[Keys], Any], str]] = [
    (replay, "is older than it was, or mixes versions: refused"),
    (
        mixed,
        "is older than it was, or mixes|was not signed so: replaced|sends more than was signed",
    ),  # lengths of ECDSA vary
    (expired, "has expired: its owner has not renewed it, or its host keeps a newer one back: refused"),
    (row_replaced, "holds a file that was not signed so: replaced, or of another version: refused"),
    (another_signer, "is not signed by the keys that its root names: another signer, or a wrong key: refused"),
    (key_of_another_role, "is not signed by the keys that its root names: another signer, or a wrong key"),
    (gone, "cannot be had: refused"),
    (garbage, "is damaged: refused"),
    (endless, "sends more than was signed: refused"),
]


@pytest.mark.parametrize(("attack", "said"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS])
def test_each_attack_is_refused_by_its_name(
    user: User, keys: Keys, attack: Callable[[Keys], Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    created(keys)
    trusted("registry")
    assert pulled() == 0
    attack(keys)
    capsys.readouterr()
    assert pulled() == 1
    err = capsys.readouterr().err
    assert re.search(said, err), err
    assert not Path("home").exists()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("endless", "timestamp.json", times=9), "sends more than was signed: refused"),
        (
            Fault("drip", "timestamp.json", times=9, seconds=0.05),
            "cannot be had: refused .*the connection was given up",
        ),
        (Fault("status", "timestamp.json", times=9, status=403), "cannot be had: refused .*answered 403"),
    ],
    ids=["endless", "drip", "status"],
)
def test_a_server_without_end_and_one_that_drips_are_given_up(
    user: User,
    keys: Keys,
    fault: Fault,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from zoosmith.publish import opening
    from zoosmith.transfer.retry import RetryPolicy

    created(keys)
    monkeypatch.setattr(opening.open_catalog, "__defaults__", (RetryPolicy(tries=2, first_s=0.01, timeout_s=0.5),))
    with serving(user.registry, fault) as server:
        trusted(server.url)
        assert pulled(server.url) == 1
    err = capsys.readouterr().err
    assert re.search(said, err), err


def test_a_root_needs_its_registry_and_its_own_signature(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    created(keys)
    assert main(["trust", "add", str(TUF / "1.root.json")]) == 1
    assert "say which by --registry URL" in capsys.readouterr().err
    told = json.loads((TUF / "1.root.json").read_text())
    told["signatures"] = []
    Path("forged.json").write_text(json.dumps(told))
    assert main(["trust", "add", "forged.json", "--registry", "registry"]) == 1
    assert "is no root of a signed index" in capsys.readouterr().err
    trusted("registry")
    assert main(["trust", "remove", "index", "--registry", "registry"]) == 0
    shutil.rmtree(TUF)
    assert pulled() == 0


def test_what_cannot_be_done_is_told(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    assert index("update", keys) == 1
    assert "has no signed index; begin one by `zoosmith index create`" in capsys.readouterr().err
    assert index("create", keys) == 1
    assert "needs --root FILE" in capsys.readouterr().err
    created(keys)
    assert index("create", keys, "--root", str(keys["bob"][0])) == 1
    assert "renew it by `zoosmith index update`" in capsys.readouterr().err
    assert index("update", keys, "--days", "0") == 1
    assert "expected 1 to 3650" in capsys.readouterr().err
    assert index("update", keys, who="mallory") == 1
    assert "is no key of this index" in capsys.readouterr().err


def test_a_registry_of_many_files_is_signed_and_read(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each object is named by its digest, so the signature over registry.json is one over all."""
    assert main(["-q", "migrate", "registry"]) == 0
    created(keys)
    trusted("registry")
    assert main(["-q", "sign", "toy-a", "--key", str(keys["alice"][0]), "--registry", "registry"]) == 0
    assert index("update", keys) == 0
    assert main(["-q", "trust", "add", str(keys["alice"][1])]) == 0
    assert pulled() == 0
    assert "toy-a@1 in home/toy-a (" in (said := capsys.readouterr().out)
    assert "signed by alice" in said
    for file in Path("registry/index").rglob("*.json"):
        file.write_bytes(file.read_bytes().replace(b'"apache-2.0"', b'"apache-9.0"'))
    assert pulled() == 1
    assert "is not what its name says: damaged, or replaced by another file" in capsys.readouterr().err
