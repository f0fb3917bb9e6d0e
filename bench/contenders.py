"""Who is measured, and how each is started: in its natural setting and, where that is slow, in its best."""

from __future__ import annotations

from dataclasses import dataclass, field

CELERY = "{bin}/python -m celery -q -A bench.peers.{module} worker"
TASKIQ = "{bin}/python -m taskiq worker bench.peers.taskiq_redis_list:broker --log-level WARNING --workers 2"
DAYBOOK = "{bin}/python -m project -A bench.peers.daybook worker --loglevel INFO -Q base"
RQ = "{bin}/rq worker -q --url {redis}"
ARQ = "{bin}/arq bench.peers.arq_redis.WorkerSettings --custom-log-dict bench.peers.arq_redis.QUIET"
PROCRASTINATE = "{bin}/procrastinate --log-level warning --app bench.peers.procrastinate_postgres.app worker -c 50"
DJANGO_TASKS = "{bin}/python -m django db_worker -v0 --no-startup-delay --worker-id w"
DJANGO = "bench.peers.django_settings"
ON_DJANGO = {"DJANGO_SETTINGS_MODULE": DJANGO, "BENCH_KEEP_CONNECTIONS": "1"}
BEAT = "{bin}/python -m project -A bench.peers.daybook beat --loglevel WARNING"
OURS = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "DEBUG": "0", "SECRET_KEY": "a" * 50}


@dataclass(frozen=True)
class Contender:
    """A program under measurement: `environment` is empty for our own, `ended_sql` counts what its history shows.

    `database` is named after the module where it isn't given.
    """

    name: str
    module: str
    environment: str
    workers: tuple[str, ...]
    keeps: str = ""
    kind: str = "noop"
    database: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    jobs: int = 3000
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


def _daybook(workers: int) -> tuple[str, ...]:
    return (*(f"{DAYBOOK} -c 2 -n w{n}@%h" for n in range(workers)), BEAT)


