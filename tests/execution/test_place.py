"""Addresses of executors, on the command line and in zoosmith.toml."""

from pathlib import Path

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.execution.place import Place, check_address, place_of


@pytest.mark.parametrize("address", ["local", "ray", "ray:auto", "ray:10.0.0.1:6379"])
def test_addresses(address: str, tmp_path: Path) -> None:
    check_address(address)
    (tmp_path / "zoosmith.toml").write_text(f'[executor]\naddress = "{address}"\n')
    assert place_of(tmp_path) == Place(address, "")


@pytest.mark.parametrize("address", ["rya", "ray:/head:1", "ray:head", "slurm://head:1", "ray:head:port", " ray"])
def test_what_is_no_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="is no executor; there are `local`, `ray`"):
        check_address(address)
    (tmp_path / "zoosmith.toml").write_text(f'\n[executor]\naddress = "{address}"\n')
    with pytest.raises(ZooError, match=r"zoosmith.toml:3: .* is no executor"):
        place_of(tmp_path)


@pytest.mark.parametrize("address", ["ray://head.cluster:10001", "ray://"])
def test_ray_client_is_refused_with_what_to_use_instead(address: str, tmp_path: Path) -> None:
    told = rf"'{address}' is an address of Ray Client.*run doit on a machine of the cluster with `ray:auto`"
    with pytest.raises(ZooError, match=f"^--executor: {told}"):
        check_address(address)
    (tmp_path / "zoosmith.toml").write_text(f'\n[executor]\naddress = "{address}"\n')
    with pytest.raises(ZooError, match=f"zoosmith.toml:3: {told}"):
        place_of(tmp_path)


def test_without_a_word_it_is_this_machine(tmp_path: Path) -> None:
    assert place_of(tmp_path) == Place("local", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[executor]\nadress = "ray"\n', r"zoosmith.toml:2: 'adress' is not known; did you mean 'address'\?"),
        ('[[executor]]\naddress = "ray"\n', r"zoosmith.toml:1: write `\[executor\]` once"),
        ("[executor]\naddress = 3\n", "zoosmith.toml:2: 3 is no executor"),
        ('[executor]\nprofil = "small"\n', r"zoosmith.toml:2: 'profil' is not known; did you mean 'profile'\?"),
        ("[executor]\nprofile = 3\n", "zoosmith.toml:2: 3 is no host class; `doit list --hosts`"),
    ],
)
def test_mistakes_name_their_line(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "zoosmith.toml").write_text(text)
    with pytest.raises(ZooError, match=told):
        place_of(tmp_path)


def test_the_machines_that_builds_are_for(tmp_path: Path) -> None:
    (tmp_path / "zoosmith.toml").write_text('[executor]\naddress = "ray:auto"\nprofile = "small"\n')
    assert place_of(tmp_path) == Place("ray:auto", "small")
