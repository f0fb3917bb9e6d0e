"""Search on a real database: by words, by meaning, one's own things only, and nothing left of what was deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from ingestion.calendar_operations import register_calendar
from ingestion.models import Attachment, Calendar, Mail, SearchEntry
from ingestion.operations import register_account
from ingestion.searching.finding import Found, Kind, Mode, search
from ingestion.tasks import erase_user_data, index_for_search, sync_account, sync_calendar
from jobs import tokens
from jobs.models.token import Scope
from jobs.states import State
from jobs.testing import result_of, run_job
from tests.calendars import vcalendar, vevent
from tests.commands import jobs, jobs_json, refused
from tests.doubles.embeddings import KEY, EmbeddingServer
from tests.doubles.server import Reply
from tests.mailboxes import message, write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("SW-11", "SW-12")]
BODIES = {
    "rent": ("Rent for May", "Please pay the rent of CHF 1'200 by Friday. Grüsse aus Zürich"),
    "party": ("Birthday party", "Bring a cake, the rent is not due. net amount"),
    "trip": ("Trip to Rome", "The net total amount is on the ticket for the old vehicle"),
}


@pytest.fixture
def anna(tmp_path: Path) -> User:
    """A user with three mails, one with a file, and a calendar; and another with the same mails."""
    for name in ("ben", "anna"):
        user = User.objects.create_user(name, email=f"{name}@x.org")
        mails = [message(key, subject=subject, body=body) for key, (subject, body) in BODIES.items()]
        account, _ = register_account(user, mbox=write_mbox(tmp_path / name, *mails))
        sync_account(account_id=account.pk)
        mail = Mail.objects.get(account=account, subject="Trip to Rome")
        Attachment.objects.create(mail=mail, position=9, filename="ticket.pdf", digest="0", text="Boarding at gate B42")
        (tmp_path / f"{name}.ics").write_text(vcalendar(vevent(name, "20261110T090000Z", SUMMARY=f"Dentist {name}")))
        calendar, _ = register_calendar(user, ics=tmp_path / f"{name}.ics")
        sync_calendar(calendar_id=calendar.pk)
    assert index() == {"mails": 6, "events": 2, "embedded": 8}
    return User.objects.get(username="anna")


def index() -> dict[str, int]:
    result: dict[str, int] = result_of(run_job(index_for_search))
    return result


def titles(found: list[Found]) -> list[str]:
    return [one.title for one in found]


def indexed_words() -> int:
    """Return how many things the database's own index holds."""
    table = (
        "ingestion_searchentry WHERE words IS NOT NULL"
        if connection.vendor == "postgresql"
        else "ingestion_searchwords"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rent", ["Rent for May", "Birthday party"]),
        ("RENT pay", ["Rent for May"]),
        ("zurich", ["Rent for May"]),
        ("Zürich", ["Rent for May"]),
        ("rent -cake", ["Rent for May"]),
        ('"net amount"', ["Birthday party"]),
        ("amou* total", ["Trip to Rome"]),
        ("b42", ["Trip to Rome"]),
        ("ticket.pdf", ["Trip to Rome"]),
        ("bob@x.org cake", ["Birthday party"]),
        ("rents", []),
        ("'; DROP TABLE x; --", []),
    ],
)
def test_words_are_found_wherever_they_stand_the_title_first(anna: User, text: str, expected: list[str]) -> None:
    assert titles(search(anna.pk, text, mode=Mode.WORDS)) == expected


def test_nothing_of_anybody_elses_is_found(anna: User) -> None:
    for mode in Mode:
        found = search(anna.pk, "rent dentist", mode=mode)
        mine = set(Mail.objects.filter(account__owner=anna).values_list("pk", flat=True))
        assert {one.id for one in found if one.kind == "mail"} <= mine
    assert titles(search(anna.pk, "dentist", mode=Mode.WORDS)) == ["Dentist anna"]


def test_meanings_find_other_forms_and_both_ways_come_together(anna: User) -> None:
    assert search(anna.pk, "birthdays parties", mode=Mode.WORDS) == []
    assert titles(search(anna.pk, "birthdays parties", mode=Mode.MEANING))[0] == "Birthday party"
    assert titles(search(anna.pk, "rent", mode=Mode.BOTH))[0] == "Rent for May"
    assert titles(search(anna.pk, "dentist", kind=Kind.EVENT)) == ["Dentist anna"]
    assert search(anna.pk, "dentist", kind=Kind.MAIL, mode=Mode.WORDS) == []
    (rent,) = search(anna.pk, "friday", mode=Mode.WORDS)
    assert (rent.kind, rent.who, "by Friday" in rent.excerpt) == ("mail", "bob@x.org", True)


