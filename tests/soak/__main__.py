"""`make soak`: starts a cluster, enqueues, hurts, drains, judges; status 1 on any violation; --write keeps the figures.

SOAK_JOBS, SOAK_KILLS, SOAK_BACKEND, SOAK_SEED and SOAK_SECONDS set its size; SOAK_ONLY="kill child,broker wipe" leaves
other faults out; SOAK_KEEP=1 keeps its folder. With --wiped: that many queued runs, and a broker that forgets them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.hosts import Network
from tests.soak import effects
from tests.soak.backends import BACKENDS
from tests.soak.own_server import LOOPBACK
from tests.soak.plan import Size


def main() -> int:
    """Soak as the environment asks."""
    size = Size.of(os.environ)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Directly in /tmp where there is one: the path of a unix socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir="/tmp" if os.path.isdir("/tmp") else None))
    folder.chmod(0o755)
    print(f"soak of {size} in {folder}", flush=True)
    backend = BACKENDS[size.backend]
    good = False
    with ExitStack() as stack:
        network = stack.enter_context(Network(*backend.hosts)) if backend.hosts else None
        address = network.address if network else LOOPBACK
        database = backend.database(folder / "database", address=address)
        broker = backend.broker(folder / "broker", address=address)
        os.environ.update({**environment(folder, database.url, broker.url), **database.variables})
        for server in (database, broker):
            stack.callback(server.stop)
            server.start()
        # Django reads the environment when it is imported, so the rest is another module.
        from tests.soak import conduct, wiped

        if "--wiped" in sys.argv:
            good = wiped.wipe(size, folder, database, broker)
        else:
            hosts = list(network.hosts.values()) if network else []
            good = conduct.soak(size, folder, database, broker, hosts=hosts, write="--write" in sys.argv)
    if good and not os.environ.get("SOAK_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


def environment(folder: Path, database_url: str, broker_url: str) -> dict[str, str]:
    """Return what the processes of a soak have in their environment: production mode, nothing of this machine's."""
    return {
        effects.FOLDER: str(folder),
        "DATA_DIR": str(folder),
        "DEBUG": "0",
        "SECRET_KEY": "only-for-soaks-and-long-enough-to-be-accepted-as-one",
        "FIELD_ENCRYPTION_KEYS": "c29ha3Mtb25seS1hbmQtbm90LXNlY3JldC1hdC1hbGw=",
        "MESSAGE_SIGNING_KEYS": "",
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "LOG_LEVEL": "INFO",
    }


if __name__ == "__main__":
    sys.exit(main())
