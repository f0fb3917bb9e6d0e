"""`manage.py measure_rules`: precision and recall of the rules model on labelled mail, for docs/rules_model.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandParser

from ingestion.llm.rules.model import RulesModel
from ingestion.samples import SampleMessage, corpus, further, held_out
from ingestion.samples.measuring import Miss, Score, measure

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules_model.md"
MEASURED = re.compile(r"(<!-- measured -->\n).*(<!-- end -->)", re.DOTALL)


class Command(BaseCommand):
    """Measures the rules model."""

    help = "Print precision and recall of the rules model on the labelled sample and on the held-out mails."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the base date and whether to write the page."""
        parser.add_argument("--date", type=datetime.fromisoformat, help="Day the sample ends at; today by default.")
        parser.add_argument("--misses", action="store_true", help="List every disagreement as well.")
        parser.add_argument("--write", action="store_true", help="Put the table into docs/rules_model.md.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Print the tables."""
        day = (options["date"] or datetime.now(UTC)).date()
        now = datetime.combine(day, time(12), UTC)
        sets = (
            ("the sample mailbox and further mails, which the rules were adjusted on", (*corpus(), *further())),
            ("the held-out mails, which they were not", held_out()),
        )
        measured = [(name, samples, *measure(samples, model=RulesModel(), now=now)) for name, samples in sets]
        text = f"Measured with {RulesModel.name} on {day:%Y-%m-%d}.\n"
        text += "".join(f"\n{_table(name, samples, scores)}" for name, samples, scores, _ in measured)
        self.stdout.write(text)
        if options["misses"]:
            for _name, _samples, _scores, misses in measured:
                self.stdout.write(_list(misses))
        if options["write"]:
            PAGE.write_text(MEASURED.sub(lambda found: f"{found[1]}{text}{found[2]}", PAGE.read_text()))


def _table(name: str, samples: Iterable[SampleMessage], scores: Iterable[Score]) -> str:
    received = sum(not sample.sent_mail for sample in samples)
    rows = [
        f"| {score.aspect} | {score.labelled} | {score.found} | {score.right} "
        f"| {_share(score.precision)} | {_share(score.recall)} |\n"
        for score in scores
    ]
    head = "| aspect | labelled | found | right | precision | recall |\n| --- | --- | --- | --- | --- | --- |\n"
    return f"{received} received messages: {name}\n\n{head}{''.join(rows)}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _list(misses: Iterable[Miss]) -> str:
    return "".join(f"{miss.message}: {miss.aspect}: labelled {miss.labelled}, found {miss.found}\n" for miss in misses)
