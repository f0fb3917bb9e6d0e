"""renew_subscription: lets the provider of one mailbox or calendar send notices of changes for some more days."""

from __future__ import annotations

from django.utils import timezone

from ingestion.models import Subscription
from ingestion.push.renewing import ending_soon, renew
from jobs import Concurrency, PermanentError, Retry, job


@job(queue="email", retry=Retry(3), concurrency=Concurrency(1, key="{subscription_id}"))
def renew_subscription(
    *, subscription_id: int, user_id: int | None = None, even_if_good: bool = False
) -> dict[str, str]:
    """Make or prolong the subscription and return {expires_at}; one that is good for longer than a day is left alone.

    `user_id` must own it where it is given; `even_if_good` prolongs it anyway.
    """
    known = Subscription.objects.select_related("account__owner", "calendar__owner").filter(pk=subscription_id)
    subscription = (known if user_id is None else known.filter(owner_id=user_id)).first()
    if subscription is None:
        message = f"there is no subscription {subscription_id}" + (f" of user {user_id}" if user_id is not None else "")
        raise PermanentError(message)
    if not even_if_good and not ending_soon(timezone.now()).filter(pk=subscription_id).exists():
        return {"expires_at": subscription.expires_at.isoformat() if subscription.expires_at else ""}
    return {"expires_at": renew(subscription).isoformat()}
