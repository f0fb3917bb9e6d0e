"""Which database and broker go together under the names that SOAK_BACKEND takes."""

from __future__ import annotations

from tests.soak.brokers import Broker, RabbitMQ, Redis, Valkey
from tests.soak.databases import Postgres, SQLite

BACKENDS: dict[str, tuple[type[SQLite | Postgres], type[Broker]]] = {
    "sqlite-valkey": (SQLite, Valkey),
    "postgres-redis": (Postgres, Redis),
    "postgres-rabbitmq": (Postgres, RabbitMQ),
}
