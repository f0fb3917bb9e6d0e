"""The ground all contenders run on: one PostgreSQL and one Redis of the benchmark's own, on loopback, durable."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

from bench.contenders import Contender
from bench.environments import programs_of
from bench.processes import Tree
from project.environment import BASE_DIR
from tests.soak.brokers import Redis
from tests.soak.databases import Postgres

PUBLISH_SECONDS = 150
MEMORY = Path("/dev/shm")  # noqa: S108 - only counts who is first; nothing is read back but marks


class Ground:
    """The servers, and the programs started on them."""

    def __init__(self, folder: Path) -> None:
        """Describe them; their data goes to `folder`, the jobs' marks to memory."""
        self.folder = folder
        self.postgres = Postgres(folder / "postgres")
        self.redis = Redis(folder / "redis")
        self.marks = (MEMORY if MEMORY.is_dir() else folder) / f"bench-{os.getpid()}"
        self._databases: set[str] = set()

    def start(self) -> None:
        """Serve."""
        self.postgres.start()
        self.redis.start()

    def stop(self) -> None:
        """End everything."""
        self.redis.stop()
        self.postgres.stop()
        self.marks.unlink(missing_ok=True)

    def database(self, name: str) -> str:
        """Return the URL of the database of that name, made empty where there is none."""
        if name not in self._databases:
            with psycopg.connect(self.postgres.url, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{name}"')
            self._databases.add(name)
        return f"{self.postgres.url.rpartition('/')[0]}/{name}"

    def rename_database(self, old: str, new: str) -> None:
        """Give a database that nobody uses another name."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
        self._databases = self._databases - {old} | {new}

    def has_database(self, name: str) -> bool:
        """Whether the database of that name has been made."""
        return name in self._databases

    def environment(self, contender: Contender) -> dict[str, str]:
        """Return the environment of the contender's programs."""
        url = self.database(contender.database or contender.module)
        ours = {"DATABASE_URL": url, "BROKER_URL": self.redis.url, "DATA_DIR": str(self.folder / "data")}
        return {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            **(ours if contender.is_ours else {}),
            "PYTHONPATH": str(BASE_DIR),
            "BENCH_REDIS": self.redis.url,
            "BENCH_POSTGRES_PORT": str(self.postgres.port),
            "BENCH_POSTGRES": url,
            "BENCH_DATABASE": contender.database or contender.module,
            "BENCH_MARKS": str(self.marks),
            **contender.variables,
        }

    def empty(self, contender: Contender) -> None:
        """Lose all messages and marks, and let the contender make its tables anew."""
        redis.Redis.from_url(self.redis.url).flushall()
        self.publish(contender, "prepare")
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        self.marks.write_bytes(b"")
        self.marks.chmod(0o666)

    def publish(self, contender: Contender, *words: object) -> Any:
        """Run the publisher for the contender and return what it printed."""
        python = str(programs_of(contender.environment) / "python")
        module = f"bench.peers.{contender.module}"
        try:
            done = subprocess.run(
                [python, "-m", "bench.publisher", module, *map(str, words)],
                cwd=BASE_DIR,
                env=self.environment(contender),
                capture_output=True,
                text=True,
                timeout=PUBLISH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{words[0]}: no answer within {PUBLISH_SECONDS} seconds") from None
        if done.returncode:
            raise RuntimeError(f"{_last_line(done.stderr)}\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    @contextmanager
    def at_work(self, contender: Contender) -> Iterator[Tree]:
        """Start the contender's workers and end them afterwards."""
        programs = str(programs_of(contender.environment))
        places = {"{bin}": programs, "{redis}": self.redis.url}
        commands = [shlex.split(_filled(words, places)) for words in contender.workers]
        tree = Tree(commands, self.environment(contender), self.folder / "workers.log")
        try:
            yield tree
        finally:
            tree.stop()


def _filled(words: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        words = words.replace(place, value)
    return words


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word"])[-1]
