"""What became of mails that were read before: by CONDSTORE and QRESYNC (RFC 7162), or by comparing the latest.

Whoever knows nothing of either is asked for the flags of its latest mails (RFC 4549, 4.3.1), which bounds the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ingestion.providers.imap_client import ImapClient, Opened
from ingestion.providers.imap_folder import Folder
from ingestion.providers.protocol import Marks, Sighting

MOST_COMPARED = 1000


def sightings(
    client: ImapClient, folder: Folder, *, upto: int, modseq: int, opened: Opened, full: bool
) -> Iterator[Sighting]:
    """Yield what is to be told of the mails up to a UID, in the folder that is open.

    `modseq` is the state they were in when last looked at, 0 when it isn't known; `full` compares all of them.
    """
    if upto < 1:
        return
    marks, gone = _changes(client, upto, modseq=modseq if opened.modseq else 0, opened=opened, full=full)
    yield from (Sighting(folder.key(uid), mark) for uid, mark in marks.items() if uid <= upto)
    yield from (Sighting(folder.key(uid), None) for uid in gone)


def _changes(
    client: ImapClient, upto: int, *, modseq: int, opened: Opened, full: bool
) -> tuple[dict[int, Marks], Iterable[int]]:
    if modseq and client.tells_vanished:
        # Nothing has changed at all: not even a question.
        return client.changes(1, upto, since=modseq) if modseq != opened.modseq else ({}, ())
    first = 1 if full else max(1, upto - MOST_COMPARED + 1)
    if modseq:
        marks = client.marks(1, upto, changed_since=modseq)
        there = set(client.uids(after=first - 1))
    else:
        marks = client.marks(first, upto)
        there = set(marks)
    return marks, (uid for uid in range(first, upto + 1) if uid not in there)
