"""Who signed it: named where it holds, refused by its name where it does not, and unsigned where nobody did."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.publish.test_round_trip import zoosmith
from tests.support.carried import SMALL, registry
from tests.support.hub import serving as hub_serving
from tests.support.keys import key_pair
from tests.support.published import publish, serving
from tests.support.user import User
from zoosmith.app.cli.main import main
from zoosmith.publish import opening, signing
from zoosmith.signing.place import trust_file
from zoosmith.transfer.retry import RetryPolicy

NAME = "family0-a0"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder: Path = tmp_path_factory.mktemp("keys")
    return {name: key_pair(folder, name) for name in ("alice", "bob", "mallory")}


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ZOOSMITH_KEY_PASSWORD", raising=False)
    monkeypatch.chdir(tmp_path)
    return registry(tmp_path)


Keys = dict[str, tuple[Path, Path]]


def sign(keys: Keys, who: str = "alice", *names: str) -> None:
    for name in names or ("toy-a", "toy-base"):
        assert main(["-q", "sign", name, "--key", str(keys[who][0]), "--registry", "registry"]) == 0


def add(keys: Keys, who: str = "alice", place: str | None = "registry") -> None:
    words = ["--registry", place] if place else []
    assert main(["-q", "trust", "add", str(keys[who][1]), *words]) == 0


def pulled(place: str = "registry", name: str = "toy-a") -> int:
    shutil.rmtree("home", ignore_errors=True)
    return main(["-q", "pull", name, "--registry", place, "--into", "home"])


def signature(name: str = "toy-a", number: int = 1) -> Path:
    (file,) = Path(f"registry/{name}/v{number}").glob("model-*.sig")
    return file


def change_row(name: str, made: Callable[[dict[str, Any]], Any], number: int = 1) -> None:
    file = Path("registry/registry.json")
    told = json.loads(file.read_text())
    made(told["artifacts"][name]["versions"][str(number)])
    file.write_text(json.dumps(told))


def test_who_trusts_the_key_is_told_who_signed(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    sign(keys)
    add(keys)
    capsys.readouterr()
    assert pulled() == 0
    out = capsys.readouterr().out
    assert out.count("; signed by alice (key ") == 2
    assert "name, version and every file were checked" in out
    assert user.holds("toy-a", SMALL)
    assert main(["verify", "home/toy-a", "--registry", "registry"]) == 0
    assert "home/toy-a: signed by alice (key " in capsys.readouterr().out
    assert main(["show", "toy-a", "--registry", "registry"]) == 0
    assert "signed     by key or identity " in capsys.readouterr().out


def test_unsigned_registries_go_on_and_are_called_unsigned(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert pulled() == 0
    assert capsys.readouterr().out.count("; not signed\n") == 2
    assert main(["verify", "home/toy-base", "--registry", "registry"]) == 0
    assert "home/toy-base: not signed" in capsys.readouterr().out


def test_a_key_that_nobody_trusts_is_said_to_be_unchecked(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(keys, "mallory")
    with serving(Path("registry")) as server:
        assert pulled(server.url) == 0
        assert not [path for path, _ in server.asked if path.endswith(".sig")]
    assert "which you do not trust for it: the signature was not checked" in capsys.readouterr().out


def test_openssl_checks_a_signature_independently(user: User, keys: Keys, tmp_path: Path) -> None:
    """DSSE v1.0: the signature is over `DSSEv1 LEN(type) type LEN(body) body`; files are those that sha256sum has."""
    sign(keys)
    told = json.loads(signature().read_text())["dsseEnvelope"]
    body = base64.b64decode(told["payload"])
    kind = told["payloadType"].encode()
    (tmp_path / "pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    (tmp_path / "raw").write_bytes(base64.b64decode(told["signatures"][0]["sig"]))
    command = ["openssl", "dgst", "-sha256", "-verify", str(keys["alice"][1]), "-signature", str(tmp_path / "raw")]
    done = subprocess.run([*command, str(tmp_path / "pae")], capture_output=True, text=True, check=True)
    assert done.stdout == "Verified OK\n"
    statement = json.loads(body)
    assert statement["subject"][0]["name"] == "toy-a@1"
    files = {each["name"]: each["digest"] for each in statement["predicate"]["resources"]}
    assert pulled() == 0
    assert files == {
        str(path.relative_to("home/toy-a")): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path("home/toy-a").rglob("*") if path.is_file()
    }  # fmt: skip
    (tmp_path / "pae").write_bytes(b"DSSEv1")
    assert subprocess.run([*command, str(tmp_path / "pae")], capture_output=True, check=False).returncode == 1


def required(keys: Keys) -> None:
    sign(keys)
    add(keys)


def other_name(keys: Keys) -> None:
    """A sound signature by alice, of toy-base."""
    shutil.copyfile(signature("toy-base"), signature())


def other_version(keys: Keys) -> None:
    publish(Path("registry"), "toy-a", {"model.onnx": b"newer"})
    sign(keys, "alice", "toy-a@2")
    shutil.copyfile(signature(number=2), signature())


def replaced_tree(keys: Keys) -> None:
    """The host puts another tree, with a manifest that agrees, into the row, and keeps the signature."""
    old = signature().read_bytes()
    shutil.rmtree("registry")
    other = registry(Path("elsewhere"), {"model.onnx": b"evil", "tokenizer.json": b"{}"})
    other.registry.rename("registry")
    id = signing.claim(old, "it").id
    change_row("toy-a", lambda row: row.update(signed_by=[id]))
    sign(keys, "alice", "toy-base")
    Path(f"registry/toy-a/v1/{signing.file_name(id)}").write_bytes(old)


def forged(keys: Keys) -> None:
    """The statement is alice's in all that it says, and the bytes of the signature are not."""
    told = json.loads(signature().read_text())
    raw = bytearray(base64.b64decode(told["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    told["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    signature().write_text(json.dumps(told))


def by_mallory_in_alices_name(keys: Keys) -> None:
    """Mallory signs, and writes alice's id over her own."""
    file, id = signature(), signing.claim(signature().read_bytes(), "it").id
    shutil.copytree("registry", "copy")
    assert main(["-q", "sign", "toy-a", "--key", str(keys["mallory"][0]), "--registry", "copy"]) == 0
    (made,) = [each for each in Path("copy/toy-a/v1").glob("model-*.sig") if each.name != file.name]
    told = json.loads(made.read_text())
    told["verificationMaterial"]["publicKey"]["hint"] = id
    file.write_text(json.dumps(told))


def another_signer(keys: Keys) -> None:
    """All is signed anew, by somebody whom nobody trusts for this registry."""
    assert main(["-q", "sign", "toy-a", "--key", str(keys["mallory"][0]), "--registry", "registry", "--alone"]) == 0


def key_of_another_registry(keys: Keys) -> None:
    """Bob is trusted, elsewhere: his key does not count here."""
    add(keys, "bob", "https://elsewhere.example/")
    assert main(["-q", "sign", "toy-a", "--key", str(keys["bob"][0]), "--registry", "registry", "--alone"]) == 0


REFUSED: list[tuple[Callable[[Keys], Any], str]] = [
    (
        lambda keys: change_row("toy-a", lambda row: row.pop("signed_by")),
        "toy-a@1 in .* is not signed, and you require",
    ),
    (lambda keys: signature().unlink(), "by alice cannot be had, though its row tells of one"),
    (lambda keys: signature().write_text("{"), "no JSON that can be read"),
    (lambda keys: signature().write_text("{}"), "is damaged, or no signature of model-signing by a key or an identity"),
    (lambda keys: signature().write_bytes(b" " * ((16 << 20) + 1)), "is longer than 16 MiB, so it is not read"),
    (other_name, "is one of 'toy-base@1': another artifact or version; refused"),
    (other_version, "is one of 'toy-a@2': another artifact or version; refused"),
    (replaced_tree, "is over other files than its row lists"),
    (forged, "the signature of toy-a@1 by alice does not hold: .*refused"),
    (by_mallory_in_alices_name, "the signature of toy-a@1 by alice does not hold: .*refused"),
    (another_signer, "is signed by key or identity [0-9a-f]{16}, which you do not trust for it.* refused"),
    (key_of_another_registry, "is signed by key or identity [0-9a-f]{16}, which you do not trust for it.* refused"),
]


@pytest.mark.parametrize(("attack", "said"), REFUSED, ids=range(len(REFUSED)))
def test_each_lie_of_a_registry_is_refused_by_its_name(
    user: User,
    keys: Keys,
    attack: Callable[[Keys], Any],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required(keys)
    assert pulled() == 0
    attack(keys)
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))  # no memory of what was seen
    capsys.readouterr()
    assert pulled(name="toy-a@1") == 1
    assert re.search(said, capsys.readouterr().err)
    assert not Path("home/toy-a").exists()


def test_a_replaced_file_is_refused_as_in_any_registry(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    required(keys)
    file = Path("registry/toy-a/v1/onnx/model_quantized.onnx")
    file.write_bytes(b"E" + file.read_bytes()[1:])
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))
    assert pulled() == 1
    assert "has other bytes there than it should" in capsys.readouterr().err


def test_what_was_checked_once_is_pulled_without_its_registry(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(keys)
    with serving(user.registry) as server:
        add(keys, "alice", server.url)
        assert pulled(server.url) == 0
    capsys.readouterr()
    retry: dict[str, Any] = {"tries": 1, "first_s": 0.01}
    monkeypatch.setattr("zoosmith.transfer.retry.RetryPolicy", partial(RetryPolicy, **retry))
    monkeypatch.setattr(opening.open_catalog, "__defaults__", (RetryPolicy(**retry),))
    assert pulled(server.url) == 0
    assert capsys.readouterr().out.count("signed by alice") == 2


def test_keys_rotate_and_a_lost_one_is_taken_away(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """Alice's key goes to bob: while both sign, who trusts either goes on; then alice's signatures are gone."""
    required(keys)
    sign(keys, "bob")
    assert pulled() == 0
    assert "signed by alice" in capsys.readouterr().out
    add(keys, "bob")
    assert main(["-q", "trust", "remove", "alice"]) == 0
    assert pulled() == 0
    assert "signed by bob" in capsys.readouterr().out
    for name in ("toy-a", "toy-base"):
        key = str(keys["bob"][0])
        assert main(["-q", "sign", name, "--key", key, "--registry", "registry", "--alone"]) == 0
    assert len(list(Path("registry/toy-a/v1").glob("model-*.sig"))) == 1
    assert pulled() == 0


def test_signing_twice_changes_nothing_but_the_signature(user: User, keys: Keys) -> None:
    sign(keys)
    before = Path("registry/registry.json").read_bytes()
    sign(keys)
    assert Path("registry/registry.json").read_bytes() == before
    assert len(list(Path("registry/toy-a/v1").glob("model-*.sig"))) == 1


def test_what_is_damaged_is_not_signed(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("registry/toy-a/v1/tokenizer.json")
    file.write_bytes(b"[]")
    assert main(["sign", "toy-a", "--key", str(keys["alice"][0]), "--registry", "registry"]) == 1
    assert "has other bytes there than it should" in capsys.readouterr().err
    assert not list(Path("registry/toy-a/v1").glob("model-*.sig"))


def test_only_a_folder_of_this_machine_is_signed(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Path("registry")) as server:
        assert main(["sign", "toy-a", "--key", str(keys["alice"][0]), "--registry", server.url]) == 1
    assert "is no folder of this machine: sign there" in capsys.readouterr().err


def test_signatures_are_carried(user: User, keys: Keys, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    required(keys)
    assert main(["-q", "bundle", "toy-a", "-o", "zoo.zoosmith", "--registry", "registry"]) == 0
    assert main(["-q", "export", "toy-a", "--oci", "image", "--registry", "registry"]) == 0
    assert main(["-q", "trust", "require", "signed"]) == 0
    Path("registry").rename("gone")
    for carried in ("zoo.zoosmith", "oci:image"):
        shutil.rmtree("home", ignore_errors=True)
        capsys.readouterr()
        assert main(["-q", "pull", carried, "--into", "home"]) == 0
        assert capsys.readouterr().out.count("signed by alice") == 2
    assert main(["-q", "trust", "remove", "alice"]) == 0
    assert main(["-q", "pull", "zoo.zoosmith", "--into", "home"]) == 1
    assert "which you do not trust for it" in capsys.readouterr().err


def test_the_zoo_signs_what_it_pushes(zoo: Path, keys: Keys, tmp_path: Path) -> None:
    """With a key that has a password, which stands in no argument."""
    locked, public = key_pair(tmp_path, "carol", "secp384r1", "a canary of a password")
    out, home = tmp_path / "out", tmp_path / "home"
    settings = {"ZOOSMITH_KEY_PASSWORD": "a canary of a password"}
    zoosmith(zoo, "push", NAME, "--to", f"file://{out}", "--sign", str(locked), **settings)
    mine = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(home)}
    zoosmith(tmp_path, "trust", "add", str(public), "--registry", str(out), **mine)
    said = zoosmith(tmp_path, "pull", NAME, "--registry", str(out), "--into", str(home), **mine)
    assert "signed by carol (key " in said
    assert json.loads((zoo / "registry.json").read_text())["artifacts"][NAME]["versions"]["1"]["signed_by"]
    secrets = (b"a canary of a password", locked.read_bytes().splitlines()[1])
    left = [path for path in [*out.rglob("*"), *zoo.rglob("*"), *home.rglob("*")] if path.is_file()]
    assert not [path for path in left if any(secret in path.read_bytes() for secret in secrets)]


def test_trust_says_what_it_does_not_take(user: User, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    rsa = user.home.parent / "rsa.pub"
    subprocess.run(
        "openssl genrsa 2048 | openssl rsa -pubout -out rsa.pub", shell=True, check=True, capture_output=True
    )
    for words, said in (
        (["add", str(keys["alice"][0])], "is a private key, which nobody else may have"),
        (["add", str(rsa)], "expected a key of an elliptic curve"),
        (["add", "nowhere.pub"], "nowhere.pub cannot be read"),
        (["add", "registry/toy-a/v1/README.md"], "is no public key in PEM"),
        (["add"], "needs: KEY.pub"),
        (["remove", "alice"], "0 trusted keys are called 'alice'"),
        (["require", "singed"], "say `signed` or `nothing`"),
    ):
        assert main(["trust", *words]) == 1
        assert said in capsys.readouterr().err
    assert not trust_file().exists()


def test_trust_is_listed_and_a_damaged_file_is_never_passed_over(
    user: User, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    add(keys, "alice")
    add(keys, "bob", None)
    capsys.readouterr()
    assert main(["trust", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["alice", "bob"]
    assert lines[0].endswith(f"for file://{user.registry}")
    assert lines[1].endswith("for any registry without keys of its own")
    assert lines[2] == f"file://{user.registry}: must be signed"
    trust_file().write_text("{")
    assert pulled() == 1
    assert "trust.json" in capsys.readouterr().err


def test_a_key_without_its_password_is_told(
    user: User, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, _ = key_pair(tmp_path, "dave", password="secret")
    assert main(["sign", "toy-a", "--key", str(locked), "--registry", "registry"]) == 1
    assert "ZOOSMITH_KEY_PASSWORD does not hold its password" in capsys.readouterr().err
    monkeypatch.setenv("ZOOSMITH_KEY_PASSWORD", "secret")
    assert main(["sign", "toy-a", "--key", str(locked), "--registry", "registry"]) == 0


def test_without_the_extra_it_is_said_how_to_get_it(
    user: User, keys: Keys, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    required(keys)
    monkeypatch.setattr("zoosmith.signing.keys.NEEDED", ("model_signing", "a_module_that_is_missing"))
    assert pulled() == 1
    assert "signatures need a_module_that_is_missing: run `pip install 'zoosmith[sign]'`" in capsys.readouterr().err
    assert not Path("home").exists()
    assert main(["-q", "trust", "remove", "alice"]) == 0
    assert main(["-q", "trust", "require", "nothing", "--registry", "registry"]) == 0
    assert pulled() == 0


def test_provenance_is_signed_so_that_openssl_checks_it(zoo: Path, keys: Keys, tmp_path: Path) -> None:
    plain = json.loads(zoosmith(zoo, "provenance", NAME))
    zoosmith(zoo, "provenance", NAME, "--key", str(keys["alice"][0]), "-o", str(tmp_path / "provenance.json"))
    told = json.loads((tmp_path / "provenance.json").read_text())
    body, kind = base64.b64decode(told["payload"]), told["payloadType"].encode()
    assert json.loads(body) == plain
    assert plain["predicate"]["buildDefinition"]["externalParameters"]["name"] == NAME
    (tmp_path / "pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    (tmp_path / "raw").write_bytes(base64.b64decode(told["signatures"][0]["sig"]))
    command = ["openssl", "dgst", "-sha256", "-verify", str(keys["alice"][1]), "-signature", str(tmp_path / "raw")]
    assert subprocess.run([*command, str(tmp_path / "pae")], capture_output=True, check=True).stdout == b"Verified OK\n"


def test_a_hub_takes_the_signature_with_the_commit_and_none_later(
    zoo: Path, second_zoo: Path, keys: Keys, tmp_path: Path
) -> None:
    """And the next version, which nobody signed, does not keep the signature of the one before."""
    private, public = map(str, keys["alice"])
    mine = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    with hub_serving(tmp_path / "hub") as hub:
        settings = mine | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
        zoosmith(zoo, "push", NAME, "--to", "hf://org", "--sign", private, **settings)
        zoosmith(tmp_path, "trust", "add", public, "--registry", str(zoo), **mine)
        (tmp_path / "away").mkdir()
        said = zoosmith(tmp_path / "away", "pull", NAME, "--registry", str(zoo), "--into", ".", **settings)
        assert "signed by alice" in said
        (file,) = [path for path in hub.files("models", f"org/{NAME}", "v1") if path.endswith(".sig")]
        other = str(keys["bob"][0])
        with pytest.raises(AssertionError, match="on a hub a version is signed when it is first pushed"):
            zoosmith(zoo, "push", NAME, "--to", "hf://org", "--sign", other, **settings)
        zoosmith(second_zoo, "push", NAME, "--to", "hf://org", **settings)
        assert file not in hub.files("models", f"org/{NAME}", "v2")