OURS_ENDED = "SELECT count(*) FROM jobs_run WHERE state = 'SUCCESS'"
_RESULTS_ENDED = "SELECT count(*) FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"
_STOCK = {"BENCH_APPS": "django_celery_results"}
SOLO = "-P solo"
# What else is in the table is of other jobs.
_OURS_HERE_ENDED = f"{OURS_ENDED} AND job IN ('noop', 'guarded')"
# None of the ten days in the deep table is past its keeping time: deleting is not what is measured.
DEPTH = {"RUN_RETENTION_DAYS": "30"}
KEPT = {"BENCH_KEEP": "1"}
# Enough for whoever does thousands a second to be at it for some seconds.
QUICK = 20_000
EVERYTHING = ("throughput", "enqueue", "latency", "memory", "io")
CONTENDERS = (
    Contender(
        "Daybook",
        "daybook",
        "",
        _daybook(1),
        "runs, results",
        variables=OURS,
        ended_sql=OURS_ENDED,
        jobs=QUICK,
        parts=_parts(*EVERYTHING, "bulk", "scaling"),
    ),
    *(
        Contender(
            f"Daybook, {workers} workers",
            "daybook",
            "",
            _daybook(workers),
            "runs, results",
            variables=OURS,
            parts=_parts("scaling"),
        )
        for workers in (2, 4)
    ),
    Contender(
        "Daybook, a message for each run",
        "daybook",
        "",
        _daybook(1),
        "runs, results",
        variables={**OURS, "PACK_ORDINARY_JOBS": "0"},
        ended_sql=OURS_ENDED,
        parts=_parts("throughput", "enqueue", "latency"),
    ),
    Contender(
        "Daybook, packed",
        "daybook",
        "",
        _daybook(1),
        "runs, results",
        variables={**OURS, "BENCH_PACK": "100"},
        ended_sql=OURS_ENDED,
        jobs=QUICK,
        parts=_parts("throughput", "enqueue", "bulk", "latency"),
    ),
    *(
        Contender(
            f"{name}, 2 solo workers",
            "daybook",
            "",
            (f"{DAYBOOK} {SOLO} -n w0@%h", f"{DAYBOOK} {SOLO} -n w1@%h", BEAT),
            "runs, results",
            variables={**OURS, **variables},
            ended_sql=OURS_ENDED,
            jobs=QUICK,
            parts=_parts("throughput"),
        )
        for name, variables in (("Daybook", {}), ("Daybook, packed", {"BENCH_PACK": "100"}))
    ),
    Contender(
        "Celery, results ignored",
        "bare_celery",
        "celery",
        _celery("bare_celery", "-c 2"),
        parts=_parts(*EVERYTHING),
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
        jobs=600,
        parts=_parts(*EVERYTHING),
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
        parts=_parts(*EVERYTHING),
        jobs=QUICK,
    ),
    Contender(
        "Taskiq, stream with acknowledgement",
        "taskiq_redis_list",
        "taskiq",
        (TASKIQ,),
        variables={"BENCH_TASKIQ": "stream"},
        parts=_parts("throughput"),
        jobs=QUICK,
    ),
    Contender(
        "Dramatiq",
        "dramatiq_redis",
        "dramatiq",
        ("{bin}/python -m dramatiq bench.peers.dramatiq_redis -p 2 -t 8",),
        parts=_parts(*EVERYTHING),
        jobs=QUICK,
    ),
    Contender(
        "Huey, 2 processes",
        "huey_redis",
        "huey",
        ("{bin}/huey_consumer bench.peers.huey_redis.huey -q -k process -w 2",),
        parts=_parts(*EVERYTHING),
        jobs=QUICK,
    ),
    Contender(
        "RQ, 2 simple workers",
        "rq_redis",
        "rq",
        (f"{RQ} -w rq.worker.SimpleWorker",) * 2,
        "results for 500 s",
        parts=_parts(*EVERYTHING, "bulk"),
        jobs=1500,
    ),
    Contender(
        "ARQ, 2 processes of 100 jobs",
        "arq_redis",
        "arq",
        (ARQ, ARQ),
        "results for an hour",
        parts=_parts(*EVERYTHING),
    ),
    Contender(
        "Procrastinate, 2 processes of 50 jobs",
        "procrastinate_postgres",
        "procrastinate",
        (PROCRASTINATE, PROCRASTINATE),
        "jobs, events",
        ended_sql="SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
        parts=_parts(*EVERYTHING, "bulk"),
        jobs=2000,
    ),
    Contender(
        "django-q2, tuned",
        "django_q2",
        "django-q2",
        ("{bin}/python -m django qcluster",),
        "results",
        variables={**ON_DJANGO, "BENCH_APPS": "django_q"},
        ended_sql="SELECT count(*) FROM django_q_task WHERE success",
        parts=_parts(*EVERYTHING),
        jobs=2000,
    ),
    Contender(
        "django-tasks, database, connections kept",
        "django_tasks_postgres",
        "django-tasks",
        (f"{DJANGO_TASKS}0", f"{DJANGO_TASKS}1"),
        "results",
        variables={**ON_DJANGO, "BENCH_APPS": "django_tasks_db"},
        ended_sql="SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
        parts=_parts(*EVERYTHING),
        jobs=1500,
    ),
    *(
        Contender(
            f"{words}, {table}",
            "daybook",
            "",
            (f"{DAYBOOK} -c 2 -n w0@%h", BEAT),
            "runs, results",
            kind=kind,
            database=database,
            variables={**OURS, **variables, **DEPTH, **kept},
            ended_sql=_OURS_HERE_ENDED,
            jobs=jobs,
            parts=_parts("depth"),
        )
        for words, kind, jobs, variables in (
            ("ordinary", "noop", QUICK, {}),
            ("packed", "noop", QUICK, {"BENCH_PACK": "100"}),
            ("with guards", "guarded", 1000, {}),
        )
        for table, database, kept in (("empty table", "shallow", {}), ("deep table", "deep", KEPT))
    ),
)
