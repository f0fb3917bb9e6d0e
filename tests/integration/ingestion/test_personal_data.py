"""Everything of one user is exported and erased, and nothing of anybody else's."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ingestion.archive_operations import configure_archive
from ingestion.calendar_operations import register_calendar
from ingestion.models import Account, CalendarEvent, Contact, LLMCall, Mail, Thread, ThreadReview, Todo
from ingestion.operations import give_consent, register_account
from ingestion.personal_data import owned_models
from ingestion.searching.finding import Kind, Mode, search
from ingestion.tasks import (
    archive_calendar,
    classify_emails,
    erase_user_data,
    export_user_data,
    extract_transactions,
    index_for_search,
    process_threads,
    sync_account,
    sync_calendar,
)
from jobs.models import Run
from jobs.states import State
from jobs.testing import result_of, run_job
from notifications.tasks import send_notifications
from tests.calendars import vcalendar, vevent
from tests.mailboxes import START, message, write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11")]


@pytest.fixture
def people(tmp_path: Path, settings: Any) -> list[User]:
    """Two users with a bit of everything."""
    settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, "export_folder": str(tmp_path / "exports")}
    made = []
    for name in ("anna", "ben"):
        user = User.objects.create_user(name, email=f"{name}@x.org", password="hunter2-hunter2")
        body = f"URGENT: {name}, please pay my invoice of EUR 7.00 by tomorrow. The amount due is overdue."
        mails = (message(f"{name}{n}", to=f"{name}@x.org", body=body, at=timezone.now() - START) for n in range(3))
        box = write_mbox(tmp_path / name, *mails)
        account, _ = register_account(user, mbox=box)
        Account.objects.filter(pk=account.pk).update(credentials={"password": f"secret-of-{name}"})
        give_consent(user, provider="google", address=f"{name}@x.org", refresh_token=f"token-of-{name}")
        (tmp_path / f"{name}.ics").write_text(vcalendar(vevent(name, "20261110T090000Z")))
        calendar, _ = register_calendar(user, ics=tmp_path / f"{name}.ics")
        sync_account(account_id=account.pk)
        archive, _ = register_calendar(user, ics=tmp_path / f"{name}-archive.ics", is_archive=True)
        configuration = configure_archive(user, source=calendar, target=archive)
        sync_calendar(calendar_id=calendar.pk)
        run_job(archive_calendar, configuration_id=configuration.pk, first="2026-11-01", last="2026-11-30")
        made.append(user)
    for task in (classify_emails, process_threads, extract_transactions, send_notifications, index_for_search):
        run_job(task)
    return made


EVERYTHING = {
    "ingestion.mail",
    "ingestion.searchentry",
    "ingestion.threadreview",
    "ingestion.todo",
    "ingestion.transaction",
    "ingestion.calendarevent",
    "ingestion.archiveconfiguration",
    "ingestion.archivedoccurrence",
    "ingestion.llmcall",
    "ingestion.consent",
    "notifications.signal",
    "notifications.delivery",
}


def found_mails(user: User, words: str) -> int:
    return len(search(user.pk, words, mode=Mode.WORDS, kind=Kind.MAIL))


def words_indexed(text: str) -> int:
    """Return how many rows of the index of words have that one, whoever may look."""
    wanted = {
        "sqlite": "SELECT count(*) FROM ingestion_searchwords WHERE ingestion_searchwords MATCH %s",
        "postgresql": "SELECT count(*) FROM ingestion_searchentry WHERE words @@ plainto_tsquery('simple', %s)",
    }
    with connection.cursor() as cursor:
        cursor.execute(wanted[connection.vendor], [text])
        return int(cursor.fetchone()[0])


def rows_of(user: User) -> dict[str, int]:
    return {each.model._meta.label: count for each in owned_models() if (count := each.rows(user.pk).count())}


def test_the_export_has_everything_of_one_user_and_no_secret(people: list[User]) -> None:
    anna, _ = people
    run = run_job(export_user_data, user_id=anna.pk)
    result = result_of(run)
    path = Path(result["path"])
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {name: len(text.splitlines()) for name, text in texts.items() if text} == {
        "auth.user.jsonl": 1,
        **{f"{label.lower()}.jsonl": count for label, count in rows_of(anna).items()},
    }
    mails = [json.loads(line) for line in texts["ingestion.mail.jsonl"].splitlines()]
    assert sorted(mail["message_id"] for mail in mails) == [f"<anna{n}@x.org>" for n in range(3)]
    everything = "".join(texts.values())
    for secret in ("secret-of-anna", "token-of-anna", "hunter2", "pbkdf2", "ben@x.org", "ben0"):
        assert secret not in everything
    kinds = {name for name, text in texts.items() if text}
    assert kinds >= {f"{label}.jsonl" for label in EVERYTHING}


def test_erasing_leaves_nothing_of_one_and_everything_of_the_other(people: list[User]) -> None:
    anna, ben = people
    before, calls = rows_of(ben), LLMCall.objects.count()
    assert {label.lower() for label in rows_of(anna)} >= EVERYTHING
    assert found_mails(anna, "invoice") == found_mails(ben, "invoice") == 3
    indexed = words_indexed("ben")
    assert words_indexed("anna") == indexed
    run = run_job(erase_user_data, user_id=anna.pk, username="anna")
    assert run.state == State.SUCCESS, run.error_message
    assert not User.objects.filter(pk=anna.pk).exists()
    assert rows_of(anna) == {}
    assert rows_of(ben) == before
    assert set(Mail.objects.values_list("account__owner", flat=True)) == {ben.pk}
    for model, path in ((Thread, "account__owner"), (ThreadReview, "thread__account__owner"), (Todo, "owner")):
        assert set(model._default_manager.values_list(path, flat=True)) <= {ben.pk}
    assert (Contact.objects.exclude(owner=ben).count(), CalendarEvent.objects.exclude(owner=ben).count()) == (0, 0)
    assert (found_mails(ben, "invoice"), words_indexed("anna"), words_indexed("ben")) == (3, 0, indexed)
    assert (LLMCall.objects.count(), LLMCall.objects.filter(owner=anna.pk).count()) == (calls, 0)


def test_a_wrong_name_erases_nobody(people: list[User]) -> None:
    run = run_job(erase_user_data, user_id=people[0].pk, username="ben")
    assert (run.state, run.attempt) == (State.FAILED, 1)
    assert User.objects.filter(is_active=True).count() == 2
    assert Run.objects.filter(job="export_user_data").count() == 0
    assert run_job(export_user_data, user_id=999_999).state == State.FAILED
