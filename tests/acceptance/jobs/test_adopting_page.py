"""docs/adopting.md, followed to the letter in a project that has stock Celery at work."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project.environment import BASE_DIR
from tests import stock_shop
from tests.pages import ROOT, blocks
from tests.plugins.broker import Valkey
from tests.plugins.processes import Process

pytestmark = [pytest.mark.req("PL-1", "PL-2", "PL-3"), pytest.mark.embedded, pytest.mark.timeout(300)]

PAGE = "docs/adopting.md"
SETTINGS, APP = (block.strip() for block in blocks(PAGE))
COMMANDS = re.findall(r"^(?:python|celery) .*$", (ROOT / PAGE).read_text(), re.MULTILINE)


class Shop:
    """The project in its folder, and the processes started there."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder = folder
        self.processes: list[Process] = []
        stock_shop.write(folder)
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "PYTHONPATH": f"{folder}:{BASE_DIR}",
            "SHOP_DATABASE": str(folder / "shop.sqlite3"),
            "SHOP_BROKER": broker,
        }

    def start(self, command: str) -> Process:
        """Start what a person would type in the project's folder."""
        program, *words = shlex.split(command)
        module = [] if program == "python" else ["-m", program]
        output = self.folder / f"{len(self.processes)}.log"
        process = Process(
            [sys.executable, *module, *words], environment=self.environment, output=output, folder=self.folder
        )
        self.processes.append(process)
        return process

    def run(self, command: str) -> str:
        """Run a command to its good end, and return the last line that it wrote."""
        process = self.start(command)
        assert process.ended(within=120) == 0, f"{command}\n{process.text()}"
        return (process.text().strip().splitlines() or [""])[-1]

    def adopt(self) -> None:
        """Change the files as steps 2 and 3 of the page say."""
        settings, app = self.folder / "shop/settings.py", self.folder / "shop/celery.py"
        settings.write_text(f"{settings.read_text()}\n{SETTINGS}\n")
        imported, made = APP.split("\n\n")
        text = app.read_text().replace("from celery import Celery", imported)
        app.write_text(text.replace('app = Celery("shop")', made.partition("  #")[0]))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    folder.mkdir()
    with Valkey(tmp_path / "b") as server:
        shop = Shop(folder, server.url)
        yield shop
        for process in reversed(shop.processes):
            process.kill()


def test_a_stock_project_keeps_its_tasks_schedules_results_and_messages(shop: Shop) -> None:
    shop.run("python manage.py migrate --verbosity=0")
    stock = shop.start("celery --app=shop worker --concurrency=1 --without-mingle")
    stored = shop.run("python result.py")
    assert stock.stop() == 0
    waiting: list[str] = json.loads(shop.run("python use.py"))

    shop.adopt()
    migrate, check, sync, worker, beat, doctor = COMMANDS
    for command in (migrate, check, sync):
        shop.run(command)
    shop.start(worker)
    shop.start(beat)

    told: dict[str, Any] = json.loads(shop.run(shlex.join(["python", "look.py", stored, *waiting])))
    assert told == {
        "stored": ["parcel of order 1", 1],
        "runs": [
            ["store.tasks.parcel", "foreign", "SUCCESS", 1],
            ["store.tasks.charge", "foreign", "SUCCESS", 2],
            ["store.tasks.parcel", "foreign", "SUCCESS", 1],
            ["store.tasks.parcel", "code", "SUCCESS", 1],
        ],
        "results": ["parcel of order 2", 3, "parcel of order 4", "parcel of order 5"],
        "fired": True,
    }
    shop.run(doctor)
