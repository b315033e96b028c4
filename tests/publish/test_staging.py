"""What others put into the folder of a pull: it is used where it is right, and leads nowhere."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.published import publish, serving
from tests.support.user import BIG, FILES, User, asked, at, visible
from zoosmith.publish.staging import remove

SHA = hashlib.sha256(BIG).hexdigest()
SECRET = b"somebody's work" * 100


@pytest.fixture
def user(tmp_path: Path) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    someone.home.mkdir()
    return someone


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """A folder elsewhere that must stay as it is."""
    folder = tmp_path / "away"
    (folder / "tree").mkdir(parents=True)
    (folder / "work.txt").write_bytes(SECRET)
    (folder / SHA).write_bytes(SECRET)
    (folder / "tree" / "model.onnx").write_bytes(SECRET)
    return folder


def parts_lead_away(staging: Path, away: Path) -> None:
    (staging / "parts").symlink_to(away)


def tree_leads_away(staging: Path, away: Path) -> None:
    (staging / "tree").symlink_to(away / "tree")


def a_part_leads_away(staging: Path, away: Path) -> None:
    (staging / "parts").mkdir()
    (staging / "parts" / SHA).symlink_to(away / SHA)


def a_part_leads_to_what_is_not_there(staging: Path, away: Path) -> None:
    (staging / "parts").mkdir()
    (staging / "parts" / SHA).symlink_to(away / "new")


def a_part_is_a_second_name(staging: Path, away: Path) -> None:
    (staging / "parts").mkdir()
    os.link(away / SHA, staging / "parts" / SHA)


def another_part_is_a_folder(staging: Path, away: Path) -> None:
    (staging / "parts" / "x").mkdir(parents=True)
    (staging / "parts" / "x" / "link").symlink_to(away)


def a_part_is_a_fifo(staging: Path, away: Path) -> None:
    (staging / "parts").mkdir()
    os.mkfifo(staging / "parts" / SHA)


def parts_are_a_file(staging: Path, away: Path) -> None:
    (staging / "parts").write_bytes(b"x")


def the_old_folder_leads_away(staging: Path, away: Path) -> None:
    staging.with_name(f"{staging.name}-old").symlink_to(away)


PLANTS: list[Callable[[Path, Path], None]] = [
    parts_lead_away, tree_leads_away, a_part_leads_away, a_part_leads_to_what_is_not_there, a_part_is_a_second_name,
    another_part_is_a_folder, a_part_is_a_fifo, parts_are_a_file, the_old_folder_leads_away,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("served", [False, True])
def test_what_is_planted_leads_nowhere(
    user: User, away: Path, plant: Callable[[Path, Path], None], served: bool
) -> None:
    staging = user.home / ".toy-a.pull"
    staging.mkdir()
    plant(staging, away)
    before = {path: path.stat().st_mode for path in away.rglob("*")}
    with serving(user.registry) as server:
        user.pull("toy-a", server.url if served else None)
    assert user.holds("toy-a", FILES)
    assert visible(user.home) == ["toy-a"]
    assert {path: path.stat().st_mode for path in away.rglob("*")} == before
    assert all(path.read_bytes() == SECRET for path in before if path.is_file())


def test_a_part_of_ones_own_is_gone_on_with_and_the_folder_is_closed(user: User) -> None:
    parts = user.home / ".toy-a.pull" / "parts"
    parts.mkdir(parents=True)
    (parts / SHA).write_bytes(BIG[:1000])
    modes = []
    user.progress.begin = lambda what, total: modes.append(stat.S_IMODE(parts.stat().st_mode))  # type: ignore[method-assign]
    with serving(user.registry) as server:
        user.pull("toy-a", server.url)
        assert asked(server, "model_quantized.onnx") == ["bytes=1000-"]
    assert modes == [0o700]
    assert stat.S_IMODE((user.home / "toy-a").stat().st_mode) == 0o777 & ~_umask()


def test_removing_a_link_leaves_what_it_leads_to(tmp_path: Path, away: Path) -> None:
    (tmp_path / "link").symlink_to(away)
    remove(tmp_path / "link")
    remove(tmp_path / "nothing")
    assert (away / "work.txt").read_bytes() == SECRET
    assert not (tmp_path / "link").is_symlink()


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
