"""send_exchange_link: mails a participant a fresh magic link; the link is nowhere but in that mail."""

from __future__ import annotations

from django.utils import timezone

from jobs import Retry, job
from notifications.carrying import carry
from notifications.composing import Notice
from notifications.composing.exchange import link_of
from notifications.conf import conf
from notifications.exchanges.tokens import new_token
from notifications.models import Participant


@job(queue="email", retry=Retry(8, wait=4, max_wait=600))
def send_exchange_link(*, participant_id: int, matched: str) -> str:
    """Send the link, once per matching, and return the delivery's state; "gone" when nobody is there any more."""
    participant = Participant.objects.select_related("exchange").filter(pk=participant_id, withdrawn_at=None).first()
    if participant is None:
        return "gone"
    exchange = participant.exchange

    def compose() -> Notice:
        token = new_token(participant, now=timezone.now())
        return link_of(exchange, participant, link=f"{conf().site_url}/exchange/{token}/")

    return carry(
        key=f"exchange:{exchange.pk}:link:{participant.pk}:{matched}",
        address=participant.address,
        compose=compose,
        language=participant.language or exchange.language,
        title=f"Link to {exchange.name}"[:200],
        most_copies=2,
    )
