"""With SECOND_FACTOR a password alone opens nothing; codes count once, wrong ones slow down, a reset enrols anew."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_otp.oath import totp

from ingestion.personal_data import exported
from jobs.models import AuditEntry
from project.models import Authenticator
from project.second_factor.qr_code import qr_code
from project.security import SECOND_FACTOR

pytestmark = [pytest.mark.django_db, pytest.mark.req("SK-12", "PW-8")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE, PASSWORD = "/second-factor/", "right horse battery"


@pytest.fixture
def switched_on(settings: Any) -> None:
    """As SECOND_FACTOR=1 does."""
    after = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware") + 1
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:after], *SECOND_FACTOR, *settings.MIDDLEWARE[after:]]


@pytest.fixture
def clock() -> Any:
    """A clock that a test moves on."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anna() -> User:
    """One of the staff."""
    return User.objects.create_superuser("anna", password=PASSWORD)


def logged_in() -> Client:
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": "anna", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def opens(client: Client) -> dict[str, int]:
    paths = ("/admin/jobs/run/", "/api/v1/runs", "/metrics", "/admin/jobs/apitoken/add/")
    return {path: client.get(path).status_code for path in paths}


def code_now(user: User, clock: Any) -> str:
    return f"{totp(bytes.fromhex(Authenticator.objects.get(user=user).key)):06d}"


def enrolled(user: User, clock: Any) -> list[str]:
    client = logged_in()
    client.get(PAGE)
    answer = client.post(PAGE, {"code": code_now(user, clock)})
    clock.shift(timedelta(seconds=60))
    return list(answer.context["codes"])


SHUT = {"/admin/jobs/run/": 302, "/api/v1/runs": 401, "/metrics": 401, "/admin/jobs/apitoken/add/": 302}
OPEN = dict.fromkeys(SHUT, 200)


def test_it_is_off_unless_it_is_switched_on(anna: User) -> None:
    client = logged_in()
    assert opens(client) == OPEN
    assert client.get(PAGE).status_code == 404


@pytest.mark.usefixtures("switched_on")
def test_a_password_alone_opens_nothing_until_an_authenticator_is_enrolled(anna: User, clock: Any) -> None:
    client = logged_in()
    assert opens(client) == SHUT
    page = client.get("/admin/jobs/queue/", follow=True)
    assert page.redirect_chain == [("/second-factor/?next=%2Fadmin%2Fjobs%2Fqueue%2F", 302)]
    assert "no-store" in page["Cache-Control"]
    key = page.context["key"].replace(" ", "")
    assert page.context["link"] == f"otpauth://totp/Daybook%3Aanna?secret={key}&issuer=Daybook"
    assert page.context["picture"] == qr_code(page.context["link"])
    assert page.context["picture"] in page.content.decode()
    again = client.get(PAGE)
    assert again.context["key"] == page.context["key"]
    wrong = client.post(PAGE, {"code": "000000"})
    assert "That is not the code" in wrong.content.decode()
    assert opens(client) == SHUT
    clock.shift(timedelta(seconds=30))
    done = client.post(f"{PAGE}?next=/admin/jobs/queue/", {"code": code_now(anna, clock)})
    assert (len(done.context["codes"]), len(set(done.context["codes"]))) == (10, 10)
    assert done.context["destination"] == "/admin/jobs/queue/"
    assert opens(client) == OPEN
    # The keys are nobody's to look at, and shown no second time.
    assert client.get("/admin/project/authenticator/").status_code == 404
    assert "data-key" not in client.get(PAGE).content.decode()


@pytest.mark.usefixtures("switched_on")
def test_a_code_lets_in_once_and_only_its_owner(anna: User, clock: Any) -> None:
    enrolled(anna, clock)
    User.objects.create_superuser("mallory", password="x")
    other = Client()
    other.force_login(User.objects.get(username="mallory"))
    code = code_now(anna, clock)
    other.post(PAGE, {"code": code})
    assert opens(other) == SHUT
    first, second = logged_in(), logged_in()
    assert first.post(PAGE, {"code": f"{code[:3]} {code[3:]}"})["Location"] == "/admin/"
    assert opens(first) == OPEN
    assert second.post(PAGE, {"code": code}).status_code == 200
    assert opens(second) == SHUT
    clock.shift(timedelta(seconds=60))
    away = second.post(f"{PAGE}?next=https://elsewhere.example/", {"code": code_now(anna, clock)})
    assert away["Location"] == "/admin/"


