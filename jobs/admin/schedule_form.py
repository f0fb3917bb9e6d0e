"""The form of a schedule: its rule as text, its policies beside it, checked as every face checks it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import forms
from django_celery_beat.models import PeriodicTask
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from jobs import operations, queries, registry
from jobs.admin.themed import ModelForm
from jobs.markup import as_json
from jobs.models import SchedulePlan
from jobs.policies import Misfire, Overlap
from jobs.rule_text import FORMS, rule_text
from jobs.schedule_words import zone_words
from jobs.scheduling.rules import RULES

_FIELD_OF = {"job": "task", "start_at": "start_time", "expires_at": "expires"}
_HELP = {field.name: field.help_text for field in SchedulePlan._meta.fields}  # noqa: SLF001 - Django's documented API


class ScheduleForm(ModelForm[PeriodicTask]):
    """A schedule that can run: its job exists and takes the arguments, its rule comes true, its queue is known."""

    task = forms.ChoiceField(label="Job", widget=UnfoldAdminSelectWidget)
    rule = forms.CharField(
        label="Rule",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=f"{FORMS.replace('`', '')}.",
    )
    zone = forms.CharField(
        label="Time zone",
        max_length=63,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "daybook-zones", "autocomplete": "off"}),
        help_text="Whose wall clock the rule means.",
    )
    end_at = forms.SplitDateTimeField(
        label="End", required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text=_HELP["end_at"]
    )
    owner = forms.CharField(
        label="For",
        required=False,
        max_length=150,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="User name; its runs are this user's. Empty: the system's.",
    )
    queue = forms.ChoiceField(label="Queue", required=False, widget=UnfoldAdminSelectWidget)
    misfire = forms.ChoiceField(
        label="Late fires",
        choices=[(each.value, each.words) for each in Misfire],
        widget=UnfoldAdminSelectWidget,
        help_text=_HELP["misfire"],
    )
    grace_seconds = forms.IntegerField(
        label="Grace, in seconds", min_value=0, widget=UnfoldAdminIntegerFieldWidget, help_text=_HELP["grace_seconds"]
    )
    overlap = forms.ChoiceField(
        label="While one runs",
        choices=[(each.value, each.words) for each in Overlap],
        widget=UnfoldAdminSelectWidget,
        help_text=_HELP["overlap"],
    )
    jitter_seconds = forms.IntegerField(
        label="Jitter, in seconds", min_value=0, widget=UnfoldAdminIntegerFieldWidget, help_text=_HELP["jitter_seconds"]
    )
    failures_to_pause = forms.IntegerField(
        label="Pause after failures",
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_HELP["failures_to_pause"],
    )

    class Meta:
        model = PeriodicTask
        fields = "__all__"
        labels = {
            "enabled": "On",
            "start_time": "Start",
            "kwargs": "By name",
            "args": "By position",
            "one_off": "Only once",
            "expires": "Not started after",
            "expire_seconds": "Not started after, in seconds",
            "headers": "Message headers",
            **{name: f"Shared {name}" for name in RULES},
        }
        help_texts = {
            "name": "Unique; may be changed.",
            "enabled": "Off: it fires no more until it is on again.",
            "description": "",
            "start_time": "Fires from this time on.",
            "kwargs": 'A JSON object, such as {"user_id": 7}.',
            "args": "A JSON list; better give arguments by name.",
            "one_off": "Pauses after its first fire.",
            "expires": "It fires no more after this, and runs that have not started by then are skipped.",
            "expire_seconds": "The same, counted from its fire.",
            "priority": "0 to 9, higher starts first; empty: the job's own.",
            "headers": "A JSON object, for the message of each run.",
            **dict.fromkeys(RULES, ""),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._standing = queries.setting_values(self.instance)
        shown_args, shown_kwargs = queries.shown_arguments(self.instance)
        names = ("rule", "owner", "misfire", "grace_seconds", "overlap", "jitter_seconds", "failures_to_pause")
        known = {name: self._standing[name] for name in names}
        known |= {"args": json.dumps(shown_args, ensure_ascii=False), "kwargs": _written(shown_kwargs)}
        known["zone"] = zone_words(self.instance) or "UTC"
        known["end_at"] = operations.read_moment(self._standing["end_at"])
        # What a link to the form asks for wins over what a new schedule has.
        self.initial = {**known, **self.initial} if self.instance.pk is None else {**self.initial, **known}
        self._offer("task", ["", *registry.registered()], blank="---------", unknown="not known here")
        self._offer("queue", ["", *queries.usable_queues()], blank="the job's own", unknown="not served here")
        for name in ("description", "kwargs", "args"):
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 3

    @property
    def rule_row(self) -> operations.RuleRow | None:
        """The shared row that was chosen instead of a written rule."""
        chosen = [name for name in RULES if name in self.changed_data and self.cleaned_data.get(name)]
        return operations.RuleRow(chosen[0], self.cleaned_data[chosen[0]]) if chosen else None

    def candidate(self) -> PeriodicTask:
        """Return the schedule, unsaved, as the form has it, for a preview.

        Raises: RuleError.
        """
        row = self.rule_row or operations.read_row(self.wanted())
        times = {"start_time": self.cleaned_data.get("start_time"), "expires": self.cleaned_data.get("expires")}
        candidate = PeriodicTask(**times, **{row.column: row.row})
        plan = getattr(self.instance, "plan", None) or SchedulePlan(rule="")
        known = {"rule": plan.rule, "next_fire_at": plan.next_fire_at, "end_at": self.cleaned_data.get("end_at")}
        candidate.plan, candidate.enabled = SchedulePlan(**known), self.instance.enabled
        return candidate

    def wanted(self) -> dict[str, Any]:
        """Return the form's settings by name.

        Raises: BadScheduleError for a mask where no secret was.
        """
        given, wanted = self.cleaned_data, dict(self._standing)
        for name in wanted:
            field = _FIELD_OF.get(name, name)
            if field in given and name not in {"args", "kwargs", "headers"}:
                value = given[field]
                wanted[name] = value.isoformat() if isinstance(value, datetime) else value
        for name in ("queue", "exchange", "routing_key"):
            wanted[name] = wanted[name] or ""
        if "headers" in given:
            wanted["headers"] = json.loads(given["headers"])
        args, kwargs = json.loads(given.get("args") or "[]"), json.loads(given.get("kwargs") or "{}")
        wanted["args"], wanted["kwargs"] = operations.unmasked(args, kwargs, standing=self._standing)
        if row := self.rule_row:
            chosen = PeriodicTask(**{row.column: row.row})
            wanted |= {"rule": rule_text(chosen), "zone": zone_words(chosen) or "UTC"}
        for name in ("start_at", "end_at", "expires_at"):
            wanted[name] = operations.in_utc(wanted[name])
        return wanted

    def clean_args(self) -> str:
        """Refuse what is no JSON list."""
        return self._json("args", list, "[]")

    def clean_kwargs(self) -> str:
        """Refuse what is no JSON object."""
        return self._json("kwargs", dict, "{}")

    def clean_headers(self) -> str:
        """Refuse what is no JSON object."""
        return self._json("headers", dict, "{}")

    def clean(self) -> dict[str, Any]:
        """Refuse what could not run when the schedule fires."""
        cleaned = super().clean() or {}
        changed_rules = [name for name in ("rule", *RULES) if name in self.changed_data]
        given = [name for name in changed_rules if self.cleaned_data.get(name)]
        if len(given) > 1:
            self.add_error(given[0], "Write a rule, or choose one shared rule; not both.")
        if not self.errors:
            self._check()
        self._give_rule(cleaned)
        return cleaned

    def validate_unique(self) -> None:
        """Ask the model only when all else is well: what it says of a missing rule is said already."""
        if not self.errors:
            super().validate_unique()

    def _check(self) -> None:
        try:
            wanted = self.wanted()
            changed = [name for name in wanted if self.instance.pk is None or wanted[name] != self._standing[name]]
            operations.check_schedule(wanted, changed=changed, pk=self.instance.pk)
        except operations.BadScheduleError as error:
            for name, faults in error.problems.items():
                for fault in faults:
                    field = _FIELD_OF.get(name, name)
                    self.add_error(field if field in self.fields else None, fault)

    def _give_rule(self, cleaned: dict[str, Any]) -> None:
        """Give the unsaved instance one rule, as the model's own validation wants it."""
        row: Any = self.rule_row
        if row is None and not self.errors:
            row = operations.read_row(self.wanted())
        for name in RULES:
            if name in self.fields:
                cleaned[name] = row.row if row and row.column == name else None
        if row is not None and row.column == "clocked":
            cleaned["one_off"] = True

    def _offer(self, name: str, choices: list[str], *, blank: str, unknown: str) -> None:
        field = self.fields.get(name)
        if not isinstance(field, forms.ChoiceField):
            return
        current = str(getattr(self.instance, name) or "")
        others = [] if current in choices else [(current, f"{current} ({unknown})")]
        field.choices = [*((choice, choice or blank) for choice in choices), *others]

    def _json(self, name: str, kind: type, empty: str) -> str:
        text = self.cleaned_data[name] or empty
        try:
            value = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from error
        if not isinstance(value, kind):
            raise forms.ValidationError(f"This must be a JSON {'list' if kind is list else 'object'}.")
        return str(text)


def _written(kwargs: dict[str, Any]) -> str:
    one_line = json.dumps(kwargs, ensure_ascii=False)
    return one_line if len(one_line) <= 60 else as_json(kwargs)
