"""Three roles as groups: viewers look, operators act on runs, queues and schedules, admins also on people and tokens.

Made after migrations where a group isn't there yet; what an administrator changed stays.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

APPS = ("jobs", "django_celery_beat", "ingestion", "notifications")
VIEW = Q(content_type__app_label__in=APPS, codename__startswith="view_") & ~Q(codename="view_apitoken")
OPERATE = Q(
    content_type__app_label="jobs", codename__in=["add_run", "change_run", "change_queue", "change_badmessage"]
) | Q(content_type__app_label="django_celery_beat")
ROLES: dict[str, Q] = {
    "viewer": VIEW,
    "operator": VIEW | OPERATE | Q(codename__in=["view_apitoken", "add_apitoken"]),
    "admin": Q(content_type__app_label__in=(*APPS, "auth")),
}


def make_roles(**_: Any) -> None:
    """Make the groups that are missing, with their permissions."""
    missing = set(ROLES) - set(Group.objects.filter(name__in=ROLES).values_list("name", flat=True))
    if not missing:
        return
    # Each app's permissions come with its own signal, some of which are still to come.
    for app in apps.get_app_configs():
        create_permissions(app, verbosity=0)
    for name in sorted(missing):
        Group.objects.create(name=name).permissions.set(Permission.objects.filter(ROLES[name]))
