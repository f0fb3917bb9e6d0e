"""Which database and broker go together under the names that SOAK_BACKEND takes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.soak.brokers import Broker, RabbitMQ, Redis, Valkey
from tests.soak.databases import PooledPostgres, Postgres, SQLite
from tests.soak.sentinel import Sentinel


@dataclass(frozen=True, slots=True)
class Backend:
    """A database, a broker, and the names of the hosts that the processes are on, if on any but this."""

    database: type[SQLite | Postgres]
    broker: type[Broker]
    hosts: tuple[str, ...] = ()


BACKENDS = {
    "sqlite-valkey": Backend(SQLite, Valkey),
    "postgres-redis": Backend(Postgres, Redis),
    "postgres-redis-hosts": Backend(Postgres, Redis, hosts=("a", "b")),
    "postgres-pgbouncer-redis": Backend(PooledPostgres, Redis),
    "postgres-sentinel": Backend(Postgres, Sentinel),
    "postgres-rabbitmq": Backend(Postgres, RabbitMQ),
}
