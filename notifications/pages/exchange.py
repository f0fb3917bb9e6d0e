"""What a participant's magic link shows: whom they give to, and a switch for their reminders."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from notifications.composing.wording import weekday_of
from notifications.exchanges.states import ExchangeState
from notifications.exchanges.tokens import use_token
from notifications.models import Participant


@never_cache
@require_http_methods(["GET", "POST"])
def exchange_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the participant's page, or switch their reminders; an unknown or spent link is not found."""
    participant = use_token(token, now=timezone.now())
    if participant is None or participant.withdrawn_at is not None:
        raise Http404("this link is unknown or has been used up")
    if request.method == "POST":
        wants = "remind" in request.POST
        Participant.objects.filter(pk=participant.pk).update(wants_reminders=wants)
        return redirect(request.path)
    response = render(request, "notifications/exchange.html", _facts(participant))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _facts(participant: Participant) -> dict[str, object]:
    exchange = participant.exchange
    is_matched = exchange.state in {ExchangeState.MATCHED, ExchangeState.COMPLETED}
    language = participant.language or exchange.language
    return {
        "participant": participant,
        "exchange": exchange,
        "receiver": participant.gives_to if is_matched else None,
        "day": weekday_of(exchange.day, language),
        "language": language,
    }
