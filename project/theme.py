"""How the admin looks and what its menu holds; every asset is served from here, none from another host."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

from project.environment import Environment

_ENVIRONMENT = Environment()
_DEAD_LETTERS = "admin:jobs_run_dead_letters"
_OVERVIEW = "admin:jobs_run_overview"


def _item(title: str, icon: str, model: str, page: str = "") -> dict[str, Any]:
    app_label, name = model.split(".")
    page = page or f"admin:{app_label}_{name}_changelist"

    def may_view(request: HttpRequest) -> bool:
        return bool(request.user.has_perm(f"{app_label}.view_{name}"))

    def is_active(request: HttpRequest) -> bool:
        for own in (_DEAD_LETTERS, _OVERVIEW):
            if request.path == reverse(own):
                return page == own
        return request.path.startswith(reverse(page))

    return {"title": title, "icon": icon, "link": reverse_lazy(page), "permission": may_view, "active": is_active}


def _is_connecting(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("connect"))


def _logo(_request: HttpRequest) -> str:
    return static("project/daybook.svg")


def _admin_css(_request: HttpRequest) -> str:
    return static("jobs/admin.css")


def _flower(_request: HttpRequest) -> str:
    return _ENVIRONMENT.flower_url or f"http://127.0.0.1:{_ENVIRONMENT.flower_port}"


def _may_see_workers(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("jobs.view_worker"))


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Daybook",
    "SITE_HEADER": "Daybook",
    "SITE_SUBHEADER": "Background jobs, on the record",
    "SITE_ICON": _logo,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _logo}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": True,
    "STYLES": [_admin_css],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(52.5% .1 184.5)",
            "700": "oklch(46.5% .09 186.391)",
            "800": "oklch(43.7% .078 188.216)",
            "900": "oklch(38.6% .063 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Operate",
                "items": [
                    _item("Overview", "monitoring", "jobs.run", _OVERVIEW),
                    _item("Runs", "play_circle", "jobs.run"),
                    _item("Dead letters", "report", "jobs.run", _DEAD_LETTERS),
                    _item("Schedules", "event_repeat", "django_celery_beat.periodictask"),
                    _item("Workers", "memory", "jobs.worker"),
                    _item("Queues", "stacks", "jobs.queue"),
                    {"title": "Flower", "icon": "local_florist", "link": _flower, "permission": _may_see_workers},
                    _item("Quarantine", "gpp_bad", "jobs.badmessage"),
                    _item("Audit log", "history", "jobs.auditentry"),
                ],
            },
            {
                "title": "Mail",
                "separator": True,
                "items": [
                    _item("Accounts", "alternate_email", "ingestion.account"),
                    {
                        "title": "Connect",
                        "icon": "add_link",
                        "link": reverse_lazy("connect"),
                        "active": _is_connecting,
                    },
                    _item("Threads", "forum", "ingestion.thread"),
                    _item("Mails", "mail", "ingestion.mail"),
                    _item("Classifications", "label_important", "ingestion.classification"),
                    _item("Calendars", "calendar_month", "ingestion.calendar"),
                    _item("Events", "event", "ingestion.calendarevent"),
                    _item("Archives", "archive", "ingestion.archiveconfiguration"),
                    _item("Reviews", "rate_review", "ingestion.threadreview"),
                    _item("To-dos", "task_alt", "ingestion.todo"),
                    _item("Facts", "lightbulb", "ingestion.fact"),
                    _item("Transactions", "payments", "ingestion.transaction"),
                    _item("Model calls", "smart_toy", "ingestion.llmcall"),
                ],
            },
            {
                "title": "Notices",
                "separator": True,
                "items": [
                    _item("Signals", "notifications", "notifications.signal"),
                    _item("Deliveries", "outgoing_mail", "notifications.delivery"),
                    _item("Preferences", "tune", "notifications.preference"),
                    _item("Alerts", "warning", "notifications.alert"),
                    _item("Webhooks", "webhook", "notifications.webhookendpoint"),
                    _item("Run wishes", "notification_add", "notifications.runwish"),
                    _item("Threema", "chat", "notifications.threemaintegration"),
                    _item("Gift exchanges", "featured_seasonal_and_gifts", "notifications.exchange"),
                ],
            },
            {
                "title": "People",
                "separator": True,
                "items": [
                    _item("Users", "person", "auth.user"),
                    _item("Groups", "group", "auth.group"),
                    _item("API tokens", "key", "jobs.apitoken"),
                ],
            },
        ],
    },
}
