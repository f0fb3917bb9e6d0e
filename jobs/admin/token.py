"""API tokens in the admin: made for oneself, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from jobs import operations, tokens
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import badge, moment, two_lines
from jobs.models import ApiToken
from jobs.models.token import Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class TokenForm(forms.Form):
    """What a new token is for."""

    name = forms.CharField(max_length=100, label="What it is for")
    days = forms.IntegerField(min_value=1, max_value=tokens.LONGEST_DAYS, initial=90, label="Days it lives")
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        initial=[Scope.READ.value],
        widget=forms.CheckboxSelectMultiple,
    )


@admin.register(ApiToken)
class TokenAdmin(ReadOnlyAdmin[ApiToken]):
    """Tokens; everybody's for those who may change tokens, else one's own."""

    list_display = ["name_and_beginning", "user", "scopes_shown", "state", "used", "expires"]
    ordering = ["-created_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    fields = ["name_and_beginning", "user", "scopes_shown", "state", "created_at", "used", "expires", "revoked_at"]
    readonly_fields = ["name_and_beginning", "scopes_shown", "state", "used", "expires", "created_at"]
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the tokens that who asks may see."""
        found = super().get_queryset(request)
        return found if request.user.has_perm("jobs.change_apitoken") else found.filter(user=request.user.pk)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether who asks may make tokens, for themselves."""
        return bool(request.user.has_perm("jobs.add_apitoken"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether who asks may revoke the tokens they see."""
        return bool(request.user.has_perm("jobs.add_apitoken"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask what for, then show the secret: on this page alone, which nobody caches."""
        return never_cache(self._add)(request)

    def _add(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = TokenForm(request.POST or None)
        secret = ""
        if request.method == "POST" and form.is_valid():
            _, secret = operations.make_token(cast("User", request.user), **form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": "New API token",
            "opts": self.opts,
            "form": form,
            "secret": secret,
        }
        return TemplateResponse(request, "admin/jobs/apitoken/add.html", context)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """Make the chosen tokens open nothing any more."""
        self.message_user(request, f"Revoked {sum(operations.revoke_token(token) for token in chosen)}.")

    @admin.display(description="Token", ordering="name")
    def name_and_beginning(self, token: ApiToken) -> SafeString:
        """Return what it is for over how it begins."""
        return two_lines(token.name, f"{token.beginning}…")

    @admin.display(description="Scopes")
    def scopes_shown(self, token: ApiToken) -> str:
        """Return its scopes."""
        return ", ".join(token.scopes)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> SafeString:
        """Return whether it opens anything."""
        if token.revoked_at:
            return badge("Revoked", tone="quiet")
        return badge("In force", tone="good") if token.expires_at > timezone.now() else badge("Expired", tone="warn")

    @admin.display(description="Last used", ordering="last_used_at")
    def used(self, token: ApiToken) -> SafeString:
        """Return how long ago."""
        return moment(token.last_used_at)

    @admin.display(description="Expires", ordering="expires_at")
    def expires(self, token: ApiToken) -> SafeString:
        """Return how long it still lives."""
        return moment(token.expires_at)
