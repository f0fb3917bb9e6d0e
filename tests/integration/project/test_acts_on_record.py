"""What people do by the admin's forms and actions is in the audit log: who, what, before and after, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from ingestion.operations import register_account
from jobs.models import AuditEntry
from notifications.models import Exchange, Preference
from tests.mailboxes import write_mbox

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "PW-8")]


def form_of(client: Client, path: str) -> dict[str, Any]:
    """Return what the page's form would send as it stands."""
    form = client.get(path).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in sent.items() if value not in (None, False, "")}


def acts() -> list[tuple[str, str, Any, Any]]:
    return list(AuditEntry.objects.order_by("at", "id").values_list("action", "target", "before", "after"))


def test_an_edit_of_a_mailbox_is_on_record_with_before_and_after(admin_client: Client, tmp_path: Path) -> None:
    anna = User.objects.create_user("anna")
    account, _ = register_account(anna, mbox=write_mbox(tmp_path / "a.mbox"))
    page = f"/admin/ingestion/account/{account.pk}/change/"
    sent = {**form_of(admin_client, page), "is_active": "", "address": "anna@x.org"}
    assert admin_client.post(page, sent).status_code == 302
    told = {"address": "", "is_active": True}, {"address": "anna@x.org", "is_active": False}
    assert acts() == [("change account", str(account), *told)]
    # As it stands: nothing changed, nothing to tell.
    admin_client.post(page, form_of(admin_client, page))
    assert len(acts()) == 1
    admin_client.post(f"/admin/ingestion/account/{account.pk}/delete/", {"post": "yes"})
    assert acts()[1:] == [("delete account", str(account), {}, {})]
    assert set(AuditEntry.objects.values_list("actor", "face")) == {("admin", "admin")}


def test_who_gives_a_role_or_a_password_is_on_record_and_the_password_is_not(admin_client: Client) -> None:
    anna, viewer = User.objects.create_user("anna"), Group.objects.get(name="viewer")
    page = f"/admin/auth/user/{anna.pk}/change/"
    sent = {"username": "anna", "date_joined_0": "2026-03-01", "date_joined_1": "12:00:00", "groups": [viewer.pk]}
    assert admin_client.post(page, sent).status_code == 302
    secret = "right horse battery"
    given = {"password1": secret, "password2": secret, "usable_password": "true"}
    assert admin_client.post(f"/admin/auth/user/{anna.pk}/password/", given).status_code == 302
    edit, password = acts()
    assert (edit[0], edit[1], edit[2]["groups"], edit[3]["groups"]) == ("change user", "anna", [], ["viewer"])
    assert (password[0], password[1], password[3]) == ("change user", "anna", {"password": "***"})
    assert secret not in str(acts())


def test_addresses_with_secrets_in_them_are_told_by_name_only(admin_client: Client) -> None:
    preference = Preference.objects.create(user=User.objects.create_user("anna"))
    page = f"/admin/notifications/preference/{preference.pk}/change/"
    sent = {**form_of(admin_client, page), "new_urls": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"}
    assert admin_client.post(page, sent).status_code == 302
    [(action, _, before, after)] = acts()
    assert (action, before, after) == ("change preference", {"new_urls": None}, {"new_urls": "***"})
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in str(acts())


def test_steps_of_exchanges_and_second_sendings_are_on_record(admin_client: Client) -> None:
    exchange = Exchange.objects.create(name="Office", day="2030-12-20")
    action = {"action": "let_people_in", "_selected_action": [exchange.pk]}
    admin_client.post("/admin/notifications/exchange/", action)
    assert acts() == [("change exchange", str(exchange), {"state": "draft"}, {"state": "open"})]
