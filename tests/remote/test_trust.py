"""Results that certain keys must have signed: taken where that holds, made here where it does not, by real keys."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.remote.conftest import Config, Machine
from tests.support.keys import key_pair
from tests.support.s3 import S3
from zoosmith.common.canonical import canonical, digest
from zoosmith.contract.errors import ZooError
from zoosmith.remote.cache import opened
from zoosmith.remote.origin import origin
from zoosmith.signing import keys as key_files
from zoosmith.signing import trust
from zoosmith.store.store import ActionResult

FILES = {"manifest.json": b"{}", "weights.safetensors": b"0" * 1000}
Keys = dict[str, tuple[Path, Path]]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    curves = {"ci": "prime256v1", "ann": "secp384r1", "mallory": "secp521r1"}
    return {name: key_pair(folder, name, curve) for name, curve in curves.items()}


@pytest.fixture(autouse=True)
def user(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who trusts `ci` and `ann`, the latter for one registry alone."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ZOOSMITH_KEY_PASSWORD", raising=False)
    for name, place in (("ci", None), ("ann", "https://zoo.example/")):
        id, pem = key_files.public_key(keys[name][1].read_bytes(), name)
        trust.change(partial(_added, id, pem, name, place))


def _added(id: str, pem: str, name: str, place: str | None, now: trust.Trust) -> trust.Trust:
    return trust.added(now, id, trust.Key(pem=pem, label=name), place)


@pytest.fixture
def signing(config: Config, keys: Keys, tmp_path: Path) -> Callable[..., Machine]:
    """A machine that signs by somebody's key and trusts `ci`."""

    def made(who: str = "ci", trust: tuple[str, ...] = ("ci",), where: str = "") -> Machine:
        sign = str(keys[who][0]) if who else ""
        return Machine(tmp_path / (where or f"of-{who}"), config(trust=trust, sign=sign))

    return made


@pytest.fixture
def reader(config: Config, tmp_path: Path) -> Machine:
    """A machine with an empty store that takes only what `ci` signed."""
    return Machine(tmp_path / "reader", config(trust=("ci",), write=False))


def sent(machine: Machine, **inputs: Any) -> ActionResult:
    made = machine.build(FILES, **(inputs or {"x": 1}))
    machine.caches.send(made)
    assert machine.warned == []
    return made


def name_of(made: ActionResult) -> str:
    return f"cache/ac/{made.key[:2]}/{made.key}.json"


def changed(bucket: S3, made: ActionResult, change: Change) -> None:
    """Change a result as somebody who may write there could: all but the signature holds together again."""
    found = json.loads(bucket.objects[name_of(made)])
    change(found)
    body = {name: found[name] for name in ("inputs", "tree", "provenance")}
    found["digest"] = digest([made.key, body])
    bucket.objects[name_of(made)] = canonical(found)


def test_what_the_key_signed_is_taken_and_who_signed_is_told(
    signing: Callable[..., Machine], reader: Machine, keys: Keys
) -> None:
    made = sent(signing())
    id = key_files.public_key(keys["ci"][1].read_bytes(), "ci")[0]
    found = reader.caches.find(made.key)
    assert found and found.signer == f"ci (key {id[:16]})"
    got = reader.caches.fetch(found)
    assert got and reader.store.has(got.tree) and reader.warned == []
    told = origin(got) or ""
    assert told.startswith("downloaded from team") and f"signed by ci (key {id[:16]}), built on far-away" in told


@pytest.mark.parametrize("who", ["ann", "mallory"])
def test_a_key_in_a_file_of_the_zoo_counts_by_itself(
    who: str, signing: Callable[..., Machine], config: Config, keys: Keys, tmp_path: Path
) -> None:
    made = sent(signing(who))
    machine = Machine(tmp_path / "m", config(trust=("ci", str(keys[who][1]))))
    found = machine.caches.find(made.key)
    assert found and found.signer.startswith(f"{who} (key ")


def test_an_unsigned_cache_believes_signed_and_unsigned_alike(
    ours: Machine, theirs: Machine, signing: Callable[..., Machine]
) -> None:
    for made in (sent(ours), sent(signing(), x=2)):
        got = theirs.fetched(made.key)
        assert got and "signed by" not in (origin(got) or "")
    assert theirs.warned == []


