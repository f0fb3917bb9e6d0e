"""Asks OSV (osv.dev) whether a locked dependency has a known vulnerability: `make audit`.

Where OSV can't be reached it says so and passes: a machine without internet must be able to check a change.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.pages import ROOT

OSV = "https://api.osv.dev/v1/querybatch"
ANSWER_SECONDS = 15
# {id of the vulnerability: why it doesn't concern us}
ACCEPTED: Mapping[str, str] = {}
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pinned(lock: str) -> list[tuple[str, str]]:
    """Return name and version of every requirement of a lock file."""
    return _PINNED.findall(lock)


def vulnerable(packages: list[tuple[str, str]], *, url: str = OSV) -> list[tuple[str, str, str]]:
    """Return (name, version, id) of every known vulnerability that nobody has accepted.

    Raises: OSError when OSV does not answer.
    """
    asked = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    request = urllib.request.Request(
        url, data=json.dumps({"queries": asked}).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
        results = json.load(response)["results"]
    return [
        (name, version, found["id"])
        for (name, version), result in zip(packages, results, strict=True)
        for found in result.get("vulns", ())
        if found["id"] not in ACCEPTED
    ]


def main(lock: Path = ROOT / "requirements-dev.lock", *, url: str = OSV) -> int:
    """Print what was found; 1 when something was."""
    packages = pinned(lock.read_text())
    try:
        found = vulnerable(packages, url=url)
    except (OSError, ValueError) as error:
        print(f"audit: {len(packages)} locked packages NOT audited, OSV does not answer: {error}")
        return 0
    for name, version, vulnerability in found:
        print(f"audit: {name} {version} has {vulnerability}, see https://osv.dev/{vulnerability}")
    print(f"audit: {len(packages)} locked packages, {len(found)} known vulnerabilities")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
