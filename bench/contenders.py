"""Who is measured, and how each is started: in its natural setting and, where that is slow, in its best."""

from __future__ import annotations

from dataclasses import dataclass, field

CELERY = "{bin}/python -m celery -q -A bench.peers.{module} worker"
TASKIQ = "{bin}/python -m taskiq worker bench.peers.taskiq_redis_list:broker --log-level WARNING --workers 2"
DAYBOOK = "{bin}/python -m celery -A bench.peers.daybook worker -Q base"
BEAT = "{bin}/python -m celery -A bench.peers.daybook beat --loglevel WARNING"
OURS = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "DEBUG": "0", "SECRET_KEY": "a" * 50}


@dataclass(frozen=True)
class Contender:
    """A program under measurement: `environment` is empty for our own, `ended_sql` counts what its history shows."""

    name: str
    module: str
    environment: str
    workers: tuple[str, ...]
    keeps: str = ""
    kind: str = "noop"
    variables: dict[str, str] = field(default_factory=dict)
    jobs: int = 4000
    ended_sql: str = ""
    parts: frozenset[str] = frozenset({"throughput", "enqueue"})

    @property
    def is_ours(self) -> bool:
        """Whether it is Daybook."""
        return not self.environment


def _parts(*names: str) -> frozenset[str]:
    return frozenset(names)


def _celery(module: str, *options: str) -> tuple[str, ...]:
    command = CELERY.replace("{module}", module)
    return tuple(f"{command} {words} -n w{n}@%h" for n, words in enumerate(options))


OURS_ENDED = "SELECT count(*) FROM jobs_run WHERE state = 'SUCCESS'"
_RESULTS_ENDED = "SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
_STOCK = {"BENCH_APPS": "django_celery_results"}
SOLO = "-P solo"
CONTENDERS = (
    Contender(
        "Daybook",
        "daybook",
        "",
        (f"{DAYBOOK} -c 2 -n w0@%h", BEAT),
        "runs, results",
        variables=OURS,
        ended_sql=OURS_ENDED,
        parts=_parts("throughput", "enqueue", "bulk", "latency", "memory", "io"),
    ),
    Contender(
        "Daybook, packed",
        "daybook",
        "",
        (f"{DAYBOOK} -c 2 -n w0@%h", BEAT),
        "runs, results",
        variables={**OURS, "BENCH_PACK": "100"},
        ended_sql=OURS_ENDED,
        jobs=8000,
        parts=_parts("throughput", "enqueue", "bulk", "latency"),
    ),
    Contender(
        "Daybook, 2 solo workers",
        "daybook",
        "",
        (f"{DAYBOOK} {SOLO} -n w0@%h", f"{DAYBOOK} {SOLO} -n w1@%h", BEAT),
        "runs, results",
        variables=OURS,
        ended_sql=OURS_ENDED,
        parts=_parts("throughput"),
    ),
    Contender(
        "Celery, results ignored",
        "bare_celery",
        "celery",
        _celery("bare_celery", "-c 2"),
        parts=_parts("throughput", "enqueue", "latency", "memory", "io"),
    ),
    Contender(
        "Celery, results ignored, 2 solo workers",
        "bare_celery",
        "celery",
        _celery("bare_celery", SOLO, SOLO),
        parts=_parts("throughput"),
    ),
    Contender(
        "Celery, Redis results",
        "bare_celery",
        "celery",
        _celery("bare_celery", "-c 2"),
        "results for a day",
        variables={"BENCH_RESULTS": "redis"},
        parts=_parts("throughput"),
    ),
    Contender(
        "Celery, django-celery-results",
        "stock_results",
        "celery",
        _celery("stock_results", "-c 2"),
        "results",
        variables=_STOCK,
        ended_sql=_RESULTS_ENDED,
        jobs=1000,
        parts=_parts("throughput", "enqueue", "latency", "memory", "io"),
    ),
    Contender(
        "Celery, django-celery-results, connections kept",
        "stock_results",
        "celery",
        _celery("stock_results", "-c 2"),
        "results",
        variables={**_STOCK, "BENCH_KEEP_CONNECTIONS": "1"},
        ended_sql=_RESULTS_ENDED,
        jobs=2000,
        parts=_parts("throughput"),
    ),
    Contender(
        "Taskiq, list",
        "taskiq_redis_list",
        "taskiq",
        (TASKIQ,),
        parts=_parts("throughput", "enqueue", "latency", "memory", "io"),
        jobs=8000,
    ),
    Contender(
        "Taskiq, stream with acknowledgement",
        "taskiq_redis_list",
        "taskiq",
        (TASKIQ,),
        variables={"BENCH_TASKIQ": "stream"},
        parts=_parts("throughput"),
        jobs=8000,
    ),
    Contender(
        "Dramatiq",
        "dramatiq_redis",
        "dramatiq",
        ("{bin}/python -m dramatiq bench.peers.dramatiq_redis -p 2 -t 8",),
        parts=_parts("throughput", "enqueue", "latency", "memory", "io"),
        jobs=8000,
    ),
    Contender(
        "Huey, 2 processes",
        "huey_redis",
        "huey",
        ("{bin}/huey_consumer bench.peers.huey_redis.huey -q -k process -w 2",),
        parts=_parts("throughput", "enqueue", "latency", "memory", "io"),
        jobs=8000,
    ),
)
