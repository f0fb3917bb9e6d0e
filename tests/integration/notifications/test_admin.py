"""Notifications' admin pages: what may be sent again, and secret addresses that never show."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Delivery, Preference

from .conftest import MailMaker, states

pytestmark = pytest.mark.django_db
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"


def delivery(state: str, **fields: object) -> Delivery:
    number = Delivery.objects.count()
    columns = {"channel": "email", "address": "kim@home.example", "title": "A title", "next_attempt_at": timezone.now()}
    return Delivery.objects.create(**{**columns, "key": str(number), "state": state, **fields})


def test_only_what_failed_or_is_uncertain_can_be_sent_again(admin_client: Client) -> None:
    every = [delivery(state) for state in ("pending", "sending", "sent", "failed", "unknown", "bundled")]
    every.append(delivery("failed", is_carried=True))
    url = reverse("admin:notifications_delivery_changelist")
    chosen = {"action": "send_again", "_selected_action": [each.pk for each in every]}
    page = admin_client.post(url, chosen, follow=True)
    assert "2 of 7 will be tried again." in page.content.decode()
    assert states() == ["pending", "sending", "sent", "pending", "pending", "bundled", "failed"]


def test_who_may_only_look_can_not_send_again(client: Client, django_user_model: type[User]) -> None:
    user = django_user_model.objects.create_user("pat", is_staff=True)
    client.force_login(user)
    each = delivery("failed")
    url = reverse("admin:notifications_delivery_changelist")
    client.post(url, {"action": "send_again", "_selected_action": [each.pk]})
    assert states() == ["failed"]


def test_a_deliverys_page_shows_its_text(admin_client: Client, new_mail: MailMaker) -> None:
    each = delivery("sent", body="Line one\nLine two")
    page = admin_client.get(reverse("admin:notifications_delivery_change", args=[each.pk])).content.decode()
    assert "Line one\nLine two" in page


def form(user: User, **fields: object) -> dict[str, object]:
    base = {"user": user.pk, "language": "en", "tone": "plain", "detail": "full", "time_zone": "UTC", "new_urls": ""}
    return {**base, "channels": ["email", "apprise"], **fields}


def test_secret_addresses_go_in_and_never_come_out(admin_client: Client, admin_user: User) -> None:
    admin_client.post(reverse("admin:notifications_preference_add"), form(admin_user, new_urls=f"{SLACK}\n"))
    preference = Preference.objects.get()
    assert (preference.apprise_urls, preference.channels) == ([SLACK], ["email", "apprise"])
    url = reverse("admin:notifications_preference_change", args=[preference.pk])
    page = admin_client.get(url).content.decode()
    assert "slack://" in page
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in page
    admin_client.post(url, form(admin_user, tone="warm"))
    preference.refresh_from_db()
    assert (preference.tone, preference.apprise_urls) == ("warm", [SLACK])
    admin_client.post(url, form(admin_user, new_urls="-"))
    preference.refresh_from_db()
    assert preference.apprise_urls == []


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1/",
        "msteams://127.0.0.1/a/b/",
        "ntfy://inside.example/x",
        "file:///etc/passwd",
        "slack://",
        "x",
        f"{SLACK}?template=/etc/passwd",
        f"{SLACK}?to=%23ops&%54emplate=http://127.0.0.1/",
        f"{SLACK}?;template=/etc/passwd",
        f"{SLACK}?:token=x",
        f"{SLACK}?verify=no",
        f"{SLACK}?rto=9999",
        f"{SLACK}?retry=10",
        "tgram://123456789:abcdefg_hijklmnop/12315544/?template=/etc/passwd",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/?template=/etc/passwd",
    ],
)
def test_a_url_that_names_its_own_host_or_reads_files_is_refused(
    url: str, admin_client: Client, admin_user: User
) -> None:
    page = admin_client.post(reverse("admin:notifications_preference_add"), form(admin_user, new_urls=url))
    assert "Line 1: " in page.content.decode()
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    "url", [SLACK, f"{SLACK}?footer=no", "tgram://123456789:abcdefg_hijklmnop/12315544/?silent=yes&topic=5"]
)
def test_a_url_with_harmless_parameters_is_taken(url: str, admin_client: Client, admin_user: User) -> None:
    admin_client.post(reverse("admin:notifications_preference_add"), form(admin_user, new_urls=url))
    assert Preference.objects.get().apprise_urls == [url]
