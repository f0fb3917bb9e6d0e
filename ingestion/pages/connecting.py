"""Pages on which a user connects mail and calendars at Google or Microsoft: the wish, the way there, the way back.

A form may lead to this site only (form-action), so the way there is a page of its own that leads on.
"""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ingestion.consenting import ARCHIVE, USES, ConsentError, Wish, answer, new_wish, question
from ingestion.models import Consent

KEPT = "consent_wishes"
MOST_KEPT = 5
LABELS = {"mail": "Mail, to read", "calendar": "Calendar, to read", "archive": "Archive calendar, to write"}
FOR_OTHERS = ("ingestion.add_account", "ingestion.add_calendar")


class WishForm(forms.Form):
    """What is to be connected, and for whom."""

    provider = forms.ChoiceField(choices=Consent.Provider.choices, label="Where")
    uses = forms.MultipleChoiceField(
        choices=[(use, LABELS[use]) for use in USES],
        initial=["mail", "calendar"],
        widget=forms.CheckboxSelectMultiple,
        label="What",
    )
    calendar = forms.CharField(required=False, max_length=300, label="Id of the archive calendar there")
    address = forms.EmailField(required=False, label="Your address there, if you have several")
    owner = forms.CharField(required=False, max_length=150, label="For another user")

    def __init__(self, *args: Any, asker: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._asker = asker
        if not asker.has_perms(FOR_OTHERS):
            del self.fields["owner"]

    def clean_owner(self) -> AbstractBaseUser | None:
        """Return the user of that name."""
        name = str(self.cleaned_data["owner"])
        if not name:
            return None
        model = get_user_model()
        owner = model.objects.filter(**{model.USERNAME_FIELD: name}, is_active=True).first()
        if owner is None:
            raise forms.ValidationError("There is no active user of that name.")
        return owner

    def clean(self) -> dict[str, Any]:
        """Demand the id of a calendar that is to be written."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if ARCHIVE in given.get("uses", []) and not given.get("calendar"):
            self.add_error("calendar", "Name the calendar that is to be the archive.")
        return given


@never_cache
@login_required(login_url="admin:login")
@require_http_methods(["GET", "POST"])
def connect_page(request: HttpRequest) -> HttpResponse:
    """Ask what is to be connected, and lead on to the provider."""
    form = WishForm(request.POST or None, asker=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return _lead_on(request, form.cleaned_data)
        except ConsentError as error:
            return _page(request, "connect", form=form, problem=str(error), status=503)
    consents = Consent.objects.filter(owner_id=request.user.pk).order_by("provider", "address")
    return _page(request, "connect", form=form, consents=consents)


@never_cache
@login_required(login_url="admin:login")
@require_GET
def connected_page(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer to a question that this session asked, once."""
    try:
        wish = _asked(request)
        owner = get_user_model().objects.get(pk=wish.owner)
        consent = answer(wish, request.GET.dict(), owner=owner)
    except ConsentError as error:
        return _page(request, "connected", problem=str(error), status=400)
    request.session[f"{KEPT}_done"] = str(consent)
    # A page that can be read again without an answer to a spent question.
    return redirect(reverse("connection_made"))


@never_cache
@login_required(login_url="admin:login")
@require_GET
def connection_made_page(request: HttpRequest) -> HttpResponse:
    """Tell what has been connected last."""
    return _page(request, "connected", made=request.session.get(f"{KEPT}_done", ""))


def _lead_on(request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
    wish = new_wish(
        provider=given["provider"],
        uses=tuple(given["uses"]),
        asker=request.user.pk,
        owner=(given.get("owner") or request.user).pk,
        redirect_uri=request.build_absolute_uri(reverse("connected")),
        calendar=given["calendar"],
    )
    state = secrets.token_urlsafe(32)
    url = question(wish, state=state, hint=given["address"])
    kept = {**request.session.get(KEPT, {}), state: wish.values()}
    request.session[KEPT] = dict(list(kept.items())[-MOST_KEPT:])
    page = _page(request, "leaving", url=url, provider=Consent.Provider(wish.provider).label)
    page["Refresh"] = f"0; url={url}"
    return page


def _asked(request: HttpRequest) -> Wish:
    """Return the wish that the answer's state belongs to, and forget it."""
    kept = dict(request.session.get(KEPT, {}))
    values = kept.pop(request.GET.get("state", ""), None)
    if values is None:
        raise ConsentError("This answer belongs to no question asked here, or it came twice. Begin again.")
    request.session[KEPT] = kept
    wish = Wish(**{**values, "uses": tuple(values["uses"])})
    if wish.asker != request.user.pk:
        raise ConsentError("Somebody else asked that question. Begin again.")
    return wish


def _page(request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": "Connect mail and calendars"}
    return TemplateResponse(request, f"ingestion/{name}.html", {**frame, **context}, status=status)
