"""Connecting an account in a real browser, whose content policy lets forms lead to this site only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from ingestion.models import Account
from tests.consents import configure, fetch_tokens_from
from tests.doubles.consent_screen import SECRET, ConsentScreen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("SW-11")]


@pytest.fixture
def screen(settings: Any) -> Iterator[ConsentScreen]:
    with ConsentScreen("google") as running:
        fetch_tokens_from(running, settings)
        configure(settings, google_authorize_url=f"{running.url}/authorize", google_client_secret=SECRET)
        yield running


def test_the_way_to_the_provider_and_back(browser: Browser, live_server: LiveServer, screen: ConsentScreen) -> None:
    User.objects.create_superuser("anna", password="right horse battery")
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/connect/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill("right horse battery")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/connect/made/")
    assert "google anna@x.org is connected" in page.locator("#content-main").inner_text()
    assert (Account.objects.get().provider, complaints) == ("gmail", [])
    assert len(screen.asked("/authorize")) == 1
    context.close()
