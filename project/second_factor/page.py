"""The step between password and admin: enrol an authenticator, or give a code; until then a session opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

import django_otp
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from project.second_factor import devices
from project.second_factor.qr_code import qr_code

WRONG = "That is not the code, or it was used before. After wrong codes, wait some seconds before the next."


class SecondFactor:
    """Middleware: a session with only a password is nobody's, everywhere but on the page that asks for the code."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Lead to the page, or answer as to somebody without a login."""
        user = cast("Any", request.user)
        if user.is_authenticated and not user.is_verified() and not _is_open(request.path):
            if request.path.startswith(reverse("admin:index")):
                return redirect(f"{reverse('second_factor')}?{urlencode({'next': request.path})}")
            request.user = AnonymousUser()
        return self._get_response(request)


def _is_open(path: str) -> bool:
    return path in {reverse("second_factor"), reverse("admin:login"), reverse("admin:logout")}


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponseBase:
    """Ask for a code; who has no authenticator yet is shown a key for one, and then the recovery codes, once."""
    if not hasattr(request.user, "is_verified"):
        raise Http404
    if not request.user.is_authenticated:
        return redirect(reverse("admin:login"))
    user, code = User.objects.get(pk=request.user.pk), request.POST.get("code", "")
    if devices.authenticator(user) is None:
        return _enrolment(request, user, code)
    device = devices.matching(user, code) if code else None
    if device is None:
        return _page(request, wrong=WRONG if code else "")
    _let_in(request, device)
    return redirect(_destination(request))


def _enrolment(request: HttpRequest, user: User, code: str) -> HttpResponseBase:
    codes = devices.enrol(user, code) if code else []
    if not codes:
        device = devices.new_authenticator(user)
        link = devices.link_of(device)
        return _page(request, wrong=WRONG if code else "", key=devices.key_of(device), link=link, picture=qr_code(link))
    _let_in(request, devices.authenticator(user))
    return _page(request, codes=codes, destination=_destination(request))


def _let_in(request: HttpRequest, device: Any) -> None:
    request.session.cycle_key()
    django_otp.login(request, device)


def _page(request: HttpRequest, **context: Any) -> TemplateResponse:
    frame = {**admin.site.each_context(request), "title": "Second factor"}
    return TemplateResponse(request, "project/second_factor.html", {**frame, **context})


def _destination(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
