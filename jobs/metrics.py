"""What Prometheus scrapes: queues, runs, waits and lags, read from the same rows as every face's figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Sum
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from jobs import health, queries
from jobs.conf import conf
from jobs.histogram import at_most
from jobs.models import BadMessage, Run, Worker

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = tuple(0.001 * 2.0**doubling for doubling in range(2, 26, 2))
_STATES = ("succeeded", "failed", "cancelled", "skipped", "missed")
_BY_JOB = ["job", "queue"]


def exposition() -> bytes:
    """Return every metric in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Rows())
    return generate_latest(registry)


class _Rows:
    """Reads the database whenever it is asked."""

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from _ends()
        yield from _queues()
        yield from _parts()
        yield _gauge("daybook_dead_letters", "Failed runs that wait for a person.", Run.objects.dead_letters().count())
        waiting = BadMessage.objects.filter(replayed_at=None, discarded_at=None).count()
        yield _gauge("daybook_quarantined_messages", "Messages that wait for a person.", waiting)
        for source in conf().metric_sources:
            yield from import_string(source)()


def _ends() -> Iterator[Metric]:
    totals = queries.totals(*queries.kept(), by=_BY_JOB)
    ended = CounterMetricFamily("daybook_runs", "Runs that ended, by state.", labels=[*_BY_JOB, "state"])
    for total in totals:
        for state in _STATES:
            ended.add_metric([total.job, total.queue, state], getattr(total, state))
    yield ended
    for name, column, about in (
        ("daybook_retries", "retries", "Attempts beyond each run's first."),
        ("daybook_run_cpu_seconds", "cpu_seconds", "CPU of the last attempts."),
    ):
        counter = CounterMetricFamily(name, about, labels=_BY_JOB)
        for total in totals:
            counter.add_metric([total.job, total.queue], getattr(total, column))
        yield counter
    durations = HistogramMetricFamily("daybook_run_duration_seconds", "Duration of the last attempts.", labels=_BY_JOB)
    waits = HistogramMetricFamily("daybook_run_wait_seconds", "From when runs were due to their start.", labels=_BY_JOB)
    for total in totals:
        durations.add_metric([total.job, total.queue], _buckets(total.durations), sum_value=total.seconds)
        waits.add_metric([total.job, total.queue], _buckets(total.waits), sum_value=total.wait_seconds)
    yield from (durations, waits)


def _buckets(histogram: dict[str, int]) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = [(f"{bound:g}", count) for bound, count in at_most(histogram, BOUNDS)]
    return [*buckets, ("+Inf", sum(histogram.values()))]


def _queues() -> Iterator[Metric]:
    queues = queries.all_queues()
    figures: dict[str, tuple[str, Callable[[queries.QueueDetails], float]]] = {
        "daybook_queue_waiting": ("Runs that wait for a worker.", lambda queue: queue.waiting),
        "daybook_queue_running": ("Runs under way.", lambda queue: queue.running),
        "daybook_queue_oldest_wait_seconds": (
            "How long the oldest waits.",
            lambda queue: queue.longest_wait_seconds or 0,
        ),
        "daybook_queue_workers": ("Workers that serve it.", lambda queue: queue.workers),
        "daybook_queue_paused": ("1 while paused.", lambda queue: int(queue.paused_at is not None)),
    }
    for name, (about, figure) in figures.items():
        gauge = GaugeMetricFamily(name, about, labels=["queue"])
        for queue in queues:
            gauge.add_metric([queue.name], float(figure(queue)))
        yield gauge


def _parts() -> Iterator[Metric]:
    checks = health.report(lately=True)
    ready = GaugeMetricFamily("daybook_ready", "1 while this part is well, as /readyz says.", labels=["part"])
    for name, check in checks.items():
        ready.add_metric([name], int(check.ok))
    yield ready
    lags = {
        "daybook_schedule_lateness_seconds": ("How overdue the latest schedule is.", "schedules", "latest_seconds"),
        "daybook_dispatch_lag_seconds": ("How long the longest due run waits for beat.", "dispatch", "lag_seconds"),
        "daybook_beat_lag_seconds": ("How late the latest beat's last tick was.", "beat", "lag_seconds"),
    }
    for name, (about, part, figure) in lags.items():
        yield _gauge(name, about, (checks[part].figures or {}).get(figure, 0.0))
    nodes = GaugeMetricFamily("daybook_nodes", "Processes that report in.", labels=["kind"])
    for kind in (Worker.Kind.WORKER, Worker.Kind.BEAT):
        nodes.add_metric([kind], Worker.objects.reporting(kind, now=timezone.now()).count())
    yield nodes
    yield from _uses()
    rescued = Worker.objects.aggregate(runs=Sum("rescued_runs"))["runs"] or 0
    yield _gauge("daybook_runs_rescued", "Runs given back because their process was gone; as long as kept.", rescued)
    lost = Worker.objects.filter(lost_at__isnull=False).count()
    yield _gauge("daybook_nodes_lost", "Processes found silent, whose runs were rescued; as long as kept.", lost)


def _uses() -> Iterator[Metric]:
    """Yield what each process that reports in uses; the latest start, where two look the same from outside."""
    now, kinds = timezone.now(), (Worker.Kind.WORKER, Worker.Kind.BEAT)
    nodes = [node for kind in kinds for node in Worker.objects.reporting(kind, now=now).order_by("started_at")]
    alike = {(str(node.kind), node.name, str(node.pid)): node for node in nodes}
    figures: dict[str, tuple[str, Callable[[Worker], float | None]]] = {
        "daybook_node_cpu_cores": ("CPU it lately used with its children; 1 is one core.", lambda node: node.cpu_cores),
        "daybook_node_memory_bytes": ("Memory it holds with its children.", lambda node: node.memory_bytes),
        "daybook_node_start_time_seconds": ("When it started.", lambda node: node.started_at.timestamp()),
    }
    for name, (about, figure) in figures.items():
        gauge = GaugeMetricFamily(name, about, labels=["kind", "node", "pid"])
        for labels, node in alike.items():
            if (value := figure(node)) is not None:
                gauge.add_metric(list(labels), value)
        yield gauge


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)
