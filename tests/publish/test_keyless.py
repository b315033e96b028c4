"""Signed without a key: who logged in is named where it holds, and refused by what is wrong where it does not.

Authority, logs and login are those of `tests.support.sigstore`; what signs and checks is the real library.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.publish.test_round_trip import zoosmith
from tests.support.carried import SMALL, registry
from tests.support.hostile_signed import fuzz_keyless
from tests.support.keys import key_pair
from tests.support.sigstore import Instance, key, serving
from tests.support.user import User
from zoosmith.app.cli.main import main
from zoosmith.contract.errors import ZooError
from zoosmith.publish import keyless
from zoosmith.signing import trust
from zoosmith.signing.identities import Whose

ANN = "ann@example.org"
ELSEWHERE = ("GITLAB_CI", "BUILDKITE", "CIRCLECI", "GOOGLE_SERVICE_ACCOUNT_NAME", "ZOOSMITH_KEY_PASSWORD")


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """One that a workflow of GitHub's kind logs in to without asking anybody."""
    with serving() as made:
        for name, value in ambient(made).items():
            monkeypatch.setenv(name, value)
        yield made


def ambient(instance: Instance) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of the workflow",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{instance.url}/ambient?of=GitHub",
        "NO_PROXY": "127.0.0.1,localhost",
    }


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    for name in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return registry(tmp_path)


def sign(instance: Instance, *names: str, place: str = "registry", more: tuple[str, ...] = ()) -> None:
    config, _ = instance.write(Path(), "instance")
    for name in names or ("toy-a", "toy-base"):
        words = ["--keyless", "--trust-config", str(config), "--registry", place]
        assert main(["-q", "sign", name, *words, *more]) == 0


def add(instance: Instance, *more: str, identity: str = ANN, place: str = "registry") -> None:
    _, root = instance.write(Path(), "instance")
    words = ["--identity", identity, "--issuer", instance.says, "--trusted-root", str(root), "--registry", place]
    assert main(["-q", "trust", "add", *words, *more]) == 0


def pulled(name: str = "toy-a", place: str = "registry") -> int:
    shutil.rmtree("home", ignore_errors=True)
    return main(["-q", "pull", name, "--registry", place, "--into", "home"])


def signature(name: str = "toy-a") -> Path:
    (file,) = Path(f"registry/{name}/v1").glob("model-*.sig")
    return file