def test_unsigned_results_are_told_once_made_here_and_replaced(
    bucket: S3, ours: Machine, signing: Callable[..., Machine], reader: Machine
) -> None:
    first, second = sent(ours), sent(ours, x=2)
    builder = signing()
    for made in (first, second):
        assert builder.fetched(made.key) is None and reader.fetched(made.key) is None
        assert reader.caches.refused[made.key].endswith("its result of toy/write is not signed")
    (line,) = builder.warned
    assert line.startswith(
        "cache team (s3://zoo/cache): its result of toy/write is not signed; it is made here instead"
    )
    assert "that ci did not sign" in line and "ZOOSMITH_CACHE_SIGN" in line
    assert builder.caches.caches[0].reads, "what is signed there is still asked for"
    builder.caches.send(builder.build(FILES, x=1))
    assert reader.fetched(first.key) and not reader.fetched(second.key)
    assert len(reader.warned) == 1


def test_what_another_key_signed_is_not_taken(signing: Callable[..., Machine], reader: Machine, keys: Keys) -> None:
    made = sent(signing("mallory"))
    assert reader.fetched(made.key) is None
    id = key_files.public_key(keys["mallory"][1].read_bytes(), "it")[0]
    assert f"is signed by key '{id[:16]}', which `trust` does not name" in reader.warned[0]


def test_a_result_that_was_moved_to_another_action_is_not_taken(
    bucket: S3, signing: Callable[..., Machine], reader: Machine
) -> None:
    machine = signing()
    good, other = sent(machine), sent(machine, x=2)
    stolen = json.loads(bucket.objects[name_of(other)])["signatures"]
    changed(bucket, good, lambda found: found.update(signatures=stolen))
    assert reader.fetched(good.key) is None
    assert "is not what ci (key" in reader.warned[0] and "or is that of another action" in reader.warned[0]
    bucket.objects[name_of(good)] = bucket.objects[name_of(other)]
    assert reader.fetched(good.key) is None
    assert "is not the result of that action" in reader.warned[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(tree="0" * 64),
        lambda found: found["provenance"].update(name="toy/other"),
        lambda found: found["provenance"].update(notes={"log": "all is well"}),
        lambda found: found["provenance"].pop("host"),
        lambda found: found["signatures"][0].update(sig=base64.b64encode(b"0" * 70).decode()),
        lambda found: found["signatures"][0].update(sig="not base64"),
        lambda found: found["signatures"][0].update(sig=None),
        lambda found: found["signatures"][0].pop("sig"),
    ],
)
def test_a_result_that_was_changed_is_not_taken(
    change: Change, bucket: S3, signing: Callable[..., Machine], reader: Machine
) -> None:
    made = sent(signing())
    changed(bucket, made, change)
    assert reader.fetched(made.key) is None
    assert "is not what ci (key" in reader.warned[0] and len(reader.warned) == 1


@pytest.mark.parametrize("signatures", [["ci"], [{}], [{"keyid": 1}], [[]], [None], [{"keyid": "\x1b[2J"}]])
def test_what_is_no_signature_is_not_taken(
    signatures: list[Any], bucket: S3, signing: Callable[..., Machine], reader: Machine
) -> None:
    made = sent(signing())
    changed(bucket, made, lambda found: found.update(signatures=signatures))
    assert reader.fetched(made.key) is None
    assert "which `trust` does not name" in reader.warned[0] and "\x1b" not in reader.warned[0]


def test_one_good_signature_among_others_is_enough(
    bucket: S3, signing: Callable[..., Machine], reader: Machine
) -> None:
    made = sent(signing())
    changed(bucket, made, lambda found: found["signatures"].insert(0, {"keyid": "0" * 64, "sig": "AAAA"}))
    assert reader.fetched(made.key)


