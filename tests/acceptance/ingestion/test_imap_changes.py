"""What their owner does with mails at a real Dovecot comes here, whether it offers QRESYNC, CONDSTORE or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth.models import User

from ingestion.models import Account, Mail, MailCopy
from ingestion.operations import register_account
from ingestion.providers import imap_changes
from ingestion.storing import Counts
from ingestion.tasks import sync_account
from tests.acceptance.ingestion.test_imap import recent
from tests.dovecot import Dovecot, find_dovecot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11")]
PLAIN = "IMAP4rev1 ENABLE UIDPLUS LIST-EXTENDED SPECIAL-USE"
OFFERS = {"qresync": "", "condstore": f"{PLAIN} CONDSTORE", "neither": PLAIN}


@pytest.fixture(scope="module", params=OFFERS)
def dovecot(request: pytest.FixtureRequest) -> Iterator[Dovecot]:
    find_dovecot()
    with TemporaryDirectory(prefix="dovecot-") as folder:
        server = Dovecot(Path(folder), offers=OFFERS[request.param])
        server.start()
        yield server
        server.kill()


@pytest.fixture
def offer(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["dovecot"])


@pytest.fixture
def synced(dovecot: Dovecot) -> Callable[..., tuple[Account, dict[str, int]]]:
    """Return a mailbox's account after another sync, and the counts other than 0."""
    anna = User.objects.create_user("anna")

    def sync(user: str, **options: Any) -> tuple[Account, dict[str, int]]:
        account, _ = register_account(anna, imap_url=dovecot.url(user))
        counts = sync_account(account_id=account.pk, **options)
        assert set(counts) == set(Counts().as_dict())
        account.refresh_from_db()
        return account, {name: count for name, count in counts.items() if count}

    return sync


def marks_of(number: int) -> tuple[bool, bool, bool]:
    mail = Mail.objects.get(message_id=f"<m{number}@x.org>")
    return mail.seen, mail.answered, mail.flagged


def gone() -> set[str]:
    return set(Mail.objects.exclude(gone_at=None).values_list("message_id", flat=True))


def test_marks_come_and_go_and_new_mail_brings_its_own(
    dovecot: Dovecot, offer: str, synced: Callable[..., Any]
) -> None:
    dovecot.deliver("marks", recent(0, 6))
    dovecot.mark("marks", "<m0@x.org>", r"\Seen")
    assert synced("marks")[1] == {"fetched": 6, "stored": 6, "threads": 6}
    assert (marks_of(0), marks_of(1)) == ((True, False, False), (False, False, False))
    assert synced("marks")[1] == {}
    dovecot.mark("marks", "<m0@x.org>", r"\Seen", remove=True)
    dovecot.mark("marks", "<m1@x.org>", r"\Seen", r"\Answered")
    dovecot.mark("marks", "<m2@x.org>", r"\Flagged", "$Label1")
    dovecot.deliver("marks", recent(6, 1))
    dovecot.mark("marks", "<m6@x.org>", r"\Seen")
    account, counts = synced("marks")
    assert counts == {"fetched": 1, "stored": 1, "threads": 1, "changed": 3}
    assert [marks_of(n) for n in (0, 1, 2, 3, 6)] == [
        (False, False, False),
        (True, True, False),
        (False, False, True),
        (False, False, False),
        (True, False, False),
    ]
    assert synced("marks")[1] == {}
    assert ("modseq" in account.cursor["folders"]["INBOX"]) == (offer != "neither")


def test_what_vanishes_is_gone_once_it_is_gone_everywhere_and_stays_stored(
    dovecot: Dovecot, synced: Callable[..., Any]
) -> None:
    dovecot.deliver("vanished", recent(0, 6))
    dovecot.deliver("vanished", recent(5, 1), folder="Sent")
    assert synced("vanished")[1] == {"fetched": 7, "stored": 6, "duplicates": 1, "threads": 6}
    dovecot.delete("vanished", "<m1@x.org>", "<m2@x.org>", "<m5@x.org>")
    assert synced("vanished")[1] == {"gone": 2}
    assert gone() == {"<m1@x.org>", "<m2@x.org>"}
    assert synced("vanished")[1] == {}
    dovecot.delete("vanished", "<m5@x.org>", folder="Sent")
    assert synced("vanished")[1] == {"gone": 1}
    # Moved away and back again is not gone.
    dovecot.deliver("vanished", recent(1, 1))
    assert synced("vanished")[1] == {"fetched": 1, "duplicates": 1}
    assert gone() == {"<m2@x.org>", "<m5@x.org>"}
    assert (Mail.objects.count(), MailCopy.objects.count()) == (6, 0)
    dovecot.delete("vanished", "<m1@x.org>")
    assert synced("vanished")[1] == {"gone": 1}


def test_only_a_server_that_tells_what_vanished_tells_of_old_mail_unless_all_is_compared(
    dovecot: Dovecot, offer: str, synced: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_changes, "MOST_COMPARED", 5)
    dovecot.deliver("old", recent(0, 20))
    synced("old")
    dovecot.delete("old", "<m1@x.org>", "<m18@x.org>")
    dovecot.mark("old", "<m2@x.org>", r"\Flagged")
    dovecot.mark("old", "<m19@x.org>", r"\Seen")
    found = {
        "qresync": {"gone": 2, "changed": 2},
        "condstore": {"gone": 1, "changed": 2},
        "neither": {"gone": 1, "changed": 1},
    }
    assert synced("old")[1] == found[offer]
    whole = synced("old", full=True)[1]
    assert {name: found[offer].get(name, 0) + whole.get(name, 0) for name in ("gone", "changed")} == {
        "gone": 2,
        "changed": 2,
    }
    assert synced("old")[1] == {}


def test_another_uidvalidity_forgets_the_places_and_finds_the_mails_again(
    dovecot: Dovecot, synced: Callable[..., Any]
) -> None:
    dovecot.deliver("anew", recent(0, 5))
    synced("anew")
    dovecot.forget_uids("anew")
    assert synced("anew")[1] == {"fetched": 5, "duplicates": 5}
    assert (gone(), MailCopy.objects.count()) == (set(), 0)
    dovecot.delete("anew", "<m3@x.org>")
    dovecot.mark("anew", "<m4@x.org>", r"\Answered")
    assert synced("anew")[1] == {"gone": 1, "changed": 1}
    assert (gone(), marks_of(4)) == ({"<m3@x.org>"}, (False, True, False))


def test_changes_are_told_after_an_upgrade_that_brings_their_counting(
    dovecot: Dovecot, synced: Callable[..., Any]
) -> None:
    dovecot.deliver("upgraded", recent(0, 5))
    account, _ = synced("upgraded")
    account.cursor["folders"]["INBOX"].pop("modseq", None)
    account.save()
    dovecot.mark("upgraded", "<m1@x.org>", r"\Seen")
    dovecot.delete("upgraded", "<m2@x.org>")
    assert synced("upgraded")[1] == {"gone": 1, "changed": 1}
    assert synced("upgraded")[1] == {}