def test_each_thing_is_indexed_once_and_a_changed_event_again(anna: User, tmp_path: Path) -> None:
    assert index() == {"mails": 0, "events": 0, "embedded": 0}
    calendar = Calendar.objects.get(owner=anna)
    (tmp_path / "anna.ics").write_text(vcalendar(vevent("anna", "20261111T090000Z", SUMMARY="Optician")))
    sync_calendar(calendar_id=calendar.pk)
    assert index() == {"mails": 0, "events": 1, "embedded": 1}
    assert titles(search(anna.pk, "optician", mode=Mode.WORDS)) == ["Optician"]
    assert search(anna.pk, "dentist", mode=Mode.WORDS) == []


def test_what_is_deleted_leaves_no_word_behind(anna: User) -> None:
    assert indexed_words() == 8
    Mail.objects.filter(account__owner=anna, subject="Rent for May").delete()
    assert (indexed_words(), SearchEntry.objects.count()) == (7, 7)
    run_job(erase_user_data, user_id=anna.pk, username="anna")
    assert (indexed_words(), SearchEntry.objects.count()) == (4, 4)


@pytest.fixture
def embedder(settings: Any) -> Iterator[EmbeddingServer]:
    with EmbeddingServer() as running:
        values = {
            "embedding_model": "openai:small",
            "embedding_base_url": f"{running.url}/v1",
            "embedding_api_key": KEY,
        }
        settings.DAYBOOK_INGESTION = {**settings.DAYBOOK_INGESTION, **values}
        yield running


def test_another_model_embeds_everything_anew_and_finds_by_meaning(anna: User, embedder: EmbeddingServer) -> None:
    assert search(anna.pk, "car", mode=Mode.MEANING) == []
    assert index() == {"mails": 0, "events": 0, "embedded": 8}
    assert len(embedder.requests) == 2
    assert titles(search(anna.pk, "car", mode=Mode.MEANING))[0] == "Trip to Rome"
    assert set(SearchEntry.objects.values_list("embedded_by", flat=True)) == {"openai:small"}


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Reply(429, {}), "ModelUnavailableError"),
        (Reply(400, {}), "ModelRefusedError"),
        (Reply(200, {"data": []}), "NonsenseError"),
        (Reply(200, {"data": [{"index": n, "embedding": [None]} for n in range(8)]}), "NonsenseError"),
        (Reply(200, {"data": [{"index": n, "embedding": [0, 0]} for n in range(8)]}), "NonsenseError"),
        (Reply(200, b"<html>"), "NonsenseError"),
    ],
)
def test_an_embedder_that_fails_keeps_nothing_from_being_found_by_words(
    anna: User, embedder: EmbeddingServer, refusal: Reply, error: str
) -> None:
    SearchEntry.objects.filter(owner=anna).delete()
    embedder.refusals += [refusal] * 3
    run = run_job(index_for_search)
    assert (run.state, run.error_kind) == (State.FAILED, error)
    assert titles(search(anna.pk, "b42", mode=Mode.WORDS)) == ["Trip to Rome"]


def test_the_api_and_the_command_line_find_the_same(anna: User) -> None:
    _, secret = tokens.make(user=anna, name="t", scopes=[Scope.READ], days=1, now=timezone.now())
    headers = {"Authorization": f"Bearer {secret}"}
    answer = Client().get("/api/v1/search", {"q": "rent", "mode": "words", "kind": "mail"}, headers=headers)
    assert [item["title"] for item in answer.json()["items"]] == ["Rent for May", "Birthday party"]
    assert Client().get("/api/v1/search", {"q": "-x"}, headers=headers).status_code == 422
    assert Client().get("/api/v1/search", {"q": "a\0b"}, headers=headers).status_code in {400, 422}
    told = jobs_json("search", "rent", "pay", "--user", "anna", "--mode", "words")
    assert [item["title"] for item in told] == ["Rent for May"]
    assert "1 found" in jobs("search", "b42", "--user", "anna", "--mode", "words")
    assert refused("search", "--user", "anna", "--", "-x")[0] == 2


def test_the_admin_finds_mails_by_what_is_in_their_files(anna: User, admin_client: Client) -> None:
    page = admin_client.get("/admin/ingestion/mail/", {"q": "b42"}).content.decode()
    assert "Trip to Rome" in page
    assert "Birthday party" not in page
