"""A real IMAP server for tests: Debian's Dovecot on a loopback port, its mail in a scratch folder."""

from __future__ import annotations

import getpass
import imaplib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.plugins.polling import poll
from tests.plugins.processes import Process

PASSWORD = "right"
CONFIGURATION = """
base_dir = {folder}/base
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
"""


class Dovecot:
    """A server that a test may kill and start again; any user name with PASSWORD gets in."""

    def __init__(self, folder: Path, *, offers: str = "") -> None:
        """`offers`: the capabilities it names after the login, in place of all it has."""
        self._folder = folder
        self.port = _free_port()
        self._process: Process | None = None
        users = _users()
        for name in ("base", "state", "mail"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        shutil.chown(folder / "mail", users["mail_user"], users["mail_group"])
        text = CONFIGURATION.format(folder=folder, port=self.port, password=PASSWORD, **users)
        (folder / "dovecot.conf").write_text(text + (f"imap_capability = {offers}\n" if offers else ""))

    def url(self, user: str, *, password: str = PASSWORD) -> str:
        """Return the URL of a user's mailbox."""
        return f"imap://{user}:{password}@127.0.0.1:{self.port}/INBOX"

    def start(self) -> None:
        """Serve; returns once it answers."""
        command = [find_dovecot(), "-F", "-c", str(self._folder / "dovecot.conf")]
        self._process = Process(command, environment=dict(os.environ), output=self._folder / "output")
        poll(self._answers)

    def kill(self) -> None:
        """End it at once, as a machine that loses its power would."""
        if self._process:
            self._process.kill()
            self._process = None

    def deliver(self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX") -> None:
        """Append messages to a user's folder, unseen."""
        with self._client(user) as client:
            for content in messages:
                status, said = client.append(folder, "", "", content.replace(b"\n", b"\r\n"))
                assert status == "OK", said

    def mark(self, user: str, message_id: str, *flags: str, remove: bool = False) -> None:
        """Let the owner set flags of a mail in INBOX, or remove them."""
        with self._client(user) as client:
            client.select("INBOX")
            (uid,) = client.uid("SEARCH", "HEADER", "Message-ID", message_id)[1][0].split()
            client.uid("STORE", uid.decode(), "-FLAGS" if remove else "+FLAGS", f"({' '.join(flags)})")

    def delete(self, user: str, *message_ids: str, folder: str = "INBOX") -> None:
        """Let the owner delete mails."""
        with self._client(user) as client:
            client.select(folder)
            for message_id in message_ids:
                (uid,) = client.uid("SEARCH", "HEADER", "Message-ID", message_id)[1][0].split()
                client.uid("STORE", uid.decode(), "+FLAGS", r"(\Deleted)")
            client.expunge()

    def place(self, user: str, messages: Iterable[bytes]) -> None:
        """Put messages into a new user's INBOX as files, whatever is in them: APPEND refuses some."""
        box = self._folder / "mail" / user
        users = _users()
        for part in (box, *(box / name for name in ("cur", "new", "tmp"))):
            part.mkdir()
            shutil.chown(part, users["mail_user"], users["mail_group"])
        for number, content in enumerate(messages):
            path = box / "new" / f"{1_700_000_000 + number}.{number}.host"
            path.write_bytes(content)
            shutil.chown(path, users["mail_user"], users["mail_group"])

    def flags(self, user: str) -> list[bytes]:
        """Return the flags of every mail in INBOX, \\Recent left out."""
        with self._client(user) as client:
            client.select("INBOX", readonly=True)
            items = client.fetch("1:*", "(FLAGS)")[1]
        found = (imaplib.ParseFlags(item) for item in items if isinstance(item, bytes))
        return sorted(b" ".join(flag for flag in flags if flag != b"\\Recent") for flags in found)

    def threads(self, user: str, algorithm: str) -> list[frozenset[int]]:
        """Return the threads of INBOX as the server finds them (RFC 5256), each as its UIDs."""
        with self._client(user) as client:
            client.select("INBOX", readonly=True)
            status, said = client.uid("THREAD", algorithm, "UTF-8", "ALL")
            assert status == "OK", said
        text = b"".join(line for line in said if isinstance(line, bytes)).decode()
        return [frozenset(map(int, re.findall(r"\d+", thread))) for thread in _outermost(text)]

    def uid_validity(self, user: str) -> int:
        """Return INBOX's UIDVALIDITY."""
        with self._client(user) as client:
            client.select("INBOX", readonly=True)
            (number,) = client.untagged_responses["UIDVALIDITY"]
            assert isinstance(number, bytes)
            return int(number)

    def forget_uids(self, user: str) -> None:
        """Lose the UIDs, as a server restored from a backup does: INBOX gets another UIDVALIDITY."""
        before = self.uid_validity(user)
        self.kill()
        box = self._folder / "mail" / user
        for index in box.glob("dovecot[.-]*"):
            if index.name != "dovecot-uidlist":
                index.unlink()
        numbers = box / "dovecot-uidlist"
        numbers.write_bytes(numbers.read_bytes().replace(b" V%d " % before, b" V%d " % (before + 1000), 1))
        self.start()
        assert self.uid_validity(user) == before + 1000

    def _client(self, user: str) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(user, PASSWORD)
        return client

    def _answers(self) -> bool:
        try:
            imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
        except (OSError, imaplib.IMAP4.error):
            return False
        return True


def _outermost(text: str) -> Iterator[str]:
    depth = start = 0
    for at, sign in enumerate(text):
        if sign == "(":
            start = at if depth == 0 else start
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth == 0:
                yield text[start:at]


def find_dovecot() -> str:
    """Return the server's path; installs it where apt can, else skips the test and says so."""
    found = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["install", "-y", "--no-install-recommends", "dovecot-imapd"]
        unattended = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], install):
            subprocess.run(["apt-get", *words], check=False, capture_output=True, timeout=300, env=unattended)
        found = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("NOT PROVEN: no Dovecot here and none to be had; install Debian's dovecot-imapd to run this")
    return found


def _users() -> dict[str, str]:
    """Return whom its processes run as; root must not be among them, and others can only be themselves."""
    if os.geteuid() == 0:
        login, internal, mail = "dovenull", "dovecot", "nobody"
        groups = {"internal_group": "dovecot", "mail_group": "nogroup"}
    else:
        login = internal = mail = getpass.getuser()
        groups = dict.fromkeys(("internal_group", "mail_group"), str(os.getegid()))
    return {"login_user": login, "internal_user": internal, "mail_user": mail, **groups}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
