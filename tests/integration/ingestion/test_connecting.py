"""A user connects mail and calendars in the browser: what is asked, what is kept, and every way it can fail."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.utils import timezone

from ingestion.access import WITHDRAWN
from ingestion.models import Account, Calendar, Consent
from ingestion.oauth import ConsentAuthorization
from ingestion.providers.errors import ConsentRevokedError
from jobs.models import AuditEntry
from tests.consents import configure, fetch_tokens_from
from tests.doubles.consent_screen import SECRET, ConsentScreen
from tests.doubles.server import Double, Reply
from tests.doubles.tokens import ADDRESS, REFRESH

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11")]
PAGE, ANSWER = "/connect/", "/connect/answer/"
BOTH = ["mail", "calendar"]


def let_in(screen: ConsentScreen, settings: Any) -> ConsentScreen:
    fetch_tokens_from(screen, settings)
    values = {"authorize_url": f"{screen.url}/authorize", "client_secret": SECRET}
    configure(settings, **{f"{screen.provider}_{name}": value for name, value in values.items()})
    return screen


@pytest.fixture(params=["google", "microsoft"])
def screen(request: pytest.FixtureRequest, settings: Any) -> Iterator[ConsentScreen]:
    with ConsentScreen(request.param) as running:
        yield let_in(running, settings)


@pytest.fixture
def google(settings: Any) -> Iterator[ConsentScreen]:
    with ConsentScreen("google") as running:
        yield let_in(running, settings)


@pytest.fixture
def anna() -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def browser(anna: User) -> Client:
    client = Client()
    client.force_login(anna)
    return client


def led_on(browser: Client, provider: str, **wish: Any) -> str:
    """Return where the page leads, for a wish."""
    page = browser.post(PAGE, {"provider": provider, "uses": BOTH, **wish})
    assert page.status_code == 200, page.content
    return str(page.context["url"])


def asked(url: str) -> str:
    """Return where the provider leads back to."""
    return httpx2.get(url).headers["Location"]


def came_back(browser: Client, url: str) -> Any:
    """Return the page of the answer."""
    parts = urlsplit(url)
    return browser.get(f"{parts.path}?{parts.query}", follow=True)


def connected(browser: Client, provider: str, **wish: Any) -> Any:
    return came_back(browser, asked(led_on(browser, provider, **wish)))


def told(page: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def nothing_is_kept() -> bool:
    return not (Consent.objects.exists() or Account.objects.exists() or Calendar.objects.exists())


def test_a_consent_connects_mail_and_calendar_and_its_token_rests_encrypted(
    screen: ConsentScreen, browser: Client, anna: User
) -> None:
    page = connected(browser, screen.provider)
    assert f"{screen.provider} {ADDRESS} is connected" in told(page)
    consent = Consent.objects.get()
    assert (consent.owner, consent.provider, consent.address) == (anna, screen.provider, ADDRESS)
    assert consent.tokens == {"refresh_token": REFRESH}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tokens FROM ingestion_consent")
        assert REFRESH not in str(cursor.fetchone())
    account, calendar = Account.objects.get(), Calendar.objects.get()
    assert (account.consent, account.is_active, account.address) == (consent, True, ADDRESS)
    assert (calendar.consent, calendar.is_active, calendar.is_archive) == (consent, True, False)
    assert ConsentAuthorization(consent.pk).header(renewed=False) == "Bearer access-2"
    entry = AuditEntry.objects.get()
    assert (entry.user_id, entry.action, entry.after) == (anna.pk, "give consent", {"for": BOTH, "owner": "anna"})


def test_only_what_is_wished_for_is_asked_for(screen: ConsentScreen, browser: Client) -> None:
    scopes = {}
    for uses in (["mail"], ["calendar"], ["archive"]):
        query = parse_qs(urlsplit(led_on(browser, screen.provider, uses=uses, calendar="c@x.org")).query)
        scopes[uses[0]] = {scope.rpartition("/")[2] for scope in query["scope"][0].split()} - {"openid", "email"}
    wanted = {
        "google": ({"gmail.readonly"}, {"calendar.readonly"}, {"calendar"}),
        "microsoft": ({"Mail.Read"}, {"Calendars.Read"}, {"Calendars.ReadWrite"}),
    }[screen.provider]
    always = set() if screen.provider == "google" else {"profile", "offline_access"}
    assert scopes == {use: each | always for use, each in zip(("mail", "calendar", "archive"), wanted, strict=True)}


@pytest.mark.req("AA-1")
def test_an_archive_is_a_calendar_of_its_own_that_is_only_written(screen: ConsentScreen, browser: Client) -> None:
    refused = browser.post(PAGE, {"provider": screen.provider, "uses": ["archive"]})
    assert "Name the calendar that is to be the archive." in told(refused)
    connected(browser, screen.provider, uses=["archive"], calendar="archive-1")
    archive = Calendar.objects.get()
    assert (archive.location.rpartition("/")[2], archive.is_archive) == ("archive-1", True)


def test_a_no_is_told_and_changes_nothing(screen: ConsentScreen, browser: Client) -> None:
    screen.says_no = True
    page = connected(browser, screen.provider)
    assert page.status_code == 400
    assert "was told not to give access. Nothing has changed." in told(page)
    assert nothing_is_kept()


def test_an_answer_counts_once_and_only_in_the_session_that_asked(google: ConsentScreen, browser: Client) -> None:
    back = asked(led_on(browser, "google"))
    stranger = Client()
    stranger.force_login(User.objects.create_user("ben"))
    wrong = back.replace("state=", "state=x")
    nobody = came_back(Client(), back)
    assert nobody.redirect_chain[0][0].startswith("/admin/login/")
    for client, url in ((stranger, back), (browser, wrong), (browser, ANSWER)):
        page = came_back(client, url)
        assert (page.status_code, "belongs to no question asked here" in told(page)) == (400, True)
    assert nothing_is_kept()
    assert not google.asked("/token")
    assert came_back(browser, back).status_code == 200
    assert came_back(browser, back).status_code == 400
    assert (Consent.objects.count(), len(google.asked("/token"))) == (1, 1)


def test_an_answer_that_comes_late_is_refused(google: ConsentScreen, browser: Client) -> None:
    back = asked(led_on(browser, "google"))
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert "took too long" in told(came_back(browser, back))
    assert nothing_is_kept()


def test_a_stolen_code_is_worth_nothing_without_the_verifier(google: ConsentScreen, browser: Client) -> None:
    back = asked(led_on(browser, "google"))
    session = browser.session
    (wish,) = session["consent_wishes"].values()
    wish["verifier"] = "guessed"
    session.save()
    assert "didn't take its own answer (invalid_grant). Begin again." in told(came_back(browser, back))
    assert nothing_is_kept()


@pytest.mark.parametrize("changes", [{"aud": "another"}, {"nonce": "old"}], ids=["audience", "nonce"])
def test_an_answer_to_another_question_is_refused(
    google: ConsentScreen, browser: Client, changes: dict[str, str]
) -> None:
    google.changes = changes
    assert "is not to this question" in told(connected(browser, "google"))
    google.changes = {"email": ""}
    assert "doesn't say whose account it is" in told(connected(browser, "google"))
    assert nothing_is_kept()


def test_access_for_an_hour_only_and_boxes_left_unticked_are_told(screen: ConsentScreen, browser: Client) -> None:
    screen.withholds = True
    assert "gave access for an hour only" in told(connected(browser, screen.provider))
    screen.withholds = False
    screen.unticked = {
        "google": "https://www.googleapis.com/auth/gmail.readonly",
        "microsoft": "https://graph.microsoft.com/Mail.Read",
    }[screen.provider]
    page = connected(browser, screen.provider)
    assert "gave no access to: mail. Connect again and tick every box it shows." in told(page)
    assert nothing_is_kept()


def test_a_server_of_tokens_that_is_silent_or_knows_us_not_is_told(
    google: ConsentScreen, browser: Client, settings: Any
) -> None:
    configure(settings, google_client_secret="wrong")
    assert "doesn't know this site's client" in told(connected(browser, "google"))
    configure(settings, google_token_url="http://127.0.0.1:1/token")
    assert "doesn't answer. Try again later." in told(connected(browser, "google"))
    with Double(lambda _: Reply(200, b"<html>")) as other:
        configure(settings, google_token_url=f"{other.url}/token")
        assert "answered what can't be read" in told(connected(browser, "google"))
    configure(settings, google_client_id="")
    page = browser.post(PAGE, {"provider": "google", "uses": BOTH})
    assert "an operator has to set GOOGLE_CLIENT_ID" in told(page)
    assert nothing_is_kept()


def test_a_consent_given_anew_lets_go_on_what_its_withdrawal_had_stopped(
    screen: ConsentScreen, browser: Client, anna: User
) -> None:
    connected(browser, screen.provider, uses=[*BOTH, "archive"], calendar="archive-1")
    consent = Consent.objects.get()
    off = Calendar.objects.get(is_archive=False)
    Calendar.objects.filter(pk=off.pk).update(is_active=False, disabled_reason="by a person")
    screen.tokens.is_withdrawn = True
    with pytest.raises(ConsentRevokedError):
        ConsentAuthorization(consent.pk).header(renewed=False)
    places = (*Account.objects.all(), *Calendar.objects.filter(is_archive=True))
    assert {(place.is_active, place.disabled_reason) for place in places} == {(False, WITHDRAWN)}
    assert "withdrawn; connect again to go on" in told(browser.get(PAGE))
    screen.tokens.is_withdrawn = False
    connected(browser, screen.provider, uses=["mail"])
    for place in places:
        place.refresh_from_db()
        assert (place.is_active, place.disabled_reason, place.last_error) == (True, "", "")
    off.refresh_from_db()
    assert (off.is_active, off.disabled_reason) == (False, "by a person")
    consent.refresh_from_db()
    assert (consent.tokens, consent.revoked_at) == ({"refresh_token": REFRESH}, None)
    assert Consent.objects.count() == Account.objects.count() == 1


def test_for_another_user_connects_only_who_may_add_accounts(
    google: ConsentScreen, browser: Client, anna: User
) -> None:
    ben = User.objects.create_user("ben")
    connected(browser, "google", owner="ben")
    assert Consent.objects.get().owner == anna
    Consent.objects.all().delete()
    anna.user_permissions.add(*Permission.objects.filter(codename__in=["add_account", "add_calendar"]))
    refused = browser.post(PAGE, {"provider": "google", "uses": BOTH, "owner": "nobody"})
    assert "There is no active user of that name." in told(refused)
    connected(browser, "google", owner="ben")
    assert {Consent.objects.get().owner, Account.objects.get(consent__owner=ben).owner} == {ben}


def test_strangers_and_pages_elsewhere_begin_nothing(google: ConsentScreen, anna: User) -> None:
    assert Client().get(PAGE).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert strict.post(PAGE, {"provider": "google", "uses": BOTH}).status_code == 403
    assert strict.get(PAGE).status_code == 200
