"""How big a soak is, and its schedule of faults: drawn from the seed alone, so that it can be repeated; pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

POINTS = ("before claim", "after claim", "after body", "before settle", "in settle", "after settle", "before publish")
QUEUES = ("base", "email", "ai", "notifications", "maintenance")
WARM_UP_SECONDS = 3.0


@dataclass(frozen=True)
class Size:
    """What was asked for."""

    backend: str = "sqlite-valkey"
    jobs: int = 1000
    kills: int = 20
    seed: int = 1
    seconds: float = 0.0
    drain_seconds: float = 0.0
    only: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Size:
        """Return the size that SOAK_JOBS, SOAK_KILLS, SOAK_BACKEND, SOAK_SEED, SOAK_SECONDS ... ask for."""
        return cls(
            backend=environment.get("SOAK_BACKEND", cls.backend),
            jobs=int(environment.get("SOAK_JOBS", cls.jobs)),
            kills=int(environment.get("SOAK_KILLS", cls.kills)),
            seed=int(environment.get("SOAK_SEED", cls.seed)),
            seconds=float(environment.get("SOAK_SECONDS", cls.seconds)),
            drain_seconds=float(environment.get("SOAK_DRAIN_SECONDS", cls.drain_seconds)),
            only=tuple(filter(None, environment.get("SOAK_ONLY", "").split(","))),
        )

    @property
    def load_seconds(self) -> float:
        """How long jobs are enqueued and faults happen: as asked, else long enough for both."""
        return self.seconds or max(self.kills * 2.2, self.jobs / 40, 20.0)

    @property
    def patience_seconds(self) -> float:
        """How long the rest may take after the load: as asked, else enough for a machine with better things to do."""
        return self.drain_seconds or 120 + self.jobs / 10


@dataclass(frozen=True)
class Fault:
    """One fault: when, counted from the start of the load, and what."""

    at: float
    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Schedule:
    """All faults of a soak in their order."""

    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def drawn(
        cls, size: Size, *, database_faults: list[str], broker_faults: list[str], has_hosts: bool = False
    ) -> Schedule:
        """Draw a schedule: half of the kills at named points, the rest of children, workers and groups.

        With every 20 kills come 4 broker faults, 2 of the database, a killed beat, a worker frozen beyond its lease,
        one frozen in the middle of the transaction that ends a run, a deploy, and 2 hosts cut off where there are any.
        """
        dice = random.Random(size.seed)
        at_points = size.kills // 2
        plain = size.kills - at_points
        kinds = [("kill at", POINTS[number % len(POINTS)]) for number in range(at_points)]
        kinds += [
            (("kill child", "kill child", "kill worker", "kill group")[number % 4], "") for number in range(plain)
        ]
        score = max(1, size.kills // 20) if size.kills else 0
        kinds += [("broker", broker_faults[number % len(broker_faults)]) for number in range(4 * score)]
        kinds += [("database", database_faults[number % len(database_faults)]) for number in range(2 * score)]
        kinds += [("kill beat", ""), ("freeze worker", ""), ("freeze at", "in settle"), ("deploy", "")] * score
        kinds += [("cut host", "")] * (2 * score if has_hosts else 0)
        kinds = [kind for kind in kinds if not size.only or {kind[0], " ".join(kind)} & set(size.only)]
        dice.shuffle(kinds)
        step = (size.load_seconds - WARM_UP_SECONDS) / max(1, len(kinds))
        times = [WARM_UP_SECONDS + step * (place + dice.random()) for place in range(len(kinds))]
        return cls([Fault(at, *kind) for at, kind in zip(times, kinds, strict=True)])