def test_who_signed_is_told_without_a_network(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    """The instance is gone when its signatures are checked; a bundle carries them."""
    with pytest.MonkeyPatch.context() as patch, serving() as instance:
        for name, value in ambient(instance).items():
            patch.setenv(name, value)
        sign(instance)
        add(instance)
    told = f"signed by {ANN}, as {instance.url} says: name, version, every file and the entry in the log were checked"
    capsys.readouterr()
    assert pulled() == 0
    assert capsys.readouterr().out.count(f"; {told}") == 2
    assert user.holds("toy-a", SMALL)
    assert main(["verify", "home/toy-a", "--registry", "registry"]) == 0
    assert f"home/toy-a: {told}" in capsys.readouterr().out
    assert main(["show", "toy-a", "--registry", "registry"]) == 0
    assert f"signed     by key or identity {Whose(ANN, instance.url).id[:16]}" in capsys.readouterr().out
    assert main(["-q", "bundle", "toy-a", "-o", "zoo.zoosmith", "--registry", "registry"]) == 0
    Path("registry").rename("gone")
    shutil.rmtree("home")
    capsys.readouterr()
    assert main(["-q", "pull", "zoo.zoosmith", "--into", "home"]) == 0
    assert capsys.readouterr().out.count(told) == 2


def test_a_browser_logs_in(user: User, instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that follows where it is sent, as a person's does after they said yes."""
    browser = tmp_path / "browser"
    browser.write_text(f"#!{sys.executable}\nimport sys, urllib.request as u\nu.urlopen(sys.argv[1]).read()\n")
    browser.chmod(0o755)
    monkeypatch.delenv("GITHUB_ACTIONS")
    config, _ = instance.write(tmp_path, "instance")
    words = ("sign", "toy-a", "--keyless", "--trust-config", str(config), "--registry", "registry")
    said = zoosmith(tmp_path, *words, BROWSER=str(browser))
    assert "/login" in instance.asked and "/ambient" not in instance.asked
    asked = f"zoosmith trust add --identity {ANN} --issuer {instance.url} --registry URL"
    assert said == f"toy-a@1 is signed by {ANN}, as {instance.url} says; others trust them by `{asked}`\n"
    said = zoosmith(tmp_path, *words, "--json", BROWSER=str(browser))
    who = {"key": Whose(ANN, instance.url).id, "identity": ANN, "issuer": instance.url}
    assert json.loads(said) == {"version": "toy-a@1"} | who


def test_the_statement_is_the_one_that_a_key_signs(user: User, instance: Instance) -> None:
    """And model-signing's own command checks it."""
    private, _ = key_pair(Path(), "alice")
    sign(instance, "toy-base")
    made = signature("toy-base")
    assert main(["-q", "sign", "toy-base", "--key", str(private), "--registry", "registry"]) == 0
    (other,) = [file for file in made.parent.glob("model-*.sig") if file != made]
    ours, theirs = (
        json.loads(base64.b64decode(json.loads(file.read_text())["dsseEnvelope"]["payload"])) for file in (made, other)
    )
    assert ours == theirs
    assert pulled("toy-base") == 0
    shutil.move("home/toy-base", "toy-base@1")
    config, _ = instance.write(Path(), "instance")
    words = ["--signature", str(made), "--identity", ANN, "--identity_provider", instance.url]
    command = [sys.executable, "-m", "model_signing", "verify", "sigstore", "toy-base@1", "--trust_config", str(config)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_signs(user: User, instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    instance.identity = "https://github.com/o/r/.github/workflows/release.yml@refs/heads/main"
    sign(instance)
    add(instance, identity=instance.identity)
    capsys.readouterr()
    assert pulled() == 0
    assert capsys.readouterr().out.count(f"signed by {instance.identity}, as {instance.url} says") == 2


def test_one_login_serves_all_that_is_pushed(zoo: Path, instance: Instance, tmp_path: Path) -> None:
    config, root = instance.write(tmp_path, "instance")
    out, home, name = tmp_path / "out", tmp_path / "home", "family0-a0"
    zoosmith(zoo, "push", name, "--to", f"file://{out}", "--keyless", "--trust-config", str(config))
    assert instance.asked.count("/ambient") == 1
    mine = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(home)}
    words = ("--identity", ANN, "--issuer", instance.url, "--trusted-root", str(root), "--as", "ann")
    zoosmith(tmp_path, "trust", "add", *words, "--registry", str(out), **mine)
    said = zoosmith(tmp_path, "pull", name, "--registry", str(out), "--into", str(home), **mine)
    assert f"signed by ann ({ANN}, as {instance.url} says): name, version" in said
    id = Whose(ANN, instance.url).id
    assert json.loads((zoo / "registry.json").read_text())["artifacts"][name]["versions"]["1"]["signed_by"][-1] == id
    written = [path for folder in (out, zoo, home) for path in folder.rglob("*") if path.is_file()]
    token = instance.token().partition(".")[0].encode()
    assert not [path for path in written if token in path.read_bytes()], "a token was left in a file"


Attack = Callable[[Instance, pytest.MonkeyPatch], Any]


def in_anns_name(instance: Instance, *, identity: str = ANN, issuer: str | None = None) -> None:
    """Somebody else, or somebody whom another issuer calls so, signs; the host gives it ann's file name."""
    ann, sound = signature(), signature().read_bytes()
    instance.identity, instance.issuer = identity, issuer
    shutil.copytree("registry", "copy")
    sign(instance, "toy-a", place="copy")
    (made,) = [file for file in Path("copy/toy-a/v1").glob("model-*.sig") if file.read_bytes() != sound]
    ann.write_bytes(made.read_bytes())


def with_anns_certificate(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """Eve's signature and entry, under the certificate that ann had."""
    ann = json.loads(signature().read_text())
    in_anns_name(instance, identity="eve@example.org")
    edited(lambda told: told["verificationMaterial"].update(certificate=ann["verificationMaterial"]["certificate"]))


def signed_too_late(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """The log took it an hour after the certificate was made."""
    instance.log.late = 3600
    sign(instance, "toy-a")


def other_artifact(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(signature("toy-base"), signature())


def another_tree(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """The host puts another tree, with a manifest that agrees, into the row, and keeps the signature."""
    old = {name: (signature(name), signature(name).read_bytes()) for name in ("toy-a", "toy-base")}
    shutil.rmtree("registry")
    registry(Path("elsewhere"), {"model.onnx": b"evil", "tokenizer.json": b"{}"}).registry.rename("registry")
    for kept, data in old.values():
        kept.write_bytes(data)
    file = Path("registry/registry.json")
    told = json.loads(file.read_text())
    for name in ("toy-a", "toy-base"):
        told["artifacts"][name]["versions"]["1"]["signed_by"] = [Whose(ANN, instance.url).id]
    file.write_text(json.dumps(told))


def another_statement(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """The host changes the statement, and leaves everything else."""
    told = json.loads(signature().read_text())
    payload = base64.b64decode(told["dsseEnvelope"]["payload"]).replace(b'"files"', b'"files" ')
    edited(lambda told: told["dsseEnvelope"].update(payload=base64.b64encode(payload).decode()))


def another_instance(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """Ann's address, from a whole instance of somebody else's making that says to be of the same issuer."""
    with serving() as other:
        for name, value in ambient(other).items():
            patch.setenv(name, value)
        in_anns_name(other, issuer=instance.url)


def edited(made: Callable[[dict[str, Any]], Any]) -> None:
    told = json.loads(signature().read_text())
    made(told)
    signature().write_text(json.dumps(told))


def entry(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = told["verificationMaterial"]["tlogEntries"]
    return found


def entry_of_another(instance: Instance, patch: pytest.MonkeyPatch) -> None:
    """A sound entry of the log, about toy-base."""
    base = json.loads(signature("toy-base").read_text())
    edited(lambda told: told["verificationMaterial"].update(tlogEntries=[entry(base)]))


def later(told: dict[str, Any]) -> None:
    entry(told)["integratedTime"] = str(int(entry(told)["integratedTime"]) + 1)


def in_no_log(told: dict[str, Any]) -> None:
    told["verificationMaterial"]["tlogEntries"] = []


def without_proof(told: dict[str, Any]) -> None:
    entry(told).pop("inclusionProof")


def wrong_proof(told: dict[str, Any]) -> None:
    hashes = entry(told)["inclusionProof"]["hashes"]
    hashes[0] = hashes[-1]


def no_entry(change: Callable[[dict[str, Any]], None]) -> Attack:
    return lambda instance, patch: edited(change)


HELD = f"the signature of toy-a@1 by {ANN} does not hold: "
REFUSED: list[tuple[Attack, str]] = [
    (lambda it, patch: in_anns_name(it, identity="eve@example.org"), "names eve@example.org, as http.* says, not ann@"),
    (lambda it, patch: in_anns_name(it, issuer="https://other.example"), "names ann@.*, as https://other.example says"),
    (with_anns_certificate, HELD),
    (signed_too_late, HELD + "its certificate is by no authority of the trusted root, or not of that time"),
    (other_artifact, "is one of 'toy-base@1': another artifact or version; refused"),
    (another_tree, "is over other files than its row lists"),
    (another_statement, HELD + "DSSE: invalid signature: refused"),
    (another_instance, HELD + "its certificate is by no authority of the trusted root"),
    (entry_of_another, HELD + "log entry .*does not match bundle: refused"),
    (no_entry(in_no_log), HELD + "expected exactly one log entry in bundle: refused"),
    (no_entry(without_proof), HELD + "it is no whole Sigstore bundle: look at .*inclusionProof: refused"),
    (no_entry(wrong_proof), HELD + "invalid log entry: inclusion proof contains invalid root hash"),
    (no_entry(later), HELD + "invalid log entry: SET: invalid inclusion promise"),
    (no_entry(lambda told: told.pop("dsseEnvelope")), "is damaged, or no signature of model-signing"),
    (no_entry(lambda told: told["verificationMaterial"].pop("certificate")), "is damaged, or no signature"),
]


@pytest.mark.parametrize(("attack", "said"), REFUSED, ids=range(len(REFUSED)))
def test_each_lie_is_refused_by_its_name(
    user: User,
    instance: Instance,
    attack: Attack,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign(instance)
    add(instance)
    attack(instance, monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))  # no memory of what was seen
    capsys.readouterr()
    assert pulled("toy-a@1") == 1
    assert re.search(said, capsys.readouterr().err)
    assert not Path("home/toy-a").exists()


def test_somebody_whom_nobody_trusts_does_not_count(
    user: User, instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does a key that is trusted for other registries, where this one has an identity of its own."""
    private, public = key_pair(Path(), "alice")
    add(instance)
    instance.identity = "eve@example.org"
    sign(instance)
    assert pulled() == 1
    assert re.search("is signed by key or identity [0-9a-f]{16}, which you do not trust", capsys.readouterr().err)
    assert main(["-q", "trust", "add", str(public)]) == 0
    assert main(["-q", "sign", "toy-a", "--key", str(private), "--registry", "registry", "--alone"]) == 0
    assert pulled() == 1
    assert "which you do not trust" in capsys.readouterr().err


def test_a_key_and_a_login_sign_side_by_side(
    user: User, instance: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = key_pair(Path(), "alice")
    for name in ("toy-a", "toy-base"):
        assert main(["-q", "sign", name, "--key", str(private), "--registry", "registry"]) == 0
    sign(instance)
    add(instance)
    assert main(["-q", "trust", "add", str(public), "--registry", "registry"]) == 0
    assert pulled() == 0
    assert "signed by alice (key" in capsys.readouterr().out
    assert main(["-q", "trust", "remove", "alice"]) == 0
    assert pulled() == 0
    assert f"signed by {ANN}" in capsys.readouterr().out
    sign(instance, more=("--alone",))
    assert signature().name == f"model-{Whose(ANN, instance.url).id[:16]}.sig"


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("certificateAuthorities", HELD + "its certificate is by no authority of the trusted root"),
        ("ctlogs", HELD + "failed to verify SCT on signing certificate"),
        ("tlogs", HELD + "invalid log entry: checkpoint: (invalid signature|Signature not found)"),
    ],
)
def test_each_part_of_another_root_is_refused(
    user: User, instance: Instance, part: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(instance)
    root = instance.root() | {part: Instance("http://other.example").root()[part]}
    Path("mixed.json").write_text(json.dumps(root))
    add(instance, "--trusted-root", "mixed.json")
    assert pulled("toy-a@1") == 1
    assert re.search(said.replace("toy-a", "toy-(a|base)"), capsys.readouterr().err)


def test_the_public_root_is_that_of_the_library(
    user: User, instance: Instance, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which knows nothing of an instance of the tests; nothing is asked, and no warning is printed."""
    sign(instance)
    monkeypatch.setattr("requests.Session.send", None)
    words = ["--identity", ANN, "--issuer", instance.url, "--registry", "registry"]
    assert main(["-q", "trust", "add", *words]) == 0
    capsys.readouterr()
    assert pulled("toy-base@1") == 1
    said = capsys.readouterr().err
    assert "by no authority of the trusted root" in said
    assert len(said.splitlines()) == 1


def test_trust_says_whom_it_names(user: User, instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    add(instance, "--as", "ann")
    words = ["--identity", "https://github.com/o/r/.github/workflows/release.yml@refs/heads/main"]
    issuer = "https://token.actions.githubusercontent.com"
    assert main(["-q", "trust", "add", *words, "--issuer", issuer]) == 0
    capsys.readouterr()
    assert main(["trust", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    own = "by a Sigstore instance of its own"
    assert lines[0] == f"ann ({ANN}, as {instance.url} says)  {own}  for file://{user.registry}"
    assert lines[1].startswith(f"{words[1]}, as {issuer} says  by the public Sigstore  for any registry without")
    assert lines[2] == f"file://{user.registry}: must be signed"
    assert main(["trust", "list", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["identities"]) == set(trust.read().identities)
    assert main(["-q", "trust", "remove", "ann"]) == 0
    assert [each.identity for each in trust.read().identities.values()] == [words[1]]


def test_what_cannot_be_trusted_is_told(user: User, instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.json").write_text("{}")
    who = ["--identity", ANN, "--issuer", instance.url]
    for words, said in (
        (["add", "--identity", ANN], "say both --identity WHO and --issuer URL"),
        (["add", "--issuer", instance.url], "say both --identity WHO and --issuer URL"),
        (["add", "--trusted-root", "other.json"], "say both --identity WHO and --issuer URL"),
        (["add", "--identity", ANN, "--issuer", "github"], "'github' is no issuer; say its URL"),
        (["add", "alice.pub", *who], "say either 'alice.pub' or --identity"),
        (["add", *who, "--trusted-root", "nowhere.json"], "nowhere.json cannot be read"),
        (["add", *who, "--trusted-root", "other.json"], "other.json is no trusted root: expected a TrustedRoot"),
        (["remove", *who], "`zoosmith trust remove` takes no --identity"),
        (["remove", ANN], "0 trusted keys are called"),
    ):
        assert main(["trust", *words]) == 1
        assert said in capsys.readouterr().err
    assert not trust.trust_file().exists()


def test_what_cannot_sign_is_told(
    user: User, instance: Instance, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, root = map(str, instance.write(Path(), "instance"))
    private, _ = key_pair(Path(), "alice")
    here = ["sign", "toy-base", "--registry", "registry"]
    asked = [*here, "--keyless", "--trust-config"]
    for words, said in (
        ([*here, "--key", str(private), "--trust-config", config], "say --keyless with it, and no key"),
        ([*asked, "nowhere.json"], "nowhere.json cannot be read"),
        ([*asked, root], "is no configuration of a Sigstore instance: expected a ClientTrustConfig"),
    ):
        assert main(words) == 1
        assert said in capsys.readouterr().err
    instance.authority.noted_by = key()
    assert main([*asked, config]) == 1
    assert "toy-base@1 was not signed: SCT verify failed" in capsys.readouterr().err
    instance.refused = "/api/v1/log/entries"
    instance.authority.noted_by = None
    assert main([*asked, config]) == 1
    assert "toy-base@1 was not signed: Rekor returned an unknown error with HTTP 503" in capsys.readouterr().err
    instance.refused = "/api/v2/signingCert"
    assert main([*asked, config]) == 1
    said = capsys.readouterr().err
    assert "toy-base@1 was not signed: 503 Server Error" in said and "Traceback" not in said
    assert instance.token().partition(".")[0] not in said
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    assert main([*asked, config]) == 1
    assert "nobody logged in to sign: GitHub: missing or insufficient OIDC token" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*asked, config, "--key", str(private)])
    assert "not allowed with argument" in capsys.readouterr().err
    assert not list(Path("registry/toy-base/v1").glob("model-*.sig"))


def test_without_the_library_it_is_said_how_to_get_it(
    user: User, instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(instance)
    add(instance)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "sigstore" else find_spec(name))
    said = "signatures need sigstore: run `pip install 'zoosmith[sign]'`"
    capsys.readouterr()
    who = ["--identity", ANN, "--issuer", instance.url]
    for words in (
        ["pull", "toy-a", "--registry", "registry", "--into", "home"],
        ["sign", "toy-a", "--registry", "registry", "--keyless"],
        ["trust", "add", *who, "--trusted-root", "instance.root.json"],
    ):
        assert main(words) == 1
        assert said in capsys.readouterr().err
    assert not Path("home").exists()


def test_nothing_of_it_is_imported_where_nobody_signs_so() -> None:
    asked = "import sys, zoosmith.app.cli.commands.pull, zoosmith.publish.pull, zoosmith.publish.push"
    code = f"{asked}; sys.exit(bool({{'sigstore', 'model_signing', 'cryptography'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0


def test_no_spoilt_signature_passes(user: User, instance: Instance) -> None:
    sign(instance, "toy-base")
    assert pulled("toy-base") == 0
    who = trust.Identity(identity=ANN, issuer=instance.url, label=ANN, root=json.dumps(instance.root()))
    seen = fuzz_keyless(signature("toy-base").read_bytes(), Path("home/toy-base"), who, 150)
    assert seen["refused"] > 75
    Path("home/toy-base/more.bin").write_bytes(b"not signed")
    with pytest.raises(ZooError, match="it does not hold: it is over other files: refused"):
        keyless.check(signature("toy-base").read_bytes(), Path("home/toy-base"), who, "it")
