"""Mails that a run carries: a code that is never kept, at most once, permanent and passing errors told apart."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection
from pytest_django import Settings

from jobs.models import Run
from jobs.operations import replay_dead_letters
from jobs.testing import drain, result_of, run_job
from notifications.models import Delivery
from notifications.tasks import send_email, send_otp_email

from .conftest import MailServer, states

pytestmark = [pytest.mark.django_db, pytest.mark.req("AQ-2")]
CODE = "837-4410"


def test_a_code_arrives_and_is_kept_nowhere(mail_server: MailServer, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_job(send_otp_email, address="kim@home.example", code=CODE)
    assert (run.state, result_of(run), states()) == ("SUCCESS", "sent", ["sent"])
    assert CODE in mail_server.accepted[0]["Subject"]
    kept = serializers.serialize("json", [*Run.objects.all(), *Delivery.objects.all()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT kwargs FROM jobs_run")
        kept += str(cursor.fetchall())
    assert CODE not in kept + repr(run.kwargs) + "".join(capsys.readouterr())


def test_a_user_gets_a_mail_once(mail_server: MailServer) -> None:
    user = User.objects.create_user("kim", email="kim@home.example")
    run = run_job(send_email, user_id=user.pk, subject="Hello", body="Text")
    assert (result_of(run), mail_server.recipients()) == ("sent", ["kim@home.example"])
    assert Delivery.objects.get().body == ""


def test_a_passing_refusal_is_tried_again_by_the_engine_and_a_lasting_one_is_not(mail_server: MailServer) -> None:
    mail_server.data = "451 later"
    run = run_job(send_otp_email, address="kim@home.example", code=CODE)
    assert (run.state, run.attempt, states()) == ("FAILED", 3, ["pending"])
    mail_server.data = "554 no"
    run = run_job(send_otp_email, address="pat@home.example", code=CODE)
    assert (run.state, run.attempt, run.error_kind, states()[-1]) == ("FAILED", 1, "PermanentError", "failed")
    assert CODE not in run.error_message
    assert mail_server.accepted == []


def test_a_replay_of_what_was_refused_for_good_is_sent(mail_server: MailServer) -> None:
    mail_server.data = "554 no"
    run = run_job(send_otp_email, address="kim@home.example", code=CODE)
    assert (run.state, states()) == ("FAILED", ["failed"])
    mail_server.data = "250 OK"
    assert replay_dead_letters(job=send_otp_email.name) == 1
    drain(job=send_otp_email)
    run.refresh_from_db()
    assert (run.state, result_of(run), states(), len(mail_server.accepted)) == ("SUCCESS", "sent", ["sent"], 1)


def test_a_code_whose_answer_was_lost_is_not_sent_again(mail_server: MailServer) -> None:
    mail_server.drop = True
    run = run_job(send_otp_email, address="kim@home.example", code=CODE)
    assert (run.state, result_of(run), states(), len(mail_server.accepted)) == ("SUCCESS", "unknown", ["unknown"], 1)


def test_a_mail_whose_answer_was_lost_is_sent_twice_at_most(mail_server: MailServer) -> None:
    user = User.objects.create_user("kim", email="kim@home.example")
    mail_server.drop = True
    run = run_job(send_email, user_id=user.pk, subject="Hello", body="Text")
    assert (run.attempt, result_of(run), len(mail_server.accepted)) == (2, "unknown", 2)


@pytest.mark.parametrize("user_id", [0, 999])
def test_nobody_there_fails_at_once(user_id: int, mail_server: MailServer, settings: Settings) -> None:
    run = run_job(send_email, user_id=user_id, subject="Hello", body="Text")
    assert (run.state, run.attempt) == ("FAILED", 1)