def test_the_next_cache_may_have_a_signed_one(
    bucket: S3, ours: Machine, config: Config, keys: Keys, tmp_path: Path
) -> None:
    (tmp_path / "shelf").mkdir()
    shelf = config(url=f"file://{tmp_path}/shelf", name="shelf", trust=("ci",), sign=str(keys["ci"][0]))
    made = sent(ours)
    machine = Machine(tmp_path / "second", config(trust=("ci",)), shelf)
    sent(Machine(tmp_path / "of-ci", shelf))
    got = machine.fetched(made.key)
    assert got and "from shelf" in (origin(got) or "") and len(machine.warned) == 1
    assert machine.caches.refused == {}


def test_without_a_key_nothing_is_sent_where_it_must_be_signed(bucket: S3, signing: Callable[..., Machine]) -> None:
    machine = signing("")
    for x in (1, 2):
        machine.caches.send(machine.build(FILES, x=x))
    (line,) = machine.warned
    assert "only what ci signed is taken from it, and there is no key here" in line
    assert "ZOOSMITH_CACHE_SIGN, or say write = false; nothing more is sent to it in this run" in line
    assert bucket.objects == {}


def test_a_signature_holds_for_openssl(bucket: S3, signing: Callable[..., Machine], keys: Keys, tmp_path: Path) -> None:
    """Over DSSE's encoding of the type and of the canonical JSON of key, inputs, tree and provenance."""
    made = sent(signing())
    found = json.loads(bucket.objects[name_of(made)])
    told = canonical({"key": made.key, **{name: found[name] for name in ("inputs", "tree", "provenance")}})
    type = b"application/vnd.zoosmith.result+json"
    (tmp_path / "pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(type), type, len(told), told))
    (tmp_path / "sig").write_bytes(base64.b64decode(found["signatures"][0]["sig"]))
    check = ["openssl", "dgst", "-sha256", "-verify", str(keys["ci"][1]), "-signature", "sig", "pae"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "Verified OK\n")


def test_a_key_that_nobody_knows_is_told_with_the_nearest(config: Config) -> None:
    with pytest.raises(ZooError, match=r"cache team .*`trust` names 'cii': .*did you mean 'ci'.*zoosmith trust add"):
        opened(config(trust=("cii",)))
    with pytest.raises(ZooError, match=r"`trust` names 'ann': 0 trusted keys"):
        opened(config(trust=("ann",)))


def test_a_public_key_that_cannot_be_read(config: Config, keys: Keys, tmp_path: Path) -> None:
    private, public = keys["ci"]
    with pytest.raises(ZooError, match=r"cannot be read \(No such file or directory\); did you mean 'ci.pub'"):
        opened(config(trust=(str(public.with_name("cI.pub")),)))
    with pytest.raises(ZooError, match="is a private key, which nobody else may have"):
        opened(config(trust=(str(private),)))
    (tmp_path / "x.pub").write_text("nothing")
    with pytest.raises(ZooError, match=r"x\.pub is no public key in PEM"):
        opened(config(trust=(str(tmp_path / "x.pub"),)))


def test_a_private_key_that_cannot_be_read(
    config: Config, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ZooError, match=r"cache team .*nowhere cannot be read .*`sign` or ZOOSMITH_CACHE_SIGN names"):
        opened(config(sign=str(tmp_path / "nowhere")))
    with pytest.raises(ZooError, match=r"is no private key in PEM"):
        opened(config(sign=str(keys["ci"][1])))
    locked, _ = key_pair(tmp_path, "locked", password="very-secret")
    monkeypatch.setenv("ZOOSMITH_KEY_PASSWORD", "other-secret")
    with pytest.raises(ZooError, match="ZOOSMITH_KEY_PASSWORD does not hold its password") as caught:
        opened(config(sign=str(locked)))
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("ZOOSMITH_KEY_PASSWORD", "very-secret")
    assert opened(config(sign=str(locked))).writes


def test_without_the_extra_it_is_said_how_to_get_it(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoosmith.signing.keys.NEEDED", ("a_module_that_is_missing",))
    for one in (config(trust=("ci",)), config(sign="/nowhere")):
        with pytest.raises(ZooError, match=r"pip install 'zoosmith\[sign\]'"):
            opened(one)
    assert opened(config()).reads, "who asks for no signatures needs nothing"
