"""Contacts out of mail and calendars on a real database: each person once, whatever brought them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from ingestion.calendar_operations import register_calendar
from ingestion.contacts import Person, note_contacts
from ingestion.models import Contact, ContactAddress
from ingestion.operations import register_account
from ingestion.tasks import sync_account, sync_calendar
from tests.calendars import vcalendar, vevent
from tests.mailboxes import START, message, write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-10")]


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna", email="anna@x.org")


def test_mail_and_calendar_share_their_contacts(anna: User, tmp_path: Path) -> None:
    box = write_mbox(
        tmp_path / "box",
        message("m1", sender="Bob <bob@x.org>"),
        message("m2", sender='"Brown, Bob" <BOB+work@x.org>', at=timedelta(days=1)),
        message("m3", sender="anna@x.org", to="Carla Conti <carla@x.org>"),
        message("m4", sender="no-reply@shop.org"),
    )
    account, _ = register_account(anna, mbox=box)
    sync_account(account_id=account.pk)
    event = vevent("e", "20261110T090000Z").replace(
        "END:VEVENT", "ATTENDEE;CN=Bob Brown:mailto:bob@y.org\r\nATTENDEE:mailto:carla@x.org\r\nEND:VEVENT"
    )
    (tmp_path / "c.ics").write_text(vcalendar(event))
    calendar, _ = register_calendar(anna, ics=tmp_path / "c.ics")
    sync_calendar(calendar_id=calendar.pk)
    people = {contact.name: sorted(row.address for row in contact.addresses.all()) for contact in Contact.objects.all()}
    assert people == {
        "Brown, Bob": ["bob@x.org", "bob@y.org"],
        "Carla Conti": ["carla@x.org"],
        "": ["no-reply@shop.org"],
    }
    bob = Contact.objects.get(name="Brown, Bob")
    assert (bob.first_seen_at, bob.owner) == (START, anna)
    assert list(Contact.objects.filter(is_automated=True)) == [Contact.objects.get(name="")]


@pytest.mark.django_db(transaction=True)
def test_two_syncs_of_one_user_at_once_make_one_contact(anna: User) -> None:
    people = [Person(f"Person {n}", f"p{n}@x.org", datetime(2026, 5, 1, tzinfo=UTC)) for n in range(20)]

    def note() -> None:
        try:
            with transaction.atomic():
                note_contacts(anna.pk, people)
        finally:
            connection.close()

    threads = [threading.Thread(target=note) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Contact.objects.count() == ContactAddress.objects.count() == 20