@pytest.mark.usefixtures("switched_on")
def test_each_recovery_code_lets_in_once(anna: User, clock: Any) -> None:
    codes = enrolled(anna, clock)
    client = logged_in()
    assert client.post(PAGE, {"code": codes[3].upper()}).status_code == 302
    assert opens(client) == OPEN
    assert Authenticator.objects.get(user=anna).recovery_codes == [*codes[:3], *codes[4:]]
    other = logged_in()
    assert other.post(PAGE, {"code": codes[3]}).status_code == 200
    assert opens(other) == SHUT


@pytest.mark.usefixtures("switched_on")
def test_guessing_gets_slower(anna: User, clock: Any) -> None:
    enrolled(anna, clock)
    client = logged_in()
    for _ in range(5):
        client.post(PAGE, {"code": "123456"})
        clock.shift(timedelta(seconds=2))
    right = client.post(PAGE, {"code": code_now(anna, clock)})
    assert right.status_code == 200
    assert opens(client) == SHUT
    clock.shift(timedelta(minutes=5))
    assert client.post(PAGE, {"code": code_now(anna, clock)}).status_code == 302


@pytest.mark.usefixtures("switched_on")
def test_who_lost_the_authenticator_enrols_anew_after_a_reset(anna: User, clock: Any) -> None:
    enrolled(anna, clock)
    out = io.StringIO()
    call_command("second_factor", "anna", stdout=out)
    call_command("second_factor", "anna", "--reset", stdout=out)
    call_command("second_factor", "anna", stdout=out)
    assert out.getvalue().splitlines() == ["anna: enrolled", "anna: forgotten", "anna: none"]
    assert [entry.action for entry in AuditEntry.objects.order_by("at", "id")] == [
        "enrol second factor",
        "reset second factor",
    ]
    with pytest.raises(CommandError, match="there is no user 'nobody'"):
        call_command("second_factor", "nobody")
    assert "data-key" in logged_in().get(PAGE).content.decode()
    enrolled(anna, clock)
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    boss.get(PAGE)
    boss.post(PAGE, {"code": code_now(User.objects.get(username="boss"), clock)})
    boss.post("/admin/auth/user/", {"action": "reset_second_factor", "_selected_action": [anna.pk]})
    assert not Authenticator.objects.filter(user=anna).exists()
    assert AuditEntry.objects.latest("at").actor == "boss"


@pytest.mark.usefixtures("switched_on")
def test_keys_and_recovery_codes_rest_encrypted(anna: User, clock: Any) -> None:
    codes = enrolled(anna, clock)
    key = Authenticator.objects.get(user=anna).key
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM project_authenticator")
        kept = repr(cursor.fetchall())
    assert [secret for secret in (key, *codes) if secret in kept] == []
    assert key not in repr(exported(Authenticator.objects.get(user=anna)))


@pytest.mark.usefixtures("switched_on")
def test_authenticators_of_an_older_release_are_taken_over_encrypted_and_their_clear_tables_dropped(
    anna: User, clock: Any
) -> None:
    key, codes = "0f" * 20, ["abcd2345", "efgh2345"]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE otp_totp_totpdevice (id bigint, user_id bigint, name varchar(64), confirmed bool,"
            " key varchar(80), drift int, last_t bigint)"
        )
        cursor.execute("CREATE TABLE otp_static_staticdevice (id bigint, user_id bigint)")
        cursor.execute("CREATE TABLE otp_static_statictoken (id bigint, device_id bigint, token varchar(16))")
        devices: Any = [[1, anna.pk, "app", False, "00" * 20, 0, -1], [2, anna.pk, "app", True, key, 1, 7]]
        cursor.executemany("INSERT INTO otp_totp_totpdevice VALUES (%s, %s, %s, %s, %s, %s, %s)", devices)
        cursor.execute("INSERT INTO otp_static_staticdevice VALUES (1, %s)", [anna.pk])
        cursor.executemany("INSERT INTO otp_static_statictoken VALUES (%s, 1, %s)", [[0, codes[0]], [1, codes[1]]])
    import_module("project.migrations.0002_encrypted_keys").take_over(apps, SimpleNamespace(connection=connection))
    device = Authenticator.objects.get(user=anna)
    assert (device.key, device.recovery_codes, device.confirmed, device.drift, device.last_t) == (
        key,
        codes,
        True,
        1,
        7,
    )
    assert not [name for name in connection.introspection.table_names() if name.startswith(("otp_totp", "otp_static"))]
    client = logged_in()
    assert client.post(PAGE, {"code": codes[0]}).status_code == 302
    assert opens(client) == OPEN
