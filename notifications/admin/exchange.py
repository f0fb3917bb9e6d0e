"""Gift exchanges in the admin: their people, their next reminders, and the steps they take; never who gives to whom."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from jobs.admin.read_only import ReadOnlyInline
from jobs.admin.recorded import Recorded
from jobs.admin.themed import ModelAdmin, TabularInline
from jobs.markup import NOTHING, badge, moment, run_link, two_lines
from notifications.admin.short_lists import ON_ONE_LINE
from notifications.exchanges.lifecycle import (
    ImpossibleError,
    WrongStateError,
    change_exchange,
    match_exchange,
    open_exchange,
)
from notifications.exchanges.reminding import JOB
from notifications.exchanges.states import ExchangeState
from notifications.future_runs import waiting_runs
from notifications.models import Exchange, ExchangeReminder, Participant

TONES = {"draft": "quiet", "open": "info", "matched": "good", "completed": "quiet", "purged": "quiet"}
OPEN_STATES = {ExchangeState.DRAFT, ExchangeState.OPEN}


class ParticipantInline(TabularInline[Participant, Exchange]):
    """The people; once names are drawn, nobody is added or taken out."""

    model = Participant
    extra = 0
    fields = ["name", "address", "language", "wants_reminders", "withdrawn_at", "excluded"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the exchange's own people."""
        number = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        kwargs["queryset"] = Participant.objects.filter(exchange=number) if number else Participant.objects.none()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Exchange | None = None) -> bool:
        """Allow it until names are drawn."""
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Exchange | None = None) -> bool:
        """Allow it until names are drawn."""
        return _is_open(obj) and super().has_delete_permission(request, obj)


class ReminderInline(ReadOnlyInline[ExchangeReminder]):
    """What went out."""

    model = ExchangeReminder
    fields = ["days", "sent_at", "counts", "run"]
    readonly_fields = ["days", "sent_at", "counts", "run"]
    show_change_link = False

    @admin.display(description="Run")
    def run(self, reminder: ExchangeReminder) -> SafeString:
        """Return a link to the run."""
        return run_link(reminder.run_id)


@admin.register(Exchange)
class ExchangeAdmin(Recorded, ModelAdmin[Exchange]):
    """Gift exchanges."""

    list_display = ["name", "progress", "day", "time_zone", "people", "next_reminder"]
    list_filter = ["state"]
    search_fields = ["name"]
    formfield_overrides = ON_ONE_LINE
    autocomplete_fields = ["organiser"]
    inlines = [ParticipantInline, ReminderInline]
    actions = ["let_people_in", "draw_names"]
    readonly_fields = ["progress", "next_reminder", "history"]
    fieldsets = [
        ("Exchange", {"fields": ["name", "organiser", ("progress", "next_reminder"), "history"]}),
        ("When", {"fields": [("day", "clock"), "time_zone", "reminder_days"]}),
        ("Words", {"fields": [("budget", "language")]}),
    ]

    def save_model(self, request: HttpRequest, obj: Exchange, form: Any, change: bool) -> None:
        """Save, and let the reminders follow."""
        change_exchange(obj, now=timezone.now())

    @admin.display(description="State", ordering="state")
    def progress(self, exchange: Exchange) -> SafeString:
        """Return how far it is."""
        return badge(exchange.get_state_display(), tone=TONES[exchange.state])

    @admin.display(description="People")
    def people(self, exchange: Exchange) -> int:
        """Return how many take part."""
        return exchange.participants.filter(withdrawn_at=None).count()

    @admin.display(description="Next reminder")
    def next_reminder(self, exchange: Exchange) -> SafeString:
        """Return when the next one goes out."""
        if exchange.pk is None:
            return NOTHING
        waiting = waiting_runs(f"{JOB}:{exchange.pk}:").values()
        return moment(min((run.run_at for run in waiting), default=None))

    @admin.display(description="So far")
    def history(self, exchange: Exchange) -> SafeString:
        """Return when it was matched and completed."""
        return two_lines(
            f"matched: {_day(exchange.matched_at)}, completed: {_day(exchange.completed_at)}",
            f"purged: {_day(exchange.purged_at)} ({exchange.purged_people} people)",
        )

    @admin.action(description="Let people in", permissions=["change"])
    def let_people_in(self, request: HttpRequest, chosen: QuerySet[Exchange]) -> None:
        """Open drafts; matched ones forget their names."""
        self._each(request, chosen, open_exchange, "open")

    @admin.action(description="Draw names", permissions=["change"])
    def draw_names(self, request: HttpRequest, chosen: QuerySet[Exchange]) -> None:
        """Decide who gives to whom and send the links."""
        self._each(request, chosen, match_exchange, "matched; everybody gets a link")

    def _each(self, request: HttpRequest, chosen: QuerySet[Exchange], step: Any, done: str) -> None:
        for exchange in chosen:
            try:
                step(exchange, now=timezone.now())
            except (WrongStateError, ImpossibleError) as error:
                messages.error(request, f"{exchange}: {error}")
            else:
                messages.success(request, f"{exchange} is {done}.")


def _is_open(exchange: Exchange | None) -> bool:
    return exchange is None or exchange.state in OPEN_STATES


def _day(at: Any) -> str:
    return f"{at:%Y-%m-%d}" if at else "not yet"
