"""Workers in the admin: who reports in, how long ago, and what each serves."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs import queries
from jobs.admin.read_only import ReadOnlyAdmin
from jobs.markup import NOTHING, badge, moment, two_lines
from jobs.models import Worker
from jobs.phrases import cores_words, size_words

_TONES = {"alive": "good", "late": "warn", "stopped": "quiet", "lost": "bad"}


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin[Worker]):
    """Workers, to look at."""

    list_display = [
        "name_and_place",
        "kind",
        "state",
        "reported",
        "cpu",
        "memory",
        "served",
        "concurrency",
        "started",
        "code_version",
    ]
    list_filter = ["kind"]
    search_fields = ["name", "hostname"]
    ordering = ["-heartbeat_at"]
    fields = [("state", "kind"), ("name", "hostname", "pid"), ("served", "concurrency", "code_version")]
    fields += [("started", "reported", "lag_seconds"), ("cpu", "memory"), ("stopped_at", "lost_at")]
    readonly_fields = ["state", "served", "started", "reported", "cpu", "memory"]

    @admin.display(description="Worker", ordering="name")
    def name_and_place(self, worker: Worker) -> SafeString:
        """Return the name over host and process id."""
        return two_lines(worker.name, f"{worker.hostname} · pid {worker.pid}")

    @admin.display(description="State")
    def state(self, worker: Worker) -> SafeString:
        """Return whether it is alive."""
        state = queries.worker_state(worker)
        return badge(state.capitalize(), tone=_TONES[state])

    @admin.display(description="Heartbeat", ordering="heartbeat_at")
    def reported(self, worker: Worker) -> SafeString:
        """Return the age of its last report."""
        return moment(worker.heartbeat_at)

    @admin.display(description="CPU", ordering="cpu_cores")
    def cpu(self, worker: Worker) -> str:
        """Return what it lately used with its children."""
        return cores_words(worker.cpu_cores) or NOTHING

    @admin.display(description="Memory", ordering="memory_bytes")
    def memory(self, worker: Worker) -> str:
        """Return what it holds with its children."""
        return size_words(worker.memory_bytes) or NOTHING

    @admin.display(description="Queues")
    def served(self, worker: Worker) -> str:
        """Return the queues it serves."""
        return ", ".join(worker.queues) or NOTHING

    @admin.display(description="Started", ordering="started_at")
    def started(self, worker: Worker) -> SafeString:
        """Return how long ago."""
        return moment(worker.started_at)
