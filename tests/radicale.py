"""A real CalDAV server for tests: Radicale on a loopback port, its collections in a scratch folder."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import httpx2

from tests.plugins.polling import poll
from tests.plugins.processes import Process

PASSWORD = "right"
CONFIGURATION = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[logging]
level = warning
"""
MKCALENDAR = (
    '<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:set><d:prop><d:displayname>C</d:displayname></d:prop></d:set></c:mkcalendar>"
)


class Radicale:
    """A server with the users anna and ben."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "users").write_text(f"anna:{PASSWORD}\nben:{PASSWORD}\n")
        (folder / "radicale.conf").write_text(CONFIGURATION.format(folder=folder, port=self.port))
        self._process: Process | None = None
        self._client = httpx2.Client(timeout=10)

    def start(self) -> None:
        """Serve; returns once it answers."""
        command = [sys.executable, "-m", "radicale", "--config", str(self._folder / "radicale.conf")]
        self._process = Process(command, environment=dict(os.environ), output=self._folder / "output")
        poll(self._answers, within=30)

    def kill(self) -> None:
        """End it at once."""
        if self._process:
            self._process.kill()
            self._process = None

    def make(self, name: str, *, user: str = "anna") -> str:
        """Make an empty calendar and return its URL with the login."""
        self.ask("MKCALENDAR", f"/{user}/{name}/", content=MKCALENDAR, user=user)
        return f"http://{user}:{PASSWORD}@127.0.0.1:{self.port}/{user}/{name}/"

    def put(self, name: str, uid: str, text: str, *, user: str = "anna") -> None:
        """Store an object."""
        self.ask("PUT", f"/{user}/{name}/{uid}.ics", content=text, user=user)

    def delete(self, name: str, uid: str, *, user: str = "anna") -> None:
        """Remove an object."""
        self.ask("DELETE", f"/{user}/{name}/{uid}.ics", user=user)

    def read(self, name: str, *, user: str = "anna") -> str:
        """Return the whole calendar as text."""
        return self.ask("GET", f"/{user}/{name}/", user=user).text

    def forget_tokens(self) -> None:
        """Lose the sync tokens given out so far."""
        for folder in self._folder.glob("collections/collection-root/*/*/.Radicale.cache/sync-token"):
            shutil.rmtree(folder)

    def ask(self, method: str, path: str, *, user: str, content: str | None = None) -> httpx2.Response:
        """Send a request as the user, which must succeed."""
        url = f"http://127.0.0.1:{self.port}{path}"
        answer = self._client.request(method, url, content=content, auth=(user, PASSWORD))
        assert answer.is_success, answer.text
        return answer

    def _answers(self) -> bool:
        try:
            return self._client.get(f"http://127.0.0.1:{self.port}/").status_code < 500
        except httpx2.TransportError:
            return False
