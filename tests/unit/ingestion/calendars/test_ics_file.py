"""An .ics file under several writers: nothing that one wrote is lost to another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingestion.calendars.ics_file import IcsFile
from ingestion.calendars.ics_text import by_uid
from tests.calendars import vcalendar, vevent

pytestmark = pytest.mark.req("AA-1")


def test_writers_at_once_keep_what_the_others_wrote(tmp_path: Path) -> None:
    path = tmp_path / "archive.ics"
    names = [f"event-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: IcsFile(path).put(name, vcalendar(vevent(name)), zone="UTC"), names))
    assert sorted(by_uid(path.read_text())) == sorted(names)
    assert {each.name for each in tmp_path.iterdir()} == {"archive.ics", "archive.ics.lock"}
