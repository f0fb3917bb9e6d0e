"""Every page of the admin opens, in the project's theme, and asks no other host for anything."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from project.theme import UNFOLD

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_list_and_the_form_of_every_model_open_for_an_admin(admin_client: Client, model: type[Model]) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"{name}_changelist"), {"q": "anna"}).status_code == 200
    assert admin_client.get(reverse(f"{name}_add")).status_code in {200, 403}


@pytest.mark.parametrize("group", UNFOLD["SIDEBAR"]["navigation"], ids=lambda group: group["title"])
def test_every_entry_of_the_menu_leads_to_a_page(admin_client: Client, group: dict[str, object]) -> None:
    # Flower is a service of its own.
    for item in [item for item in group["items"] if item["title"] != "Flower"]:  # type: ignore[attr-defined]
        assert admin_client.get(str(item["link"])).status_code == 200


@pytest.mark.parametrize(
    ("path", "active"), [("/admin/jobs/run/", "Runs"), ("/admin/jobs/run/dead-letters/", "Dead letters")]
)
def test_one_entry_of_the_menu_is_active(admin_client: Client, path: str, active: str) -> None:
    menu = admin_client.get(path).context["sidebar_navigation"]
    assert [item["title"] for group in menu for item in group["items"] if item["active"]] == [active]


def test_the_admin_begins_on_the_overview_for_who_may_see_runs(admin_client: Client, client: Client) -> None:
    assert admin_client.get("/admin/").headers["Location"] == "/admin/jobs/run/overview/"
    client.force_login(User.objects.create_user("plain", is_staff=True))
    assert client.get("/admin/").status_code == 200
    assert Client().get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


# A link that a person may follow; no page asks it for anything.
_FLOWER = 'href="http://127.0.0.1:5555"'


def test_pages_name_no_other_host_but_flowers(admin_client: Client) -> None:
    for path in ("/admin/login/", "/admin/", "/admin/jobs/run/", "/admin/jobs/queue/"):
        page = admin_client.get(path, follow=True).content.decode()
        assert set(re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page)) <= {_FLOWER}


def test_results_have_no_pages_of_their_own() -> None:
    assert not [model for model in MODELS if model._meta.app_label == "django_celery_results"]


def test_a_login_that_names_no_page_leads_to_the_overview(client: Client, admin_user: User) -> None:
    given = {"username": admin_user.get_username(), "password": "password"}
    answer = client.post("/admin/login/", given, follow=True)
    assert answer.redirect_chain == [("/admin/", 302), (reverse("admin:jobs_run_overview"), 302)]
