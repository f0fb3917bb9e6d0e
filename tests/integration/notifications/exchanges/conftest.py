"""Exchanges with people in them, at a fixed time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.models import Exchange, Participant

ExchangeMaker = Callable[..., Exchange]


@pytest.fixture
def new_exchange() -> ExchangeMaker:
    """Make an open exchange on 24 December 2026 in Berlin with these people."""

    def make(*people: str, **fields: Any) -> Exchange:
        columns = {"name": "Winter gifts", "state": "open", "day": date(2026, 12, 24), "time_zone": "Europe/Berlin"}
        organiser, _ = User.objects.get_or_create(username="org", defaults={"email": "org@home.example"})
        exchange = Exchange.objects.create(**{**columns, "organiser": organiser, **fields})
        for name in people or ("Ann", "Bob", "Cem"):
            Participant.objects.create(exchange=exchange, name=name, address=f"{name.lower()}@home.example")
        return exchange

    return make
