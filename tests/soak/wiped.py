"""A broker that comes back without its data while runs are queued: how long until each has been executed, once."""

from __future__ import annotations

from pathlib import Path

from tests.soak import checker, effects, ending
from tests.soak import jobs_under_soak as jobs
from tests.soak.brokers import Broker
from tests.soak.cluster import Cluster
from tests.soak.databases import Database
from tests.soak.history import History
from tests.soak.plan import Size

BOUND_SECONDS = 60.0


def wipe(size: Size, folder: Path, database: Database, broker: Broker) -> bool:
    """Enqueue, wipe, start workers, judge; whether everything was executed once within the bound."""
    ending.prepare()
    beats, workers = Cluster(folder, workers=0), Cluster(folder, beats=0)
    beats.start()
    try:
        for n in range(size.jobs):
            run = jobs.soak_quick.delay(n=n).id
            effects.append("enqueues", event="ack", n=n, kind="quick", run=str(run))
        broker.kill()
        broker.forget()
        broker.start()
        workers.start()
        seconds = ending.drain(within=2 * BOUND_SECONDS)
    finally:
        workers.stop()
        beats.stop()
    ending.dump(folder)
    verdict = checker.judge(History.read(folder))
    print(
        f"{verdict.counts['ok']} of {size.jobs} runs ended {seconds:.1f} s after the broker's return ({broker.version})"
    )
    print(f"{verdict.counts['executions']} executions, {len(verdict.violations)} violations {verdict.violations[:10]}")
    once = verdict.counts["executions"] == verdict.counts["ok"] == size.jobs
    return verdict.good and once and seconds <= BOUND_SECONDS
