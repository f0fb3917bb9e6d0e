"""The secrets of a first start."""

import stat
from pathlib import Path
from typing import ClassVar

import environ
from cryptography.fernet import Fernet

from project.embedded import credentials


class Scratch(environ.Env):  # type: ignore[misc]
    """Reads like the project does, into a place of its own."""

    ENVIRON: ClassVar[dict[str, str]] = {}


def test_secrets_are_written_once_and_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    assert credentials.ensure(path) is True
    written = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert credentials.ensure(path) is False
    assert path.read_text() == written
    assert list(tmp_path.iterdir()) == [path]


def test_secrets_are_what_the_environment_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    credentials.ensure(path)
    read = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert set(read) == {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "FLOWER_BASIC_AUTH", "ADMIN_PASSWORD"}
    assert len(read["SECRET_KEY"]) >= 50
    Fernet(read["FIELD_ENCRYPTION_KEYS"])
    user, _, password = read["FLOWER_BASIC_AUTH"].partition(":")
    assert (user, len(password) >= 16, len(read["ADMIN_PASSWORD"]) >= 16) == ("flower", True, True)
    Scratch.read_env(str(path))
    assert read == Scratch.ENVIRON


def test_two_first_starts_share_no_secret(tmp_path: Path) -> None:
    for name in ("one", "two"):
        credentials.ensure(tmp_path / name)
    one, two = ((tmp_path / name).read_text().splitlines() for name in ("one", "two"))
    assert not set(one) & set(two)
