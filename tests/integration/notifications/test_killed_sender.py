"""A sender killed in the middle of a mail: what was sent stays sent, what was under way goes on, nobody is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from notifications.models import Delivery
from notifications.tasks import send_notifications
from tests.plugins.polling import Eventually
from tests.plugins.processes import Start

from .conftest import MailMaker, MailServer

USERS = ("ann", "bob", "cem")


@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_leaves_nobody_out_and_tells_nobody_twice(
    new_mail: MailMaker, mail_server: MailServer, start: Start, eventually: Eventually
) -> None:
    for user in USERS:
        new_mail(user)
    mail_server.hang_for = "bob@home.example"
    sender = start("manage.py", "jobs", "run", "send_notifications", EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}")
    eventually(lambda: Delivery.objects.filter(state="sending", address="bob@home.example").exists(), within=60)
    sender.kill()
    assert mail_server.recipients() == ["ann@home.example"]

    mail_server.hang_for = ""
    assert send_notifications()["sent"] == 1, "cem's; bob's may still be on its way"
    Delivery.objects.update(claimed_at=F("claimed_at") - timedelta(minutes=11))
    assert send_notifications()["sent"] == 1
    assert mail_server.recipients() == [f"{user}@home.example" for user in USERS]
    rows = Delivery.objects.order_by("pk").values_list("address", "state", "attempts", "unanswered")
    assert list(rows) == [
        ("ann@home.example", "sent", 1, 0),
        ("bob@home.example", "sent", 2, 1),
        ("cem@home.example", "sent", 1, 0),
    ]
